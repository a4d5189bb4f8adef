// What of a dispute goes on record, and which of them is open.
import { expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { hasOpenDispute } from '../../../domain/disputes/disputes.ts';
import { disputeReading, enrolled, T0 } from '../fixtures.ts';

const read = (status: string | null) => {
  const unread = { objectId: 'du_1', status: null, onRecord: null, nextCheckAtMs: T0, checks: 0 };
  const reading = disputeReading({ status, networkReasonCode: '10.4', respondByMs: T0 });
  return advance(enrolled({ disputes: [unread] }), { kind: 'disputeRead', reading }, T0);
};

test('a dispute that was read is on record with its charge, its reason and the time to answer', () => {
  const data = { disputeId: 'du_1', status: 'needs_response', networkReasonCode: '10.4', respondByMs: T0 };
  expect(read('needs_response').facts).toMatchObject([{ kind: 'dispute', chargeId: 'one', data }]);
});

test.each([
  ['needs_response', true],
  ['under_review', true],
  ['warning_needs_response', true],
  ['won', false],
  ['lost', false],
  ['warning_closed', false],
  ['prevented', false],
])('one that is %s is open: %s', (status, isOpen) => {
  expect(hasOpenDispute(read(status))).toBe(isOpen);
});
