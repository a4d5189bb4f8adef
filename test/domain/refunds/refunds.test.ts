// What of a refund goes on record.
import { expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { enrolled, refundReading, T0 } from '../fixtures.ts';

test('a refund that was read is on record with the charge whose money it is', () => {
  const unread = { objectId: 're_1', status: null, onRecord: null, nextCheckAtMs: T0, checks: 0 };
  const state = enrolled({ refunds: [unread] });
  const reading = refundReading({ status: 'failed', failureReason: 'expired_or_canceled_card' });
  const { facts } = advance(state, { kind: 'refundRead', reading }, T0);
  const data = { refundId: 're_1', status: 'failed', amount: 500, failureReason: 'expired_or_canceled_card' };
  expect(facts).toMatchObject([{ kind: 'refund', chargeId: 'one', data }]);
});
