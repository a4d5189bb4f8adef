// What a CI run says at its end about what failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Result {
  readonly fullName: string;
  readonly status: 'passed' | 'failed';
  readonly failureMessages: readonly string[];
}

const passed: Result = { fullName: 'pays once', status: 'passed', failureMessages: [] };
const failed = (fullName: string, ...failureMessages: readonly string[]): Result => ({
  fullName,
  status: 'failed',
  failureMessages,
});

/** A file of tests in the report, as vitest writes it. */
function file(name: string, assertionResults: readonly Result[], message = '') {
  const isFailed = message !== '' || assertionResults.some(({ status }) => status === 'failed');
  return { name: resolve(name), status: isFailed ? 'failed' : 'passed', message, assertionResults };
}

function ran(name: string, { exit = 0, log = `${name} was here\n` } = {}): void {
  writeFileSync(join(folder, `${name}.log`), log);
  writeFileSync(join(folder, `${name}.exit`), `${exit}\n`);
}

function reported(...testResults: readonly ReturnType<typeof file>[]): void {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const numPassedTests = all.filter(({ status }) => status === 'passed').length;
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ numPassedTests, testResults }));
}

function summary(): { readonly lines: readonly string[]; readonly exit: number | null } {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['.ci/summary.mjs', folder, 'tests', 'shipped', 'fuzz'],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return { lines: stdout.trimEnd().split('\n'), exit: status };
}

test('where nothing failed, it ends with the count and with 0', () => {
  ran('tests');
  ran('shipped');
  ran('fuzz');
  reported(file('test/a.test.ts', [passed, passed]));
  const { lines, exit } = summary();
  expect(exit).toBe(0);
  expect(lines.at(-1)).toBe('4 passed, 0 failed');
  expect(lines).toContain('fuzz was here');
  expect(lines.join()).not.toContain('FAILED');
});

test('a failed test is named right before the count, with file, full name and message', () => {
  ran('tests', { exit: 1 });
  ran('shipped');
  ran('fuzz', { log: 'noise\n'.repeat(500) });
  reported(
    file('test/a.test.ts', [
      passed,
      failed('a charge > is paid once', 'expected 2 to be 1\n  at node_modules/v.js\n  at a.ts'),
    ]),
  );
  const { lines, exit } = summary();
  expect(exit).toBe(1);
  expect(lines.slice(-4)).toEqual([
    'FAILED test/a.test.ts > a charge > is paid once',
    '  expected 2 to be 1',
    '    at a.ts',
    '3 passed, 1 failed',
  ]);
});

test('a file that does not load is named with the reason', () => {
  ran('tests', { exit: 1 });
  ran('shipped');
  ran('fuzz');
  reported(file('test/a.test.ts', [], "Cannot find module './b.ts'"), file('test/c.test.ts', [passed]));
  expect(summary().lines.slice(-3)).toEqual([
    'FAILED test/a.test.ts',
    "  Cannot find module './b.ts'",
    '3 passed, 1 failed',
  ]);
});

test('what failed beside the tests is named with its last 40 lines, colours removed', () => {
  ran('tests');
  ran('shipped');
  const log = Array.from({ length: 90 }, (_, index) => `\u001b[31mline ${index + 1}\u001b[39m`).join('\n');
  ran('fuzz', { exit: 7, log });
  reported(file('test/a.test.ts', [passed]));
  const { lines, exit } = summary();
  expect(exit).toBe(1);
  expect(lines.slice(-2)).toEqual(['FAILED fuzz', '2 passed, 1 failed']);
  const end = lines.slice(lines.lastIndexOf('=== The last lines of fuzz') + 1);
  expect(end.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, index) => `line ${index + 51}`));
  expect(lines).toContain('line 1');
});

test('the names of many failures still fit into the last 60 lines', () => {
  ran('tests', { exit: 1 });
  ran('shipped', { exit: 1 });
  ran('fuzz', { exit: 1 });
  const messages = 'a long message\n'.repeat(30);
  const names = Array.from({ length: 20 }, (_, index) => `breaks in way ${index + 1}`);
  reported(
    file(
      'test/a.test.ts',
      names.map((name) => failed(name, messages)),
    ),
  );
  const end = summary().lines.slice(-60);
  expect(names.filter((name) => !end.includes(`FAILED test/a.test.ts > ${name}`))).toEqual([]);
  expect(end).toContain('FAILED shipped');
  expect(end.at(-1)).toBe('0 passed, 22 failed');
});

test('an error outside of all tests counts as a failure and shows the end of what they printed', () => {
  ran('tests', { exit: 1, log: 'Unhandled Rejection\n' });
  ran('shipped');
  ran('fuzz');
  reported(file('test/a.test.ts', [passed]));
  const { lines, exit } = summary();
  expect(exit).toBe(1);
  expect(lines.slice(-4)).toEqual(['Unhandled Rejection', '', 'FAILED tests', '3 passed, 1 failed']);
});

test('tests that left no report, and a run that never began, are failures', () => {
  ran('tests', { exit: 137, log: 'killed\n' });
  ran('shipped');
  const { lines, exit } = summary();
  expect(exit).toBe(1);
  expect(lines.slice(-3)).toEqual(['FAILED tests', 'FAILED fuzz', '1 passed, 2 failed']);
});
