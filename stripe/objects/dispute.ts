// What is taken from a dispute: the listed fields only, for its evidence holds the customer's name, addresses and letters.
import type Stripe from 'stripe';
import type { DisputeReading } from '../../domain/model/stripe-objects.ts';
import { idOf } from '../object-id.ts';

export function disputeReading(dispute: Stripe.Response<Stripe.Dispute>): Omit<DisputeReading, 'chargeId'> {
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
