// What is taken from a refund; whose charge it takes back is not on it.
import type Stripe from 'stripe';
import type { RefundReading } from '../../domain/model/stripe-objects.ts';
import { idOf } from '../object-id.ts';

export function refundReading(refund: Stripe.Response<Stripe.Refund>): Omit<RefundReading, 'chargeId'> {
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
