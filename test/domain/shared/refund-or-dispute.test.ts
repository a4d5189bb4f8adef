// Refunds and disputes alike: read for an event, and on record once for each state of theirs.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { isOver, newCustomer } from '../../../domain/lifecycle.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
import { FOLLOWED_OBJECTS_REMEMBERED } from '../../../domain/shared/state-limits.ts';
import { disputeReading, enrolled, refundReading, T0 } from '../fixtures.ts';

let events = 0;
const notify = (type: string, objectId: string): CustomerEvent => ({
  kind: 'stripeEventReceived',
  eventId: `evt_${++events}`,
  type,
  objectId,
});

const happen = (state: CustomerState, ...happened: CustomerEvent[]) =>
  happened.reduce((next, event) => advance(next, event, T0), state);

const statuses = ({ facts }: CustomerState) => facts.map(({ kind, data }) => [kind, data.status]);
const [FIRST_WAIT = 0] = DEFAULT_POLICY.checkBackoffMs;

describe.each([
  {
    kind: 'refund',
    list: 'refunds',
    created: 'refund.created',
    changed: 'refund.updated',
    step: (refundId: string) => ({ do: 'readRefund', refundId }),
    read: (refundId: string, status: string): CustomerEvent => ({
      kind: 'refundRead',
      reading: refundReading({ refundId, status }),
    }),
  },
  {
    kind: 'dispute',
    list: 'disputes',
    created: 'charge.dispute.created',
    changed: 'charge.dispute.closed',
    step: (disputeId: string) => ({ do: 'readDispute', disputeId }),
    read: (disputeId: string, status: string): CustomerEvent => ({
      kind: 'disputeRead',
      reading: disputeReading({ disputeId, status }),
    }),
  },
] as const)('a $kind', ({ kind, list, created, changed, step, read }) => {
  test.each([created, changed])('%s has it read at once, and believes nothing yet', (type) => {
    const state = happen(enrolled(), notify(type, 'x_1'));
    expect(nextStep(state, T0)).toEqual(step('x_1'));
    expect(state.facts).toEqual([]);
  });

  test('is on record once however many events there are, and again when it has changed', () => {
    const once = happen(enrolled(), notify(created, 'x_1'), read('x_1', 'open'));
    const again = happen(once, notify(changed, 'x_1'), read('x_1', 'open'));
    const ended = happen(
      again,
      notify(changed, 'x_1'),
      read('x_1', 'over'),
      notify(changed, 'x_1'),
      read('x_1', 'over'),
    );
    expect(statuses(ended)).toEqual([
      [kind, 'open'],
      [kind, 'over'],
    ]);
  });

  test('that nobody has an event for changes nothing when it is read', () => {
    const state = enrolled();
    expect(happen(state, read('x_9', 'open'))).toBe(state);
  });

  const refusedWith = (state: CustomerState, code: string) =>
    happen(state, { kind: 'refused', step: nextStep(state, T0), code, requestId: 'req_9' });

  test('that Stripe will not show is on record as that, and is not read again', () => {
    const refused = refusedWith(happen(enrolled(), notify(created, 'x_1')), 'more_permissions_required');
    expect(refused.facts).toMatchObject([
      { kind, data: { [`${kind}Id`]: 'x_1', refused: 'more_permissions_required', requestId: 'req_9' } },
    ]);
    expect(refused[list]).toMatchObject([{ nextCheckAtMs: null }]);
  });

  test('that Stripe does not know leaves nothing behind: its id was chosen by whoever signed the event', () => {
    const before = enrolled();
    const refused = refusedWith(happen(before, notify(created, 'x_1')), 'resource_missing');
    expect(refused.facts).toEqual(before.facts);
    expect(refused[list]).toEqual([]);
  });

  test('that Stripe has shown before, and does not know any more, is on record as that', () => {
    const known = happen(enrolled(), notify(created, 'x_1'), read('x_1', 'open'), notify(changed, 'x_1'));
    const refused = refusedWith({ ...known, facts: [] }, 'resource_missing');
    expect(refused.facts).toMatchObject([{ kind, data: { refused: 'resource_missing' } }]);
  });

  test('that nobody answered for is read later', () => {
    const state = happen(enrolled(), notify(created, 'x_1'));
    const waiting = happen(state, { kind: 'unanswered', step: nextStep(state, T0) });
    expect(nextStep(waiting, T0)).toEqual({ do: 'wait', untilMs: T0 + FIRST_WAIT });
    expect(nextStep(waiting, T0 + FIRST_WAIT)).toEqual(step('x_1'));
  });

  test('of a cancelled customer keeps their workflow open until it has been read', () => {
    const cancelled = enrolled({ cancelled: { atMs: T0 } });
    expect(isOver(cancelled)).toBe(true);
    const notified = happen(cancelled, notify(created, 'x_1'));
    expect(isOver(notified)).toBe(false);
    expect(isOver(happen(notified, read('x_1', 'over')))).toBe(true);
  });

  describe('in a run that starts from nothing', () => {
    const load = (snapshot: CustomerState): CustomerEvent => ({ kind: 'loaded', snapshot, charges: [] });

    test('is read when the run was started for it, and known where it is on record already', () => {
      const before = happen(enrolled(), notify(created, 'x_1'), read('x_1', 'open'));
      const snapshot = happen(before, { kind: 'recorded', through: before.sequence, alreadyClosed: [] });
      const begun = happen(newCustomer('alice'), notify(changed, 'x_1'), load(snapshot));
      expect(begun[list]).toMatchObject([{ objectId: 'x_1', nextCheckAtMs: T0 }]);
      expect(statuses(happen(begun, read('x_1', 'open')))).toEqual([['recovered', undefined]]);
    });

    test('is read when the run before had not read it yet', () => {
      const begun = happen(newCustomer('alice'), load(happen(enrolled(), notify(created, 'x_1'))));
      expect(begun[list]).toMatchObject([{ objectId: 'x_1', nextCheckAtMs: T0 }]);
    });
  });

  test('is never forgotten before it has been read; of those that have, the newest are kept', () => {
    const many = Array.from({ length: 2 * FOLLOWED_OBJECTS_REMEMBERED }, (_, index) => `x_${index}`);
    const unread = happen(enrolled(), ...many.map((id) => notify(created, id)));
    expect(unread[list]).toHaveLength(many.length);
    const all = happen(enrolled(), ...many.flatMap((id) => [notify(created, id), read(id, 'open')]));
    expect(all[list].map(({ objectId }) => objectId)).toEqual(many.slice(-FOLLOWED_OBJECTS_REMEMBERED));
  });
});

test('charge.refunded is not in the table: its refund has events of its own', () => {
  expect(nextStep(happen(enrolled(), notify('charge.refunded', 'ch_1')), T0).do).toBe('wait');
});
