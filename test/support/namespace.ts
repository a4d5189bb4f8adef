// Hands out the namespaces of the run's Temporal server, each once.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

/**
 * A namespace nobody else has or had in this run, with the product's search attributes.
 * @throws Error when all are taken: raise their number in temporal-server.ts
 */
export async function takeNamespace(): Promise<string> {
  const folder = inject('takenNamespacesDir');
  for (const namespace of inject('temporalNamespaces')) {
    // Test files run in several processes; creating a file is the one step only one of them can win.
    const won = await writeFile(join(folder, namespace), '', { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    if (won) return namespace;
  }
  throw new Error('every namespace is taken; raise their number in test/support/temporal-server.ts');
}
