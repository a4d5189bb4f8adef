// A fault is made in a copy, and undone there; the working tree is never touched.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { changedSince, copyTree } from './tree.ts';

let root: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root });
const write = (file: string, text: string) => writeFile(join(root, file), text);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offsession-tree-'));
  git('init', '--quiet');
  await mkdir(join(root, 'node_modules/some-package'), { recursive: true });
  await mkdir(join(root, 'node_modules/.cache'));
  await write('.gitignore', 'node_modules/\nignored.ts\n');
  await write('a.ts', 'one();\n');
  await write('gone.ts', '');
  git('add', '.');
  git('commit', '--quiet', '--message', 'first');
  await rm(join(root, 'gone.ts'));
  await write('a.ts', 'one();\ntwo();\n');
  await write('new.ts', 'three();\n');
  await write('ignored.ts', '');
  return () => rm(root, { recursive: true });
});

async function copied() {
  const tree = await copyTree(root);
  onTestFinished(tree.remove);
  return { tree, textOf: (file: string) => readFile(join(tree.folder, file), 'utf8') };
}

test('the copy has what is not committed yet, and the packages without their cache', async () => {
  const { tree, textOf } = await copied();
  expect([await textOf('a.ts'), await textOf('new.ts')]).toEqual(['one();\ntwo();\n', 'three();\n']);
  const has = (file: string) => existsSync(join(tree.folder, file));
  expect(['gone.ts', 'ignored.ts', 'node_modules/.cache'].filter(has)).toEqual([]);
  expect(has('node_modules/some-package')).toBe(true);
});

const MUTANT = { id: 'm', wrong: 'Wrong.', tests: [] };
const change = (file: string, find: string) => ({ file, find, replace: 'zero();' });

test('a fault is made there and undone there', async () => {
  const { tree, textOf } = await copied();
  const undo = await tree.mutate({
    ...MUTANT,
    changes: [change('a.ts', 'two();'), change('new.ts', 'three();')],
  });
  expect([await textOf('a.ts'), await textOf('new.ts')]).toEqual(['one();\nzero();\n', 'zero();\n']);
  await undo();
  expect([await textOf('a.ts'), await textOf('new.ts')]).toEqual(['one();\ntwo();\n', 'three();\n']);
  expect(await readFile(join(root, 'a.ts'), 'utf8')).toBe('one();\ntwo();\n');
});

test('one that does not fit changes nothing', async () => {
  const { tree, textOf } = await copied();
  const changes = [change('a.ts', 'two();'), change('new.ts', 'four();')];
  await expect(tree.mutate({ ...MUTANT, changes })).rejects.toThrow('mutant m:');
  expect(await textOf('a.ts')).toBe('one();\ntwo();\n');
});

test('touched since a commit: what was changed, added or removed', async () => {
  expect(await changedSince(root, 'HEAD')).toEqual(new Set(['a.ts', 'gone.ts', 'new.ts']));
  await expect(changedSince(root, 'nowhere')).rejects.toThrow();
});
