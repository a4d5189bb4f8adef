// Reads refunds and disputes: one question to Stripe, one event back; it makes none and contests none.
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import type { ReversalReading } from '../domain/model/readings.ts';
import { callStripe } from '../stripe/errors.ts';
import { idOf } from '../stripe/object-id.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createRefundActivities({ stripe, ledger }: StripeDependencies) {
  return {
    /** What has become of it, and of which of our charges it takes money back: by the index of Stripe's objects. */
    async readReversal({
      reversal,
      objectId,
    }: CustomerStep<'readReversal'>): Promise<EventOf<'reversalSeen'>> {
      const read = await callStripe(async () =>
        reversal === 'refund'
          ? refundReading(await stripe.refunds.retrieve(objectId))
          : disputeReading(await stripe.disputes.retrieve(objectId)),
      );
      const owner =
        read.paymentIntentId === null ? null : await ledger.findStripeObject(read.paymentIntentId);
      return { kind: 'reversalSeen', reading: { ...read, chargeId: owner?.chargeId ?? null } };
    },
  };
}

type Read = Omit<ReversalReading, 'chargeId'>;

function refundReading(refund: Stripe.Response<Stripe.Refund>): Read {
  return {
    reversal: 'refund',
    objectId: refund.id,
    status: refund.status,
    amount: refund.amount,
    currency: refund.currency,
    reason: refund.reason,
    failureReason: refund.failure_reason ?? null,
    networkReasonCode: null,
    respondByMs: null,
    paymentIntentId: idOf(refund.payment_intent),
    stripeChargeId: idOf(refund.charge),
    requestId: refund.lastResponse.requestId,
  };
}

/** The listed fields only: a dispute's own evidence holds the customer's name, addresses and letters. */
function disputeReading(dispute: Stripe.Response<Stripe.Dispute>): Read {
  const dueBy = dispute.evidence_details.due_by;
  return {
    reversal: 'dispute',
    objectId: dispute.id,
    status: dispute.status,
    amount: dispute.amount,
    currency: dispute.currency,
    reason: dispute.reason,
    failureReason: null,
    networkReasonCode: dispute.payment_method_details?.card?.network_reason_code ?? null,
    respondByMs: dueBy ? dueBy * 1000 : null,
    paymentIntentId: idOf(dispute.payment_intent),
    stripeChargeId: idOf(dispute.charge),
    requestId: dispute.lastResponse.requestId,
  };
}
