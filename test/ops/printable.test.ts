// Text from outside that is shown on an operator's terminal.
import { expect, test } from 'vitest';
import { escaped, printable } from '../../ops/printable.ts';

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
