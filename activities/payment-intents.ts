// Creates, confirms, reads and cancels PaymentIntents: one question to Stripe, one event back; a decline is an answer.
import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import type { PaymentIntentReading } from '../domain/model/readings.ts';
import { defined } from '../domain/shared/defined.ts';
import type { ChargeTexts } from '../ledger/charge-rows.ts';
import { callStripe, failureFrom, isDecline, isRateLimit, isUnexpectedState } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { chargeMetadata } from '../stripe/metadata.ts';
import { idOf } from '../stripe/object-id.ts';
import { declineFrom } from '../stripe/readings/decline.ts';
import { issuerAnswer, type PaymentIntent, paymentIntentReading } from '../stripe/readings/payment-intent.ts';
import { claimIntent } from './claim-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** Intents that a confirm off-session is for; what any other status means is for the domain to say. */
const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation'];

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createPaymentIntentActivities(dependencies: StripeDependencies) {
  const { stripe, ledger } = dependencies;
  const { installationId } = ledger;

  async function read(paymentIntentId: string, known: string | null): Promise<PaymentIntentReading> {
    const intent = await stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] });
    return withUnrecordedAnswers(intent, known);
  }

  /** The issuer may have answered more than once since `known`; an intent shows its newest charge only. */
  async function withUnrecordedAnswers(
    intent: PaymentIntent,
    known: string | null,
  ): Promise<PaymentIntentReading> {
    const reading = paymentIntentReading(intent);
    const latest = reading.stripeChargeId;
    if (latest === null || latest === known) return reading;
    const charges: Stripe.Charge[] = [];
    for await (const charge of stripe.charges.list({ payment_intent: intent.id, limit: 100 })) {
      if (charge.id === known) break;
      charges.push(charge);
    }
    const newest = charges.findIndex(({ id }) => id === latest);
    const answer = charges[newest] ? issuerAnswer(charges[newest]) : {};
    const unrecordedAnswers = charges
      .slice(newest + 1)
      .map(issuerAnswer)
      .reverse();
    return { ...reading, ...answer, decline: reading.decline, unrecordedAnswers };
  }

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
            ...defined({
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

    /**
     * Asks for the money while the customer is away. This is the one call that can move it, so the kill switch is asked
     * right before it.
     * @throws ApplicationFailure `KillSwitchOn` (not retried) where an earlier try of this activity may have been sent
     */
    async confirmPaymentIntent(
      step: CustomerStep<'confirmPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentRead'> | EventOf<'halted'> | EventOf<'rateLimited'>> {
      const { customerId, chargeId, paymentIntentId, intentNumber, attemptNumber, stripeMandateId } = step;
      const key = idempotencyKey(
        installationId,
        'confirm-payment-intent',
        customerId,
        chargeId,
        intentNumber,
        attemptNumber,
      );
      const isFirstTry = () => activityInfo().attempt === 1;
      try {
        if (attemptNumber > 1) {
          // Hands other than ours may have changed it, or paid it, since it was made.
          const reading = await read(paymentIntentId, step.known);
          if (!mayBeConfirmed(reading, step)) return { kind: 'paymentIntentRead', chargeId, reading };
        }
        if (await ledger.isKillSwitchOn()) {
          if (isFirstTry()) return { kind: 'halted', chargeId };
          throw ApplicationFailure.nonRetryable(
            'the kill switch is on; an earlier try may have been sent',
            'KillSwitchOn',
          );
        }
        const intent = await stripe.paymentIntents.confirm(
          paymentIntentId,
          {
            off_session: true,
            // Stripe clears the intent's card after a decline, and the customer's default is not ours to use.
            payment_method: step.paymentMethodId,
            ...(stripeMandateId === null ? {} : { mandate: stripeMandateId }),
            expand: ['latest_charge'],
          },
          { idempotencyKey: key },
        );
        // No answer can be hidden behind that of the first attempt.
        const reading =
          attemptNumber === 1
            ? paymentIntentReading(intent)
            : await callStripe(() => withUnrecordedAnswers(intent, step.known));
        return { kind: 'paymentIntentRead', chargeId, reading };
      } catch (error) {
        if (isRateLimit(error) && isFirstTry()) return { kind: 'rateLimited', chargeId };
        if (!isDecline(error) || !error.payment_intent) throw failureFrom(error);
        // An error is not expanded, and what the network said is on the charge.
        const latest_charge = error.charge ?? idOf(error.payment_intent.latest_charge);
        const unpaid = { ...error.payment_intent, latest_charge };
        const reading = await callStripe(() => withUnrecordedAnswers(unpaid, step.known));
        const requestId = error.requestId ?? null;
        return {
          kind: 'paymentIntentRead',
          chargeId,
          reading: { ...reading, decline: declineFrom(error), requestId },
        };
      }
    },

    /** The intent as Stripe has it now, which is authoritative at any age. */
    async readPaymentIntent({
      chargeId,
      paymentIntentId,
      known,
    }: CustomerStep<'readPaymentIntent'>): Promise<EventOf<'paymentIntentRead'>> {
      const reading = await callStripe(() => read(paymentIntentId, known));
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
          return await withUnrecordedAnswers(canceled, known);
        } catch (error) {
          if (isUnexpectedState(error)) return await read(paymentIntentId, known);
          throw error;
        }
      });
      return { kind: 'paymentIntentRead', chargeId, reading };
    },
  };
}

/** Unpaid, and over what is owed by whom it is owed. */
function mayBeConfirmed(
  reading: PaymentIntentReading,
  { amount, currency, stripeCustomerId }: CustomerStep<'confirmPaymentIntent'>,
): boolean {
  return (
    CONFIRMABLE.includes(reading.status) &&
    reading.amount === amount &&
    reading.currency === currency &&
    reading.stripeCustomerId === stripeCustomerId
  );
}
