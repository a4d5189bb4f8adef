// Reads refunds: one question to Stripe, one event back; it makes none.
import type { EventOf } from '../domain/model/events.ts';
import { callStripe } from '../stripe/errors.ts';
import { refundReading } from '../stripe/objects/refund.ts';
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
