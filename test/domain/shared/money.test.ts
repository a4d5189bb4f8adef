// Which amounts pass, and how money is written for people.
import { expect, test } from 'vitest';
import { checkAmount, formatMoney, isCurrency, largestAmount } from '../../../domain/shared/money.ts';

test.each([
  { amount: 50, currency: 'eur', code: null },
  { amount: 49, currency: 'eur', code: 'amount_too_small' },
  { amount: 30, currency: 'gbp', code: null },
  { amount: 29, currency: 'gbp', code: 'amount_too_small' },
  { amount: 50, currency: 'jpy', code: null },
  { amount: 0, currency: 'vnd', code: 'amount_too_small' },
  { amount: -100, currency: 'usd', code: 'amount_too_small' },
  { amount: 49.5, currency: 'usd', code: 'amount_not_whole' },
  { amount: Number.NaN, currency: 'usd', code: 'amount_not_whole' },
  { amount: Number.POSITIVE_INFINITY, currency: 'usd', code: 'amount_not_whole' },
  { amount: 99_999_999, currency: 'usd', code: null },
  { amount: 100_000_000, currency: 'usd', code: 'amount_too_large' },
  { amount: 150_000_000, currency: 'idr', code: null },
  { amount: 999_999_999_999, currency: 'idr', code: null },
  { amount: 1_000_000_000_000, currency: 'idr', code: 'amount_too_large' },
  { amount: 100_000_000, currency: 'jpy', code: 'amount_too_large' },
  { amount: 1000, currency: 'EUR', code: 'currency_unsupported' },
  { amount: 1000, currency: 'xyz', code: 'currency_unsupported' },
  { amount: 1230, currency: 'kwd', code: null },
  { amount: 1234, currency: 'kwd', code: 'amount_not_whole' },
  { amount: 1200, currency: 'isk', code: null },
  { amount: 1250, currency: 'isk', code: 'amount_not_whole' },
])('$amount $currency: $code', ({ amount, currency, code }) => {
  expect(checkAmount(amount, currency)?.code ?? null).toBe(code);
});

test("the merchant's own maximum counts, by currency or for all, but never beyond Stripe's digits", () => {
  const limits = { default: 5000, idr: 200_000_000 };
  expect(checkAmount(5001, 'eur', limits)?.code).toBe('amount_too_large');
  expect(checkAmount(5000, 'eur', limits)).toBeNull();
  expect(checkAmount(200_000_000, 'idr', limits)).toBeNull();
  expect(checkAmount(200_000_001, 'idr', limits)?.code).toBe('amount_too_large');
  expect(checkAmount(99_999_999, 'usd', { idr: 1 })).toBeNull();
  expect(checkAmount(largestAmount('eur') + 1, 'eur', { eur: 10 ** 12 })?.code).toBe('amount_too_large');
});

test.each([
  [4900, 'eur', '49.00 EUR'],
  [500, 'jpy', '500 JPY'],
  [1230, 'kwd', '1.230 KWD'],
  [100, 'isk', '1.00 ISK'],
  [5, 'usd', '0.05 USD'],
])('%d %s is written %s', (amount, currency, words) => {
  expect(formatMoney(amount, currency)).toBe(words);
});

test('currencies are lower case', () => {
  expect([isCurrency('eur'), isCurrency('EUR'), isCurrency('')]).toEqual([true, false, false]);
});
