// The page shows each goal beside its figure, and says whether it was met.
import { expect, test } from 'vitest';
import { type Options, readOptions } from './options.ts';
import { page } from './results.ts';

const made = {
  options: readOptions([], []) as Options,
  temporalName: 'temporal-server 1.32.0',
  startedMs: Date.parse('2026-11-26T05:00:00Z'),
  seconds: 90,
};

test('goals come first, met or missed, and then what was measured', () => {
  const text = page(
    [
      {
        goals: [
          { what: 'charges a second', wanted: '≥ 25', got: '26', isMet: true },
          { what: '429s', wanted: '0', got: '3', isMet: false },
        ],
        tables: [{ title: 'Charges', text: 'At once.', head: ['', 'a second'], rows: [['ours', '26']] }],
      },
    ],
    made,
  );
  expect(text).toContain('2026-11-26');
  expect(text).toContain('| charges a second | ≥ 25 | 26 | met |\n| 429s | 0 | 3 | **missed** |');
  expect(text).toContain('## Charges\n\nAt once.\n\n|  | a second |\n| --- | ---: |\n| ours | 26 |');
  expect(text.indexOf('## Goals')).toBeLessThan(text.indexOf('## Charges'));
});

test('without goals there is no table of them, and a quick run says that it is one', () => {
  expect(page([], made)).not.toContain('## Goals');
  const options = { ...made.options, isQuick: true };
  expect(page([], { ...made, options })).toContain('Quick run');
});
