// What has gone back of a charge's money, by what is on record.
import { expect, test } from 'vitest';
import { type MoneyBackRecord, moneyBackOf } from '../../domain/money-back.ts';

const refund = (refundId: string, amount: number, status: string): MoneyBackRecord => ({
  kind: 'refund',
  data: { refundId, amount, status },
});
const dispute = (disputeId: string, status: string, respondByMs: number | null = null): MoneyBackRecord => ({
  kind: 'dispute',
  data: { disputeId, amount: 900, status, reason: 'fraudulent', respondByMs },
});

test('nothing on record: nothing has gone back', () => {
  expect(moneyBackOf([])).toEqual({ amountRefunded: 0, dispute: null });
});

test('each refund counts once, as it stands now; one that did not arrive does not', () => {
  const records = [
    refund('re_1', 300, 'pending'),
    refund('re_2', 200, 'succeeded'),
    refund('re_1', 300, 'succeeded'),
    refund('re_3', 100, 'pending'),
    refund('re_3', 100, 'failed'),
    refund('re_4', 50, 'canceled'),
  ];
  expect(moneyBackOf(records).amountRefunded).toBe(500);
});

test('the newest word on a dispute is shown', () => {
  const records = [dispute('du_1', 'needs_response', 5), dispute('du_1', 'won')];
  expect(moneyBackOf(records).dispute).toEqual({
    disputeId: 'du_1',
    status: 'won',
    amount: 900,
    reason: 'fraudulent',
    respondByMs: null,
  });
});

test('one that Stripe would not show says nothing', () => {
  const refused = { refundId: 're_1', refused: 'resource_missing', requestId: null };
  expect(moneyBackOf([{ kind: 'refund', data: refused }])).toEqual({ amountRefunded: 0, dispute: null });
});
