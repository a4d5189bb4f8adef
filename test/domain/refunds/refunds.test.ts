// Refunds and disputes: rung for, read, on record once for each state of theirs. No world but the values given.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { isOver, newCustomer, upgrade } from '../../../domain/lifecycle.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { ReversalReading } from '../../../domain/model/readings.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { CHECK_BACKOFF, REVERSALS_REMEMBERED } from '../../../domain/shared/policy.ts';
import { enrolled, T0 } from '../fixtures.ts';

let bells = 0;
const rang = (type: string, objectId: string): CustomerEvent => ({
  kind: 'stripeEventReceived',
  eventId: `evt_${++bells}`,
  type,
  objectId,
});

function seen(over: Partial<ReversalReading> = {}): CustomerEvent {
  const reading: ReversalReading = {
    reversal: 'refund',
    objectId: 're_1',
    chargeId: 'one',
    status: 'succeeded',
    amount: 500,
    currency: 'eur',
    reason: 'requested_by_customer',
    failureReason: null,
    networkReasonCode: null,
    respondByMs: null,
    paymentIntentId: 'pi_1',
    stripeChargeId: 'ch_1',
    requestId: 'req_1',
    ...over,
  };
  return { kind: 'reversalSeen', reading };
}

const events = (state: CustomerState, ...given: CustomerEvent[]) =>
  given.reduce((next, event) => advance(next, event, T0), state);

const factsOf = ({ facts }: CustomerState) => facts.map(({ kind, data }) => [kind, data.status]);

test.each([
  ['refund.created', 're_1', 'refund'],
  ['refund.failed', 're_1', 'refund'],
  ['charge.dispute.created', 'du_1', 'dispute'],
  ['charge.dispute.closed', 'du_1', 'dispute'],
])('%s is a bell: the %s is read at once', (type, objectId, reversal) => {
  const state = events(enrolled(), rang(type, objectId));
  expect(nextStep(state, T0)).toEqual({ do: 'readReversal', reversal, objectId });
  expect(state.facts).toEqual([]);
});

test('charge.refunded is none: its refund rings for itself', () => {
  expect(nextStep(events(enrolled(), rang('charge.refunded', 'ch_1')), T0).do).toBe('wait');
});

test('what is read is on record, with the charge it belongs to', () => {
  const state = events(enrolled(), rang('refund.created', 're_1'), seen());
  expect(state.facts).toMatchObject([
    { kind: 'refund', chargeId: 'one', data: { refundId: 're_1', status: 'succeeded', amount: 500 } },
  ]);
  expect(nextStep(state, T0).do).toBe('record');
});

test('it is on record once however often it rings, and again when it has changed', () => {
  const once = events(enrolled(), rang('refund.created', 're_1'), seen({ status: 'pending' }));
  const again = events(once, rang('refund.updated', 're_1'), seen({ status: 'pending' }));
  const failed = seen({ status: 'failed', failureReason: 'expired_or_canceled_card' });
  const ended = events(again, rang('refund.failed', 're_1'), failed, rang('refund.failed', 're_1'), failed);
  expect(factsOf(ended)).toEqual([
    ['refund', 'pending'],
    ['refund', 'failed'],
  ]);
});

test('one that Stripe will not show is on record as that, and is not asked for again', () => {
  const state = events(enrolled(), rang('charge.dispute.created', 'du_1'));
  const step = nextStep(state, T0);
  const refused = events(state, { kind: 'refused', step, code: 'resource_missing', requestId: 'req_9' });
  expect(refused.facts).toMatchObject([
    { kind: 'dispute', data: { objectId: 'du_1', refused: 'resource_missing', requestId: 'req_9' } },
  ]);
  expect(refused.reversals).toMatchObject([{ nextCheckAtMs: null }]);
});

test('one that nobody answered for is asked for later', () => {
  const state = events(enrolled(), rang('refund.created', 're_1'));
  const step = nextStep(state, T0);
  const waiting = events(state, { kind: 'unanswered', step });
  expect(nextStep(waiting, T0)).toEqual({ do: 'wait', untilMs: T0 + (CHECK_BACKOFF[0] ?? 0) });
  expect(nextStep(waiting, T0 + (CHECK_BACKOFF[0] ?? 0))).toEqual(step);
});

test('a customer who is gone stays until it has been read', () => {
  const gone = enrolled({ cancelled: { atMs: T0 } });
  expect(isOver(gone)).toBe(true);
  const notified = events(gone, rang('charge.dispute.created', 'du_1'));
  expect(isOver(notified)).toBe(false);
  expect(isOver(events(notified, seen({ reversal: 'dispute', objectId: 'du_1' })))).toBe(true);
});

describe('a run that starts from nothing', () => {
  const load = (snapshot: CustomerState): CustomerEvent => ({ kind: 'loaded', snapshot, charges: [] });

  test('reads what it was started for, and knows what is on record already', () => {
    const before = events(enrolled(), rang('refund.created', 're_1'), seen());
    const snapshot = events(before, { kind: 'recorded', through: before.sequence, alreadyClosed: [] });
    const begun = events(newCustomer('alice'), rang('refund.updated', 're_1'), load(snapshot));
    expect(begun.reversals).toMatchObject([{ objectId: 're_1', nextCheckAtMs: T0 }]);
    expect(factsOf(events(begun, seen()))).toEqual([['recovered', undefined]]);
  });

  test('takes up what the run before had not read yet', () => {
    const begun = events(newCustomer('alice'), load(events(enrolled(), rang('refund.created', 're_1'))));
    expect(begun.reversals).toMatchObject([{ objectId: 're_1', nextCheckAtMs: T0 }]);
  });

  test('takes a state of an older release, which knew of none', () => {
    const { reversals: _none, ...old } = enrolled();
    expect(upgrade(old as CustomerState).reversals).toEqual([]);
  });
});

test('as many as are remembered are kept, and what has not been read is never forgotten', () => {
  const many = Array.from({ length: 2 * REVERSALS_REMEMBERED }, (_, index) => `re_${index}`);
  const unread = events(enrolled(), ...many.map((id) => rang('refund.created', id)));
  expect(unread.reversals).toHaveLength(many.length);
  const read = events(
    enrolled(),
    ...many.flatMap((id) => [rang('refund.created', id), seen({ objectId: id })]),
  );
  expect(read.reversals.map(({ objectId }) => objectId)).toEqual(many.slice(-REVERSALS_REMEMBERED));
});
