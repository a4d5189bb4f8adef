// What is put on record and told, and what is told once only.
import { expect, test } from 'vitest';
import { by, noticesIn, notify, recordFact } from '../../../domain/shared/facts.ts';
import { BY, enrolled, T0 } from '../fixtures.ts';

test('facts are numbered one after the other', () => {
  const state = recordFact(enrolled({ sequence: 4 }), T0, 'paused', by(BY));
  const both = recordFact(state, T0 + 1, 'resumed', by({ ...BY, reason: 'back' }));
  expect(both.sequence).toBe(6);
  expect(both.facts).toEqual([
    { sequence: 5, atMs: T0, kind: 'paused', actor: 'shop', data: {} },
    { sequence: 6, atMs: T0 + 1, kind: 'resumed', actor: 'shop', reason: 'back', data: {} },
  ]);
});

test('a notice is asked for once, and that is on record', () => {
  const once = notify(enrolled(), T0, 'charge.failed', 'failed-one', { chargeId: 'one', data: {} });
  expect(notify(once, T0 + 1, 'charge.failed', 'failed-one', { chargeId: 'one', data: {} })).toBe(once);
  const other = notify(once, T0 + 1, 'charge.failed', 'failed-two', { chargeId: 'two', data: {} });
  expect(other.facts.map(({ kind, data }) => [kind, data.noticeId])).toEqual([
    ['notice', 'failed-one'],
    ['notice', 'failed-two'],
  ]);
});

test('what a notice says is what its fact says', () => {
  const data = { amount: 900, currency: 'eur', reason: null };
  const { facts } = notify(enrolled(), T0, 'charge.failed', 'failed-one', { chargeId: 'one', data });
  const told = notify({ ...enrolled(), facts }, T0 + 1, 'customer.enrolled', 'enrolled-1', { data: {} });
  expect(noticesIn([...told.facts, { sequence: 9, atMs: T0, kind: 'paused', data: {} }])).toEqual([
    { noticeId: 'failed-one', kind: 'charge.failed', atMs: T0, chargeId: 'one', data },
    { noticeId: 'enrolled-1', kind: 'customer.enrolled', atMs: T0 + 1, data: {} },
  ]);
});
