// Reads disputes: one question to Stripe, one event back; it contests none.
import type { EventOf } from '../domain/model/events.ts';
import { callStripe } from '../stripe/errors.ts';
import { disputeReading } from '../stripe/objects/dispute.ts';
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
