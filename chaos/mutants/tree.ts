// A copy of the working tree, in which faults are made.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { applyMutant, type Mutant } from './mutant.ts';

const run = promisify(execFile);

export interface Tree {
  readonly folder: string;
  /**
   * Makes the fault. @returns what undoes it
   * @throws Error that names the mutant where it does not fit the tree; nothing is changed then
   */
  mutate(mutant: Mutant): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** Every file that git knows or would add, as it is now; with the packages that are installed. */
export async function copyTree(root: string): Promise<Tree> {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-mutants-'));
  const files = await gitLines(root, [
    'ls-files',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
  ]);
  const deleted = new Set(await gitLines(root, ['ls-files', '--deleted']));
  for (const file of files)
    if (file !== 'node_modules' && !deleted.has(file)) await cp(join(root, file), join(folder, file));
  // Linked one by one, so that what tests keep in node_modules/.cache goes with the copy.
  await mkdir(join(folder, 'node_modules'));
  for (const name of await readdir(join(root, 'node_modules')))
    if (name !== '.cache')
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  return {
    folder,
    async mutate(mutant) {
      const before = new Map<string, string>();
      const changed = await applyMutant(mutant, async (file) => {
        const text = await readFile(join(folder, file), 'utf8');
        before.set(file, text);
        return text;
      });
      const write = async (texts: ReadonlyMap<string, string>) => {
        for (const [file, text] of texts) await writeFile(join(folder, file), text);
      };
      await write(changed);
      return () => write(before);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Files that are not as they were in the commit `ref`, new ones too.
 * @throws Error where git knows no such commit
 */
export async function changedSince(root: string, ref: string): Promise<Set<string>> {
  const changed = await gitLines(root, ['diff', '--name-only', ref, '--']);
  const added = await gitLines(root, ['ls-files', '--others', '--exclude-standard']);
  return new Set([...changed, ...added]);
}

async function gitLines(root: string, args: readonly string[]): Promise<string[]> {
  const [command = '', ...more] = args;
  const { stdout } = await run('git', [command, '-z', ...more], { cwd: root, maxBuffer: 2 ** 26 });
  return stdout.split('\0').filter((line) => line !== '');
}
