// Asks for the money of a charge while the customer is away.
import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type { EventOf } from '../domain/model/events.ts';
import type { PaymentIntentReading } from '../domain/model/stripe-objects.ts';
import { MINUTE } from '../domain/shared/time.ts';
import { callStripe, failureFrom, isDecline, isRateLimit } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { idOf } from '../stripe/object-id.ts';
import { declineFrom } from '../stripe/objects/decline.ts';
import { paymentIntentReading } from '../stripe/objects/payment-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';
import { readIntent, withUnrecordedAnswers } from './read-intent.ts';

/** For this long an intent is taken to be as we made it, for a call to Stripe may wait in its queue. */
const NEW_FOR = 5 * MINUTE;

/** Intents that a confirm off-session is for; what any other status means is for the domain to say. */
const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation'];

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createConfirmPaymentIntentActivity({ stripe, ledger }: StripeDependencies) {
  /** The domain has an intent read that something held up; this call may itself have waited for a worker, for hours. */
  async function isNew(paymentIntentId: string): Promise<boolean> {
    const indexedForMs = await ledger.indexedForMs(paymentIntentId);
    return indexedForMs !== null && indexedForMs < NEW_FOR;
  }

  return {
    /**
     * Confirms the charge's intent; a decline is an answer. No other call can move money, so the kill switch is asked right
     * before this one.
     * @throws ApplicationFailure `KillSwitchOn` (not retried) where an earlier try of this activity may have been sent
     */
    async confirmPaymentIntent(
      step: CustomerStep<'confirmPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentRead'> | EventOf<'halted'> | EventOf<'rateLimited'>> {
      const { customerId, chargeId, paymentIntentId, intentNumber, attemptNumber, stripeMandateId } = step;
      const key = idempotencyKey(
        ledger.installationId,
        'confirm-payment-intent',
        customerId,
        chargeId,
        intentNumber,
        attemptNumber,
      );
      const isFirstTry = () => activityInfo().attempt === 1;
      try {
        if (attemptNumber > 1 || !(await isNew(paymentIntentId))) {
          // Somebody else may have changed it, or paid it, since it was made or last read.
          const reading = await readIntent(stripe, paymentIntentId, step.known);
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
            : await callStripe(() => withUnrecordedAnswers(stripe, intent, step.known));
        return { kind: 'paymentIntentRead', chargeId, reading };
      } catch (error) {
        if (isRateLimit(error) && isFirstTry()) return { kind: 'rateLimited', chargeId };
        if (!isDecline(error) || !error.payment_intent) throw failureFrom(error);
        // An error is not expanded, and what the network said is on the charge.
        const latest_charge = error.charge ?? idOf(error.payment_intent.latest_charge);
        const unpaid = { ...error.payment_intent, latest_charge };
        const reading = await callStripe(() => withUnrecordedAnswers(stripe, unpaid, step.known));
        const requestId = error.requestId ?? null;
        return {
          kind: 'paymentIntentRead',
          chargeId,
          reading: { ...reading, decline: declineFrom(error), requestId },
        };
      }
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
