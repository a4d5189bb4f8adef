// Each fault, made by hand, is found and called by its name.
import { expect, test } from 'vitest';
import type { Evidence, Observation } from './findings.ts';
import { intent, paid } from './sample-charge.ts';
import { judge } from './verdict.ts';

const fact = (kind: string, data: { readonly [key: string]: unknown } = {}) => ({
  at: '2027-01-01T00:00:00Z',
  kind,
  chargeId: 'one',
  data,
});
const attempt = (number: number, outcome: string, stripeChargeId: string | null, code?: string) =>
  fact('attempt', {
    number,
    outcome,
    decline: code ? { code: 'card_declined', declineCode: code } : null,
    answer: stripeChargeId && { stripeChargeId },
  });
const EVIDENCE = [
  fact('charge_opened'),
  fact('payment_intent_created', { paymentIntentId: 'pi_1' }),
  attempt(1, 'succeeded', 'ch_1'),
  fact('charge_closed', { as: 'succeeded' }),
];
const GOOD: Observation = {
  customerId: 'ada',
  charge: { chargeId: 'one', kind: 'plain', amount: 500, nextCard: 'pm_card_amex' },
  bank: [paid],
  intents: [intent],
  ledger: 'succeeded',
  workflow: null,
  evidence: EVIDENCE,
  arrivals: new Map(),
};
const faultsOf = (changes: Partial<Observation>) => [
  ...new Set(judge({ ...GOOD, ...changes }).map(({ fault }) => fault)),
];
const isOfRecords = (what: string) => what.includes('record of');
const closedAs = (as: string) => [...EVIDENCE.slice(0, 3), fact('charge_closed', { as })];

test('a charge about which all sources agree has no finding', () => {
  expect(judge(GOOD)).toEqual([]);
});

test('money that moved twice is a duplicate', () => {
  const evidence = [...EVIDENCE, attempt(2, 'succeeded', 'ch_2')];
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

test.each([0, 1, 2, 3])('evidence with its entry number %i twice is one record too many', (index) => {
  const evidence = EVIDENCE.flatMap((entry, each) => (each === index ? [entry, entry] : [entry]));
  expect(faultsOf({ evidence })).toEqual(['evidence missing']);
});

const declined = { ...paid, status: 'failed', paid: false, declineCode: 'insufficient_funds' };
const wanted = { ...declined, declineCode: 'authentication_required' };
const then = { ...paid, stripeChargeId: 'ch_2' };
/** The evidence of a charge with these attempts. */
const attempted = (...attempts: Evidence[]) => [
  ...EVIDENCE.slice(0, 2),
  ...attempts,
  fact('charge_closed', { as: 'succeeded' }),
];

const UNKNOWN = { number: 1, outcome: 'unknown', decline: null, answer: null };

test.each([
  ['declined, then paid', [declined, then], [attempt(1, 'declined', 'ch_1', 'insufficient_funds')]],
  ['paid at the bank', [wanted, then], [attempt(1, 'step_up', 'ch_1', 'authentication_required')]],
  [
    'not answered, then nothing came of it',
    [then],
    [attempt(1, 'unknown', null), attempt(1, 'unknown', 'ch_0')],
  ],
  [
    'not answered, then searched for in vain',
    [then],
    [attempt(1, 'unknown', null), fact('attempt', { ...UNKNOWN, paymentIntentId: null })],
  ],
])('an attempt that was %s is in order', (_what, bank, first) => {
  expect(faultsOf({ bank, evidence: attempted(...first, attempt(2, 'succeeded', 'ch_2')) })).toEqual([]);
});

test.each([
  ['not answered', attempt(1, 'unknown', null)],
  ['found untouched', attempt(1, 'unknown', 'ch_0')],
  ['refused', attempt(1, 'refused', null)],
  ['under way', attempt(1, 'processing', 'ch_1')],
])(
  'an attempt that was %s at first and is settled now is in order, but not the other way round',
  (_what, before) => {
    const settled = attempt(1, 'succeeded', 'ch_1');
    expect(faultsOf({ evidence: attempted(before, settled) })).toEqual([]);
    expect(faultsOf({ evidence: attempted(before, before, settled) })).toEqual(['evidence missing']);
    expect(faultsOf({ evidence: attempted(settled, before) })).toEqual(['evidence missing']);
  },
);

test.each([
  ['another outcome', attempt(1, 'declined', 'ch_1', 'insufficient_funds')],
  ['an outcome that is not the last word', attempt(1, 'processing', 'ch_1')],
  ['another Stripe charge', attempt(1, 'succeeded', 'ch_2')],
  ['no Stripe charge', attempt(1, 'succeeded', null)],
])('an answer of the bank recorded with %s is missing', (_what, wrong) => {
  expect(faultsOf({ evidence: attempted(wrong) })).toEqual(['evidence missing']);
});

test('a decline recorded with another code is missing', () => {
  const evidence = attempted(attempt(1, 'declined', 'ch_1', 'lost_card'), attempt(2, 'succeeded', 'ch_2'));
  expect(faultsOf({ bank: [declined, then], evidence })).toEqual(['evidence missing']);
});

test('the same answer recorded for two attempts is one record too many', () => {
  const twice = attempted(attempt(1, 'succeeded', 'ch_1'), attempt(2, 'succeeded', 'ch_1'));
  expect(faultsOf({ evidence: twice })).toEqual(['evidence missing']);
});

test('a word that nobody knows is no answer of the bank', () => {
  const more = attempted(attempt(1, 'succeeded', 'ch_1'), attempt(2, 'paid', 'ch_1'));
  expect(faultsOf({ evidence: more })).toEqual(['evidence missing']);
});

test('a payment that is under way at the bank is recorded as that', () => {
  const pending = { bank: [{ ...paid, status: 'pending', paid: false }] };
  const found = (evidence: Evidence[]) => judge({ ...GOOD, ...pending, evidence }).map(({ what }) => what);
  expect(found(attempted(attempt(1, 'processing', 'ch_1'))).filter(isOfRecords)).toEqual([]);
  expect(found(attempted()).filter(isOfRecords)).toEqual(['no record of ch_1 processing']);
});

test('an intent that was never confirmed need not be on record, and may be once; one that Stripe has not may not', () => {
  const unused = { ...intent, paymentIntentId: 'pi_0', status: 'canceled', confirmations: 0 };
  const created = fact('payment_intent_created', { paymentIntentId: 'pi_0' });
  expect(faultsOf({ intents: [unused, intent] })).toEqual([]);
  expect(faultsOf({ intents: [unused, intent], evidence: [...EVIDENCE, created] })).toEqual([]);
  expect(faultsOf({ evidence: [...EVIDENCE, created] })).toEqual(['evidence missing']);
});

test('kinds of evidence that the judge does not know are passed over', () => {
  const unknown = [fact('refund', { number: 1, outcome: 'succeeded' }), fact('dispute'), fact('of_tomorrow')];
  expect(faultsOf({ evidence: [...EVIDENCE, ...unknown, ...unknown] })).toEqual([]);
});

test('a workflow that says otherwise, or an intent left open after the end, is a disagreement', () => {
  expect(faultsOf({ workflow: 'attempting' })).toEqual(['disagreement']);
  const open = { ...intent, status: 'requires_action' };
  const cancelled = { ...GOOD.charge, kind: 'cancelled_at_step_up' } as const;
  const changes = { charge: cancelled, bank: [], intents: [open], ledger: 'cancelled' };
  const evidence = closedAs('cancelled').filter(({ kind }) => kind !== 'attempt');
  expect(faultsOf({ ...changes, evidence })).toEqual(['disagreement']);
});

test('a charge that was to be cancelled at the authentication may be paid on the card that was given meanwhile', () => {
  const charge = { ...GOOD.charge, kind: 'cancelled_at_step_up' } as const;
  const interference = { what: 'replace_card', afterMs: 0 } as const;
  expect(faultsOf({ charge: { ...charge, interference } })).toEqual([]);
  expect(faultsOf({ charge })).toEqual(['lost']);
});
