// Asks Stripe about refunds and disputes: one question, one event back. It makes none and contests none.
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import type { ReversalReading } from '../domain/model/readings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { idIn } from '../stripe/owner.ts';
import { ask, type Of } from './charge.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createRefundActivities({
  stripe,
  ledger,
}: {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
}) {
  return {
    /** What has become of it, and of which of our charges it takes money back: by the address book. */
    async readReversal({ reversal, objectId }: Of<'readReversal'>): Promise<EventOf<'reversalSeen'>> {
      const read = await ask(async () =>
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
    paymentIntentId: idIn(refund.payment_intent),
    stripeChargeId: idIn(refund.charge),
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
    paymentIntentId: idIn(dispute.payment_intent),
    stripeChargeId: idIn(dispute.charge),
    requestId: dispute.lastResponse.requestId,
  };
}
