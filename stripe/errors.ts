// What each of Stripe's errors means for us; its message and body stop here, for they may hold secrets and personal data.
import { ApplicationFailure } from '@temporalio/activity';
import Stripe from 'stripe';
import { LIVEMODE_MISMATCH } from './checked-answers.ts';

/** Our fault or the account's: the same request again would be refused again. */
const STRIPE_REJECTED = 'StripeRejected';

/** Codes of an object that is no longer in a state for the call. */
const UNEXPECTED_STATE = [
  'payment_intent_unexpected_state',
  'setup_intent_unexpected_state',
  'intent_invalid_state',
];

/**
 * Runs calls to Stripe and turns an error into the failure to throw.
 * @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited`
 */
export async function callStripe<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw failureFrom(error);
  }
}

/**
 * The failure to throw for anything but a decline. Only a decline says "no money moved": a time-out, a dropped
 * connection, a 5xx or a key in use says nothing, and the same request may be sent again under the same key
 * (docs.stripe.com/error-low-level). A bad API key is retried too: it stops the queue, not the customer.
 * Its `details` are Stripe's code, request id and the parameter it is about, each null where there is none.
 */
export function failureFrom(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    const name = error instanceof Error ? error.name : typeof error;
    return ApplicationFailure.create({ type: 'Unexpected', message: `unexpected fault: ${name}` });
  }
  const code = error.code ?? error.rawType ?? error.type;
  const message = ['Stripe', error.statusCode ?? 'no answer', code, error.requestId]
    .filter(Boolean)
    .join(' ');
  const details = [code, error.requestId ?? null, error.param ?? null];
  if (isRateLimit(error))
    return ApplicationFailure.create({ type: 'StripeRateLimited', message, nextRetryDelay: '3s', details });
  const isRejected =
    error instanceof Stripe.errors.StripeInvalidRequestError ||
    error instanceof Stripe.errors.StripeIdempotencyError ||
    error instanceof Stripe.errors.StripeCardError ||
    error.code === LIVEMODE_MISMATCH;
  return isRejected
    ? ApplicationFailure.create({ type: STRIPE_REJECTED, message, nonRetryable: true, details })
    : ApplicationFailure.create({ type: 'StripeUnavailable', message, details });
}

/** Turned away unread: nothing was done, and nothing is kept under the key (docs.stripe.com/rate-limits). */
export function isRateLimit(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeRateLimitError;
}

/** Whether the issuer, or Stripe on its behalf, said no. The SDK makes a card error of every 402. */
export function isDecline(error: unknown): error is InstanceType<typeof Stripe.errors.StripeCardError> {
  return error instanceof Stripe.errors.StripeCardError && error.rawType === 'card_error';
}

/** The object is no longer in a state for this call: its present state is the answer. */
export function isUnexpectedState(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeInvalidRequestError && UNEXPECTED_STATE.includes(error.code ?? '')
  );
}
