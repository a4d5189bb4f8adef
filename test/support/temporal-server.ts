// One Temporal server and one workflow bundle for a whole run of end-to-end tests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { startTemporal } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` */
    temporalAddress: string;
    /** The product's workflows, for `workflowBundle: { codePath }`. */
    workflowBundlePath: string;
    temporalNamespaces: string[];
    /** A folder in which a file named like a namespace says that it is taken. */
    takenNamespacesDir: string;
  }
}

const NAMESPACES = Array.from({ length: 50 }, (_, index) => `test-${index + 1}`);

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-test-'));
  const server = await startTemporal({
    namespaces: NAMESPACES,
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    ui: false,
    onProgress: (line) => console.log(line),
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const bundlePath = join(folder, 'workflow-bundle.js');
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: new DefaultLogger('WARN'),
    });
    await writeFile(bundlePath, code);
    project.provide('temporalAddress', server.address);
    project.provide('workflowBundlePath', bundlePath);
    project.provide('temporalNamespaces', NAMESPACES);
    project.provide('takenNamespacesDir', folder);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
