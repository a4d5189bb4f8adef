// Reads disputes: one question to Stripe, one event back; it contests none.
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import type { DisputeReading } from '../domain/model/readings.ts';
import { callStripe } from '../stripe/errors.ts';
import { idOf } from '../stripe/object-id.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createDisputeActivities({ stripe, ledger }: StripeDependencies) {
  return {
    /** What has become of it, and which charge it is about: by the index of Stripe's objects. */
    async readDispute({ disputeId }: CustomerStep<'readDispute'>): Promise<EventOf<'disputeRead'>> {
      const reading = await callStripe(async () => disputeReading(await stripe.disputes.retrieve(disputeId)));
      const { paymentIntentId } = reading;
      const owner = paymentIntentId === null ? null : await ledger.findStripeObject(paymentIntentId);
      return { kind: 'disputeRead', reading: { ...reading, chargeId: owner?.chargeId ?? null } };
    },
  };
}

/** The listed fields only: a dispute's own evidence holds the customer's name, addresses and letters. */
function disputeReading(dispute: Stripe.Response<Stripe.Dispute>): Omit<DisputeReading, 'chargeId'> {
  const dueBy = dispute.evidence_details.due_by;
  return {
    disputeId: dispute.id,
    status: dispute.status,
    amount: dispute.amount,
    currency: dispute.currency,
    reason: dispute.reason,
    networkReasonCode: dispute.payment_method_details?.card?.network_reason_code ?? null,
    respondByMs: dueBy ? dueBy * 1000 : null,
    paymentIntentId: idOf(dispute.payment_intent),
    stripeChargeId: idOf(dispute.charge),
    requestId: dispute.lastResponse.requestId,
  };
}
