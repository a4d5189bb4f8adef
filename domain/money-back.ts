// What has gone back of a charge's money, from what is on record of its refunds and disputes.
import type { DisputeReading, RefundReading } from './model/stripe-objects.ts';

/** A fact about a refund or a dispute; one that Stripe would not show has nothing but its id. */
export type MoneyBackRecord =
  | { readonly kind: 'refund'; readonly data: Pick<RefundReading, 'refundId'> & Partial<RefundReading> }
  | { readonly kind: 'dispute'; readonly data: Pick<DisputeReading, 'disputeId'> & Partial<DisputeReading> };

export interface MoneyBack {
  /** Minor units, of refunds that have arrived or are on their way; 0 when there is none. */
  readonly amountRefunded: number;
  /** The newest one; null when there was none. */
  readonly dispute: DisputeView | null;
}

export interface DisputeView {
  readonly disputeId: string;
  /** Stripe's own word: docs.stripe.com/api/disputes/object#dispute_object-status. */
  readonly status: string;
  /** Minor units. */
  readonly amount: number;
  readonly reason: string | null;
  /** Until when it can be contested, epoch ms. */
  readonly respondByMs: number | null;
}

/** Of these the money did not leave, or has come back: docs.stripe.com/api/refunds/object#refund_object-status. */
const NOT_REFUNDED = ['failed', 'canceled'];

/** @param records of one charge, oldest first: the newest one of each refund or dispute counts */
export function moneyBackOf(records: readonly MoneyBackRecord[]): MoneyBack {
  const refunds = new Map<string, number>();
  let dispute: DisputeView | null = null;
  for (const { kind, data } of records) {
    const { amount, status } = data;
    if (amount === undefined || typeof status !== 'string') continue;
    if (kind === 'refund') refunds.set(data.refundId, NOT_REFUNDED.includes(status) ? 0 : amount);
    else {
      const { disputeId, reason = null, respondByMs = null } = data;
      dispute = { disputeId, status, amount, reason, respondByMs };
    }
  }
  return { amountRefunded: [...refunds.values()].reduce((sum, amount) => sum + amount, 0), dispute };
}
