// The check against Stripe's OpenAPI document: it is there in CI, and it sees what the document does not allow.
import { describe, expect, test } from 'vitest';
import { sharedChecker } from '../../parity/openapi/traffic.ts';

const checker = sharedChecker();
const skipped =
  checker === null ? ' (skipped: no Go, or no network, to fetch Stripe’s OpenAPI document with)' : '';

test.runIf(process.env.CI)('CI has the document: nothing is skipped there', () => {
  expect(checker).not.toBeNull();
});

describe.skipIf(checker === null)(`what the document does not allow${skipped}`, () => {
  const REFUND = {
    id: 're_1',
    object: 'refund',
    amount: 900,
    balance_transaction: null,
    charge: 'ch_1',
    created: 1,
    currency: 'eur',
    metadata: {},
    payment_intent: 'pi_1',
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  const faultsOf = (answer: unknown, params: unknown = { payment_intent: 'pi_1' }) =>
    checker?.faultsOf({ method: 'POST', path: '/v1/refunds', params, status: 200, answer });

  test('nothing, of what is as it says', () => {
    expect(faultsOf(REFUND)).toEqual([]);
    const whole = { payment_intent: 'pi_1', amount: '900', metadata: { a: 'b' }, expand: ['charge'] };
    expect(faultsOf(REFUND, whole)).toEqual([]);
  });

  test.each([
    ['a field it does not name', { ...REFUND, extra: 1 }, /must NOT have additional properties \(extra\)/],
    ['a missing field', { ...REFUND, created: undefined }, /must have required property 'created'/],
    ['another type', { ...REFUND, amount: '900' }, /\.amount must be integer/],
    [
      'an object in the place of another',
      { ...REFUND, object: 'charge' },
      /\.object must be equal to one of/,
    ],
    [
      'an expanded object that is wrong itself',
      { ...REFUND, charge: { object: 'mandate', id: 'mandate_1' } },
      /charge \(mandate\) must have required property/,
    ],
  ])('in an answer, %s', (_what, answer, words) => {
    expect(faultsOf(JSON.parse(JSON.stringify(answer)))).toEqual(
      expect.arrayContaining([expect.stringMatching(words)]),
    );
  });

  test.each([
    ['an unknown parameter', { charge: 'ch_1', nonsense: 'x' }, /\(nonsense\)/],
    ['a value of another type', { charge: 'ch_1', amount: 'much' }, /\.amount must be integer/],
    ['a value it does not know', { charge: 'ch_1', reason: 'mood' }, /\.reason must be equal to one of/],
  ])('in a request, %s', (_what, params, words) => {
    expect(faultsOf(REFUND, params)).toEqual(expect.arrayContaining([expect.stringMatching(words)]));
  });

  test('in a query, as in a form', () => {
    const list = { object: 'list', data: [], has_more: false, url: '/v1/refunds' };
    const listed = (params: unknown) =>
      checker?.faultsOf({ method: 'GET', path: '/v1/refunds', params, status: 200, answer: list });
    expect(listed({ charge: 'ch_1', limit: '100', created: { gte: '1' }, expand: ['data.charge'] })).toEqual(
      [],
    );
    expect(listed({ limit: 'all' })).toEqual([expect.stringMatching(/\.limit must be integer/)]);
    expect(listed({ customer: 'cus_1' })).toEqual([expect.stringMatching(/\(customer\)/)]);
  });

  test('a call that Stripe does not have', () => {
    const exchange = { method: 'PUT', path: '/v1/refunds', params: {}, status: 200, answer: {} };
    expect(checker?.faultsOf(exchange)).toEqual(['PUT /v1/refunds: Stripe has no such call']);
  });
});
