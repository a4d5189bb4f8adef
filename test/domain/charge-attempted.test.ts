// What a run makes of an attempt that its activity has put on record: its own word counts, and no number is used twice.
import { expect, test } from 'vitest';
import { advance, advanceAll } from '../../domain/advance.ts';
import type { CustomerEvent, TimedEvent } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { digestOfState } from '../../domain/sent-state.ts';
import { charge, enrolled, reading, T0, tried } from './fixtures.ts';

const underWay = enrolled({ sequence: 4, charges: [tried({ is: 'attempting' }, null)] });
const paid: TimedEvent = {
  event: { kind: 'paymentIntentRead', chargeId: 'one', reading: reading({ status: 'succeeded' }) },
  atMs: T0 + 5,
};
const after = advanceAll(underWay, [paid]);
const through = after.sequence;
const attempted = (digest: string, more: object = {}): CustomerEvent => ({
  kind: 'chargeAttempted',
  chargeId: 'one',
  events: [paid],
  recorded: { through, digest, alreadyClosed: [], ...more },
});
const numbered = ({ facts }: CustomerState) => facts.map(({ sequence, kind }) => [sequence, kind]);

test('the attempt has facts of its own', () => {
  expect(numbered(after)).toEqual([
    [5, 'attempt'],
    [6, 'charge_closed'],
    [7, 'notice'],
  ]);
});

test('where both agree nothing is left to be recorded, and the charge is over', () => {
  const next = advance(underWay, attempted(digestOfState(after)), T0 + 9);
  expect(next).toEqual({ ...after, facts: [], charges: [] });
});

test('where they do not, the run’s own facts follow the others, behind one that says which do not count', () => {
  const next = advance(underWay, attempted('of another release'), T0 + 9);
  expect(numbered(next)).toEqual([
    [8, 'facts_superseded'],
    [9, 'attempt'],
    [10, 'charge_closed'],
    [11, 'notice'],
  ]);
  expect(next.facts[0]).toMatchObject({
    atMs: T0 + 9,
    chargeId: 'one',
    data: { from: 5, through: 7, cause: 'decided_otherwise' },
  });
  expect(next.sequence).toBe(11);
  expect(next.charges).toMatchObject([{ phase: { is: 'closed', as: 'succeeded' } }]);
});

test('what the ledger knows to be over leaves', () => {
  const next = advance(underWay, attempted(digestOfState(after), { alreadyClosed: ['one'] }), T0 + 9);
  expect(next.charges).toEqual([]);
});

test('without a record the same happens, and is still to be recorded', () => {
  const event: CustomerEvent = { kind: 'chargeAttempted', chargeId: 'one', events: [paid], recorded: null };
  expect(advance(underWay, event, T0 + 9)).toEqual(after);
});

test('an answer for a charge that is not being attempted changes nothing', () => {
  const due = enrolled({ charges: [charge()] });
  expect(advance(due, attempted('x'), T0)).toBe(due);
});

test('facts that an attempt which was given up has written are gone around', () => {
  const event: CustomerEvent = { kind: 'overtaken', chargeId: 'one', after: 4, through: 7 };
  const next = advance(after, event, T0 + 9);
  expect(numbered(next)).toEqual([
    [8, 'facts_superseded'],
    [9, 'attempt'],
    [10, 'charge_closed'],
    [11, 'notice'],
  ]);
  expect(next.facts[0]?.data).toEqual({ from: 5, through: 7, cause: 'late_attempt' });
  expect(advance(next, event, T0 + 10)).toBe(next);
});
