// Creates, confirms, reads and cancels SetupIntents: one question to Stripe, one event back; none of them moves money.
import type { MandateTerms } from '../domain/model/enrolment.ts';
import type { EventOf } from '../domain/model/events.ts';
import type { SetupIntentReading } from '../domain/model/stripe-objects.ts';
import { HOUR, SECOND } from '../domain/shared/time.ts';
import { callStripe, isDecline, isUnexpectedState } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { hasMetadata } from '../stripe/metadata.ts';
import { setupIntentReading } from '../stripe/objects/setup-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** Clocks differ, and a listing that begins too early costs a page at most. */
const EARLIER = HOUR;

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createSetupIntentActivities({ stripe, ledger }: StripeDependencies) {
  const { installationId } = ledger;

  /** The SetupIntent with its newest attempt, card and mandate; the index learns the last two. */
  async function read(customerId: string, setupIntentId: string): Promise<SetupIntentReading> {
    const setup = await stripe.setupIntents.retrieve(setupIntentId, {
      expand: ['latest_attempt', 'payment_method', 'mandate'],
    });
    const reading = setupIntentReading(setup);
    if (setup.status === 'succeeded') {
      for (const stripeId of [reading.paymentMethodId, reading.stripeMandateId]) {
        if (stripeId !== null) await ledger.addStripeObject({ stripeId, customerId });
      }
    }
    return reading;
  }

  return {
    /**
     * Creates the SetupIntent, with the terms of an Indian e-mandate where terms were agreed; after an unanswered try
     * finds the one it made.
     */
    async createSetupIntent(step: CustomerStep<'createSetupIntent'>): Promise<EventOf<'setupIntentCreated'>> {
      const { customerId, enrolmentNumber, setupNumber, tries, stripeCustomerId, terms, openedAtMs } = step;
      await ledger.addStripeObject({ stripeId: stripeCustomerId, customerId });
      const metadata = {
        customerId,
        installationId,
        enrolmentNumber: String(enrolmentNumber),
        setupNumber: String(setupNumber),
      };
      const setup = await callStripe(async () => {
        if (tries > 0) {
          const created = { gte: Math.floor((openedAtMs - EARLIER) / SECOND) };
          const made = stripe.setupIntents.list({ customer: stripeCustomerId, created, limit: 100 });
          for await (const intent of made)
            if (hasMetadata(intent.metadata, metadata) && intent.status !== 'canceled') return intent;
        }
        return await stripe.setupIntents.create(
          {
            customer: stripeCustomerId,
            usage: 'off_session',
            allowed_payment_method_types: ['card'],
            metadata,
            ...(terms === null ? {} : mandateOptions(terms, `${customerId}-${enrolmentNumber}`, openedAtMs)),
          },
          {
            idempotencyKey: idempotencyKey(
              installationId,
              'create-setup-intent',
              customerId,
              enrolmentNumber,
              setupNumber,
              tries,
            ),
          },
        );
      });
      await ledger.addStripeObject({ stripeId: setup.id, customerId });
      return { kind: 'setupIntentCreated', enrolmentNumber, setupIntentId: setup.id };
    },

    /** Tries the card that came with the request. Declined, authenticated or waiting: the reading says which. */
    async confirmSetupIntent(step: CustomerStep<'confirmSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      const { customerId, setupNumber, setupIntentId, paymentMethodId, tries } = step;
      const reading = await callStripe(async () => {
        try {
          await stripe.setupIntents.confirm(
            setupIntentId,
            { payment_method: paymentMethodId },
            {
              idempotencyKey: idempotencyKey(
                installationId,
                'confirm-setup-intent',
                customerId,
                setupIntentId,
                setupNumber,
                tries,
              ),
            },
          );
        } catch (error) {
          if (!isDecline(error) && !isUnexpectedState(error)) throw error;
        }
        return await read(customerId, setupIntentId);
      });
      return { kind: 'setupIntentRead', reading };
    },

    async readSetupIntent({
      customerId,
      setupIntentId,
    }: CustomerStep<'readSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      return { kind: 'setupIntentRead', reading: await callStripe(() => read(customerId, setupIntentId)) };
    },

    /** Cancels a SetupIntent nobody is to finish; where that is too late, the reading says what it is. */
    async cancelSetupIntent({
      customerId,
      setupIntentId,
    }: CustomerStep<'cancelSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      const reading = await callStripe(async () => {
        try {
          await stripe.setupIntents.cancel(setupIntentId);
        } catch (error) {
          if (!isUnexpectedState(error)) throw error;
        }
        return await read(customerId, setupIntentId);
      });
      return { kind: 'setupIntentRead', reading };
    },
  };
}

/** Only Indian issuers read these (docs.stripe.com/india-recurring-payments); others ignore them. */
function mandateOptions(terms: MandateTerms, reference: string, startMs: number) {
  const interval =
    terms.every === undefined
      ? { interval: 'sporadic' as const }
      : { interval: terms.every.unit, interval_count: terms.every.count };
  const mandate_options = {
    amount: terms.maxAmount,
    amount_type: 'maximum' as const,
    currency: terms.currency,
    reference,
    start_date: Math.floor(startMs / SECOND),
    supported_types: ['india' as const],
    ...interval,
  };
  return { payment_method_options: { card: { mandate_options } } };
}
