// The command line of the bench: what is not understood is refused before anything is started.
import { expect, test } from 'vitest';
import { readOptions, usage } from './options.ts';

const NAMES = ['memory', 'at-once'];
const read = (...args: string[]) => readOptions(args, NAMES);

test('without arguments everything is measured in full; --quick makes it small', () => {
  expect(read()).toMatchObject({ rows: null, charges: 200, rounds: 3, run: 2000, idle: [1000], out: null });
  expect(read('--quick', '--run', '300')).toMatchObject({ isQuick: true, charges: 40, rounds: 1, run: 300 });
});

test('rows and numbers of customers are lists', () => {
  expect(read('--rows', 'at-once,memory', '--idle', '1000,10000')).toMatchObject({
    rows: ['at-once', 'memory'],
    idle: [1000, 10_000],
  });
});

test.each([
  [['--rows', 'at-once,nonsense'], 'there is no row nonsense; there are memory, at-once'],
  [['--charges', '0'], '--charges must be a whole number above 0'],
  [['--rounds', 'many'], '--rounds must be a whole number above 0'],
  [['--idle', '1000,'], '--idle must be a whole number above 0'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused: %s', (args, words) => {
  expect(() => read(...args)).toThrow(words);
});

test('--help names every row', () => {
  expect(read('--help', '--quick')).toBe('help');
  expect(usage([{ name: 'at-once', does: 'charges' }])).toContain('at-once  charges');
});
