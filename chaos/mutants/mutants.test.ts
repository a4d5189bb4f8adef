// Every mutant still fits the code: it changes what is there, its code can be read, and the tests it names exist.
import { access, readFile } from 'node:fs/promises';
import { transform } from '@swc/core';
import { describe, expect, test } from 'vitest';
import { applyChange, applyMutant, parseMutant, readMutants } from './mutant.ts';

const MUTANTS = await readMutants('.');
const textOf = (file: string) => readFile(file, 'utf8');

test('there are at least forty, each with a sentence of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40);
  expect(new Set(MUTANTS.map(({ wrong }) => wrong)).size).toBe(MUTANTS.length);
});

describe.each(MUTANTS)('$id', (mutant) => {
  test('changes code that is there, once, into code that can be read', async () => {
    for (const [file, text] of await applyMutant(mutant, textOf)) {
      expect(text).not.toBe(await textOf(file));
      await transform(text, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
    }
  });

  test('names tests that exist', async () => {
    for (const { file } of mutant.tests) await access(file);
  });
});

const TEXT = `One thing would
go wrong.

tests: test/a.test.ts
tests: test/b.test.ts -t a name
file: a.ts
find:
  if (isOn)
    stop();
replace:
  stop();
find:
  go();
replace:
`;

test('a mutant’s text names its sentence, its tests and its changes', () => {
  expect(parseMutant('m', TEXT)).toEqual({
    id: 'm',
    wrong: 'One thing would go wrong.',
    tests: [
      { file: 'test/a.test.ts', pattern: null },
      { file: 'test/b.test.ts', pattern: 'a name' },
    ],
    changes: [
      { file: 'a.ts', find: 'if (isOn)\n    stop();', replace: 'stop();' },
      { file: 'a.ts', find: 'go();', replace: '' },
    ],
  });
});

test.each([
  ['no sentence', 'No sentence\n\ntests: a.test.ts'],
  ['no test', 'Wrong.\n\nfile: a.ts\nfind:\n  a\nreplace:\n  b'],
  ['no change', 'Wrong.\n\ntests: a.test.ts'],
  ['half a change', `${TEXT}find:\n  a`],
  ['a change of no file', 'Wrong.\n\ntests: a.test.ts\nfind:\n  a\nreplace:\n  b'],
  ['code that is not indented', `${TEXT}stop();`],
])('a text with %s is refused, with the mutant’s name', (_what, text) => {
  expect(() => parseMutant('m', text)).toThrow(/^mutant m: /);
});

const CHANGE = { file: 'a.ts', find: 'if (a)\n  b();', replace: 'b();' };

test('a snippet is found however its lines are broken', () => {
  expect(applyChange('x;\n    if (a) b();\ny;', CHANGE, 'm')).toBe('x;\n    b();\ny;');
});

test.each([
  ['is not there', 'if (b) a();'],
  ['is there twice', 'if (a) b(); if (a) b();'],
])('a snippet that %s is an error that names the mutant and the file', (_what, text) => {
  expect(() => applyChange(text, CHANGE, 'm')).toThrow(/mutant m: .* in a\.ts/);
});

test('what is put in its place is taken as it is', () => {
  expect(applyChange('a', { file: 'a.ts', find: 'a', replace: "$& $' $1" }, 'm')).toBe("$& $' $1");
});
