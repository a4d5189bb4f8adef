// Text from outside that is shown on an operator's terminal.
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { verify } from '../../ops/commands/verify.ts';
import { escaped, printable, printableJson } from '../../ops/printable.ts';

test.each([
  {
    text: 'prices corrected, “all” of them: 5 € – März',
    shown: 'prices corrected, “all” of them: 5 € – März',
  },
  { text: '\u001b[2J\u001b[31mgone', shown: '\\u{1b}[2J\\u{1b}[31mgone' },
  { text: 'one\r\ntwo\tthree', shown: 'one\\u{d}\\u{a}two\\u{9}three' },
  { text: 'olga\u0007\u0000\u009b31m', shown: 'olga\\u{7}\\u{0}\\u{9b}31m' },
  { text: 'abc\u202Etxt.exe\u2028', shown: 'abc\\u{202e}txt.exe\\u{2028}' },
])('control characters are shown as escapes: $shown', ({ text, shown }) => {
  expect(escaped(text)).toBe(shown);
});

test('a message keeps its line breaks', () => {
  expect(printable('bad\u0007\nuse')).toBe('bad\\u{7}\nuse');
});

test('JSON shows none of them, and says the same', () => {
  const value = { reason: 'a\u009b31m\u202e\u2028\u007f\u{e0001}\n', more: ['März'] };
  const shown = printableJson(value, 2);
  expect(shown).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/u);
  expect(JSON.parse(shown)).toEqual(value);
  expect(shown).toContain('\n  "more": [\n    "März"');
});

test('a customer’s id in the ledger that is none does not reach the terminal', async () => {
  const broken = [{ chain: 'evidence', customerId: 'a\u001b[2J', at: 1, problem: 'missing' }] as const;
  const ledger = { verify: async () => ({ customers: 1, facts: 1, acceptedGaps: 0, broken }) };
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  await verify({ customerId: 'all', json: false }, ledger as unknown as Ledger);
  expect(log.mock.calls[0]?.[0]).toBe('a\\u{1b}[2J: evidence 1 is missing');
});
