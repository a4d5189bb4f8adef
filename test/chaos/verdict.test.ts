// A judge that finds nothing proves nothing: each fault, made by hand, is found and called by its name.
import { expect, test } from 'vitest';
import { type Account, judge } from './verdict.ts';

const paid = {
  stripeChargeId: 'ch_1',
  paymentIntentId: 'pi_1',
  chargeId: 'one',
  customerId: 'ada',
  paymentMethodId: 'pm_1',
  amount: 500,
  currency: 'eur',
  status: 'succeeded',
  paid: true,
  refunded: false,
  amountRefunded: 0,
  declineCode: null,
  at: '2027-01-01T00:00:00Z',
};
const intent = {
  paymentIntentId: 'pi_1',
  chargeId: 'one',
  customerId: 'ada',
  status: 'succeeded',
  amount: 500,
  amountReceived: 500,
  currency: 'eur',
  confirmations: 1,
  at: '2027-01-01T00:00:00Z',
};
const fact = (kind: string, data: { readonly [key: string]: unknown } = {}) => ({
  at: '2027-01-01T00:00:00Z',
  kind,
  chargeId: 'one',
  data,
});
const EVIDENCE = [
  fact('charge_opened'),
  fact('payment_intent_created', { paymentIntentId: 'pi_1' }),
  fact('attempt', { answer: { stripeChargeId: 'ch_1' } }),
  fact('charge_closed', { as: 'succeeded' }),
];
const GOOD: Account = {
  customerId: 'ada',
  charge: { chargeId: 'one', kind: 'plain', amount: 500 },
  bank: [paid],
  intents: [intent],
  ledger: 'succeeded',
  workflow: null,
  evidence: EVIDENCE,
};
const faultsOf = (changes: Partial<Account>) => [
  ...new Set(judge({ ...GOOD, ...changes }).map(({ fault }) => fault)),
];
const closedAs = (as: string) => [...EVIDENCE.slice(0, 3), fact('charge_closed', { as })];

test('a charge about which all tell the same story has no finding', () => {
  expect(judge(GOOD)).toEqual([]);
});

test('money that moved twice is a duplicate', () => {
  const evidence = [...EVIDENCE, fact('attempt', { answer: { stripeChargeId: 'ch_2' } })];
  expect(faultsOf({ bank: [paid, { ...paid, stripeChargeId: 'ch_2' }], evidence })).toEqual(['duplicate']);
});

test('a second intent that could be paid, and another amount, are duplicates too', () => {
  const second = { ...intent, paymentIntentId: 'pi_2', status: 'requires_confirmation', confirmations: 0 };
  expect(faultsOf({ intents: [intent, second] })).toEqual(['duplicate']);
  expect(faultsOf({ bank: [{ ...paid, amount: 501 }] })).toEqual(['duplicate']);
});

test.each([
  ['that is called succeeded without money', { bank: [] }],
  ['that nobody has ended', { ledger: 'unknown', evidence: closedAs('unknown') }],
  ['that is not in the ledger', { ledger: null, evidence: EVIDENCE.slice(0, 3) }],
])('a charge %s is lost', (_what, changes) => {
  expect(faultsOf(changes)).toContain('lost');
});

test.each(['failed', 'refused', 'cancelled'])(
  'a charge that should be paid and is %s has wrongly failed',
  (as) => {
    expect(faultsOf({ ledger: as, evidence: closedAs(as) })).toEqual(['wrongly failed']);
  },
);

test('a cancelled charge whose money was taken has wrongly failed, unless it was given back', () => {
  const cancelled = {
    charge: { ...GOOD.charge, kind: 'cancelled_in_flight' },
    ledger: 'cancelled',
    evidence: closedAs('cancelled'),
  } as const;
  expect(faultsOf(cancelled)).toEqual(['wrongly failed']);
  expect(faultsOf({ ...cancelled, bank: [{ ...paid, refunded: true }] })).toEqual([]);
});

test.each([0, 1, 2, 3])('evidence without its entry number %i is missing', (index) => {
  expect(faultsOf({ evidence: EVIDENCE.filter((_, each) => each !== index) })).toEqual(['evidence missing']);
});

test('a workflow that says otherwise, or an intent left open after the end, is a disagreement', () => {
  expect(faultsOf({ workflow: 'attempting' })).toEqual(['disagreement']);
  const open = { ...intent, status: 'requires_action' };
  const cancelled = { ...GOOD.charge, kind: 'cancelled_at_step_up' } as const;
  const changes = { charge: cancelled, bank: [], intents: [open], ledger: 'cancelled' };
  expect(faultsOf({ ...changes, evidence: closedAs('cancelled') })).toEqual(['disagreement']);
});
