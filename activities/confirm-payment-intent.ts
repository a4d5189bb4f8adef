// Asks for the money of a charge while the customer is away: no other call can move money.
import { ApplicationFailure } from '@temporalio/activity';
import type { EventOf } from '../domain/model/events.ts';
import type { PaymentIntentReading } from '../domain/model/stripe-objects.ts';
import { MINUTE } from '../domain/shared/time.ts';
import { callStripe, isDecline } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { idOf } from '../stripe/object-id.ts';
import { declineFrom } from '../stripe/objects/decline.ts';
import { paymentIntentReading } from '../stripe/objects/payment-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';
import { readIntent, withUnrecordedAnswers } from './read-intent.ts';
import type { Try } from './try.ts';

/** For this long an intent is taken to be as we made it: after that somebody else may have changed it, or paid it. */
const NEW_FOR = 1 * MINUTE;

/** Intents that a confirm off-session is for; what any other status means is for the domain to say. */
const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation'];

/**
 * Confirms the charge's intent; a decline is an answer. The kill switch is asked right before, when this
 * request's turn has come, and after that only whether this try is still wanted.
 * @param step its `paymentIntentId` is written down
 * @param indexedForMs how long it has been written down; null where that is not known
 * @throws whatever Stripe's SDK throws
 * @throws ApplicationFailure `KillSwitchOn` (not retried) where an earlier try of this activity may have been sent
 */
export async function confirmPaymentIntent(
  { stripe, ledger }: StripeDependencies,
  step: CustomerStep<'attemptCharge'> & { readonly paymentIntentId: string },
  indexedForMs: number | null,
  currentTry: Try,
): Promise<EventOf<'paymentIntentRead'> | EventOf<'halted'>> {
  const { customerId, chargeId, paymentIntentId, intentNumber, attemptNumber, stripeMandateId, known } = step;
  const key = idempotencyKey(
    ledger.installationId,
    'confirm-payment-intent',
    customerId,
    chargeId,
    intentNumber,
    attemptNumber,
  );
  if (attemptNumber > 1 || indexedForMs === null || indexedForMs >= NEW_FOR) {
    const reading = await readIntent(stripe, paymentIntentId, known);
    if (!mayBeConfirmed(reading, step)) return { kind: 'paymentIntentRead', chargeId, reading };
  }
  await stripe.turnToConfirm();
  if (await ledger.isKillSwitchOn()) {
    if (currentTry.isFirst) return { kind: 'halted', chargeId };
    throw ApplicationFailure.nonRetryable(
      'the kill switch is on; an earlier try may have been sent',
      'KillSwitchOn',
    );
  }
  currentTry.failUnlessWanted();
  try {
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
        : await callStripe(() => withUnrecordedAnswers(stripe, intent, known));
    return { kind: 'paymentIntentRead', chargeId, reading };
  } catch (error) {
    if (!isDecline(error) || !error.payment_intent) throw error;
    // An error is not expanded, and what the network said is on the charge.
    const latest_charge = error.charge ?? idOf(error.payment_intent.latest_charge);
    const unpaid = { ...error.payment_intent, latest_charge };
    const reading = await callStripe(() => withUnrecordedAnswers(stripe, unpaid, known));
    const requestId = error.requestId ?? null;
    return {
      kind: 'paymentIntentRead',
      chargeId,
      reading: { ...reading, decline: declineFrom(error), requestId },
    };
  }
}

/** Unpaid, and over what is owed by whom it is owed. */
function mayBeConfirmed(
  reading: PaymentIntentReading,
  { amount, currency, stripeCustomerId }: CustomerStep<'attemptCharge'>,
): boolean {
  return (
    CONFIRMABLE.includes(reading.status) &&
    reading.amount === amount &&
    reading.currency === currency &&
    reading.stripeCustomerId === stripeCustomerId
  );
}
