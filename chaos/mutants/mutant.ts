// What a mutant is: one small fault, as a file that says what would go wrong and what to change where.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** From the root of the repository. */
export const FAULTS = 'chaos/mutants/faults';

/** A snippet of a file, and what is to stand in its place. */
export interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Tests of one file; with `pattern`, only those whose name contains it. */
export interface TestSelection {
  readonly file: string;
  readonly pattern: string | null;
}

export interface Mutant {
  /** The name of its file, without the ending. */
  readonly id: string;
  /** What would go wrong, in one sentence. */
  readonly wrong: string;
  /** Run in this order, until one fails. */
  readonly tests: readonly TestSelection[];
  readonly changes: readonly Change[];
}

/** By id, in alphabetical order. */
export async function readMutants(root: string): Promise<Mutant[]> {
  const names = (await readdir(join(root, FAULTS))).filter((name) => name.endsWith('.mutant')).sort();
  return await Promise.all(
    names.map(async (name) =>
      parseMutant(basename(name, '.mutant'), await readFile(join(root, FAULTS, name), 'utf8')),
    ),
  );
}

/**
 * The text of a mutant: its sentence, an empty line, then `tests:` lines and changes. A change is a line `file:`, then
 * `find:` and `replace:`, each with its code on the indented lines below; a further `find:` is about the same file.
 * @throws Error that names the mutant and the fault in its text
 */
export function parseMutant(id: string, text: string): Mutant {
  const fail = (fault: string): never => {
    throw new Error(`mutant ${id}: ${fault}`);
  };
  const [head = '', ...rest] = text.split('\n\n');
  const wrong = head.trim().replace(/\s+/g, ' ');
  if (!wrong.endsWith('.')) fail('it begins with a sentence that says what would go wrong');
  const tests: TestSelection[] = [];
  const changes: Change[] = [];
  let file: string | null = null;
  let find: string | null = null;
  for (const { key, value, code } of partsOf(rest.join('\n\n'), fail)) {
    if (key === 'tests') {
      const [path = '', pattern = null] = value.split(' -t ');
      tests.push({ file: path, pattern });
    } else if (key === 'file') file = value;
    else if (key === 'find') find = code;
    else if (file === null || find === null) fail('"replace:" needs a "file:" and a "find:" before it');
    else {
      changes.push({ file, find, replace: code });
      find = null;
    }
  }
  if (find !== null) fail('"find:" needs a "replace:" after it');
  if (tests.length === 0 || changes.length === 0) fail('it needs "tests:" and a change');
  return { id, wrong, tests, changes };
}

interface Part {
  readonly key: 'tests' | 'file' | 'find' | 'replace';
  /** What stands on the same line. */
  readonly value: string;
  /** The indented lines below. */
  readonly code: string;
}

function partsOf(text: string, fail: (fault: string) => never): Part[] {
  const parts: { key: Part['key']; value: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const key = /^(tests|file|find|replace):/.exec(line)?.[1] as Part['key'] | undefined;
    if (key) parts.push({ key, value: line.slice(key.length + 1).trim(), lines: [] });
    else if (line === '' || line.startsWith('  ')) parts.at(-1)?.lines.push(line);
    else
      fail(
        `the line "${line}" is neither code, which is indented, nor "tests:", "file:", "find:" or "replace:"`,
      );
  }
  return parts.map(({ key, value, lines }) => ({ key, value, code: lines.join('\n').trim() }));
}

/**
 * The text with the snippet replaced. How code is broken into lines and indented does not matter.
 * @throws Error unless the snippet is there exactly once
 */
export function applyChange(text: string, { file, find, replace }: Change, id: string): string {
  const words = find.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const found = [...text.matchAll(new RegExp(words.join('\\s+'), 'g'))];
  if (found.length !== 1)
    throw new Error(`mutant ${id}: what it changes is ${found.length} times in ${file}, not once:\n${find}`);
  const [{ index, 0: snippet }] = found as [RegExpExecArray];
  return text.slice(0, index) + replace + text.slice(index + snippet.length);
}

/**
 * The files that the mutant changes, as they are with it.
 * @param textOf of a file as it is without
 * @throws Error that names the mutant where a snippet is not there exactly once
 */
export async function applyMutant(
  { id, changes }: Mutant,
  textOf: (file: string) => Promise<string>,
): Promise<Map<string, string>> {
  const changed = new Map<string, string>();
  for (const change of changes) {
    const before = changed.get(change.file) ?? (await textOf(change.file));
    changed.set(change.file, applyChange(before, change, id));
  }
  return changed;
}
