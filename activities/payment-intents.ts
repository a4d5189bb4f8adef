// Reads and cancels PaymentIntents: one question to Stripe, one event back.
import type { EventOf } from '../domain/model/events.ts';
import { callStripe, isUnexpectedState } from '../stripe/errors.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';
import { readIntent, withUnrecordedAnswers } from './read-intent.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createPaymentIntentActivities({ stripe }: Pick<StripeDependencies, 'stripe'>) {
  return {
    /** The intent as Stripe has it now, which is authoritative at any age. */
    async readPaymentIntent({
      chargeId,
      paymentIntentId,
      known,
    }: CustomerStep<'readPaymentIntent'>): Promise<EventOf<'paymentIntentRead'>> {
      const reading = await callStripe(() => readIntent(stripe, paymentIntentId, known));
      return { kind: 'paymentIntentRead', chargeId, reading };
    },

    /** Cancels the intent, so that nobody can pay it any more; where that is too late, the reading says what it is. */
    async cancelPaymentIntent({
      chargeId,
      paymentIntentId,
      known,
    }: CustomerStep<'cancelPaymentIntent'>): Promise<EventOf<'paymentIntentRead'>> {
      const reading = await callStripe(async () => {
        try {
          const canceled = await stripe.paymentIntents.cancel(paymentIntentId, {
            cancellation_reason: 'abandoned',
            expand: ['latest_charge'],
          });
          return await withUnrecordedAnswers(stripe, canceled, known);
        } catch (error) {
          if (isUnexpectedState(error)) return await readIntent(stripe, paymentIntentId, known);
          throw error;
        }
      });
      return { kind: 'paymentIntentRead', chargeId, reading };
    },
  };
}
