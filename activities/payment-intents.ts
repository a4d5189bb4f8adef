// Creates, reads and cancels PaymentIntents: one question to Stripe, one event back.
import type { EventOf } from '../domain/model/events.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { ChargeTexts } from '../ledger/charge-rows.ts';
import { callStripe, isUnexpectedState } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { chargeMetadata } from '../stripe/metadata.ts';
import { claimIntent } from './claim-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';
import { readIntent, withUnrecordedAnswers } from './read-intent.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createPaymentIntentActivities(dependencies: StripeDependencies) {
  const { stripe, ledger } = dependencies;
  const { installationId } = ledger;

  return {
    /**
     * Creates the intent unconfirmed and writes it into the index. No money can move on it yet, so a creation whose
     * answer is lost is harmless; the same key brings the same intent. Where the index has another one that is alive,
     * that one is the charge's, and the new one is never confirmed.
     */
    async createPaymentIntent(
      step: CustomerStep<'createPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentCreated'>> {
      const { customerId, chargeId, intentNumber } = step;
      const texts = await ledger.getPersonal<ChargeTexts>(customerId, `charge/${chargeId}`);
      const intent = await callStripe(() =>
        stripe.paymentIntents.create(
          {
            amount: step.amount,
            currency: step.currency,
            customer: step.stripeCustomerId,
            allowed_payment_method_types: ['card'],
            metadata: {
              ...texts?.metadata,
              ...chargeMetadata({ ...step, installationId, nonce: ledger.intentNonce(step) }),
            },
            ...omitUndefined({
              description: texts?.description,
              statement_descriptor_suffix: texts?.statementDescriptorSuffix,
            }),
          },
          {
            idempotencyKey: idempotencyKey(
              installationId,
              'create-payment-intent',
              customerId,
              chargeId,
              intentNumber,
            ),
          },
        ),
      );
      const paymentIntentId = await claimIntent(dependencies, step, intent.id);
      return { kind: 'paymentIntentCreated', chargeId, paymentIntentId };
    },

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
