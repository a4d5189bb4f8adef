// Reads refunds: one question to Stripe, one event back; it makes none.
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import type { RefundReading } from '../domain/model/readings.ts';
import { callStripe } from '../stripe/errors.ts';
import { idOf } from '../stripe/object-id.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createRefundActivities({ stripe, ledger }: StripeDependencies) {
  return {
    /** What has become of it, and whose charge it takes back: by the index of Stripe's objects. */
    async readRefund({ refundId }: CustomerStep<'readRefund'>): Promise<EventOf<'refundRead'>> {
      const reading = await callStripe(async () => refundReading(await stripe.refunds.retrieve(refundId)));
      const { paymentIntentId } = reading;
      const owner = paymentIntentId === null ? null : await ledger.findStripeObject(paymentIntentId);
      return { kind: 'refundRead', reading: { ...reading, chargeId: owner?.chargeId ?? null } };
    },
  };
}

function refundReading(refund: Stripe.Response<Stripe.Refund>): Omit<RefundReading, 'chargeId'> {
  return {
    refundId: refund.id,
    status: refund.status,
    amount: refund.amount,
    currency: refund.currency,
    reason: refund.reason,
    failureReason: refund.failure_reason ?? null,
    paymentIntentId: idOf(refund.payment_intent),
    stripeChargeId: idOf(refund.charge),
    requestId: refund.lastResponse.requestId,
  };
}
