// What an error of Stripe's means for us. Its message and body stop here: they may hold secrets and personal data.
import { ApplicationFailure } from '@temporalio/activity';
import Stripe from 'stripe';
import type { Decline } from '../domain/model/charge.ts';

/** Our fault or the account's: the same request again would be refused again. */
const STRIPE_REJECTED = 'StripeRejected';

/**
 * The failure to throw for anything but a decline. Only a decline says "no money moved": a time-out, a dropped
 * connection, a 5xx or a key in use says nothing, and the same request may be sent again under the same key
 * (docs.stripe.com/error-low-level). A bad API key is retried too: it stops the queue, not the customer.
 * Its `details` are Stripe's code and request id, where there was an answer.
 */
export function failureFrom(error: unknown): ApplicationFailure {
  if (!(error instanceof Stripe.errors.StripeError)) {
    const name = error instanceof Error ? error.name : typeof error;
    return ApplicationFailure.create({ type: 'Unexpected', message: `unexpected fault: ${name}` });
  }
  const code = codeOf(error);
  const words = ['Stripe', error.statusCode ?? 'no answer', code, error.requestId].filter(Boolean).join(' ');
  const details = [code, error.requestId ?? null];
  if (isRateLimit(error))
    return ApplicationFailure.create({
      type: 'StripeRateLimited',
      message: words,
      nextRetryDelay: '3s',
      details,
    });
  const isOurs =
    error instanceof Stripe.errors.StripeInvalidRequestError ||
    error instanceof Stripe.errors.StripeIdempotencyError ||
    error instanceof Stripe.errors.StripeCardError;
  if (isOurs) {
    return ApplicationFailure.create({
      type: STRIPE_REJECTED,
      message: words,
      nonRetryable: true,
      details,
    });
  }
  return ApplicationFailure.create({ type: 'StripeUnavailable', message: words, details });
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
  const codes = ['payment_intent_unexpected_state', 'setup_intent_unexpected_state', 'intent_invalid_state'];
  return error instanceof Stripe.errors.StripeInvalidRequestError && codes.includes(error.code ?? '');
}

/** A decline's codes, as `last_payment_error`, `last_setup_error` and the SDK's error carry them; never its message. */
export function declineFrom(error: {
  readonly code?: string | null;
  readonly decline_code?: string | null;
  readonly advice_code?: string | null;
  readonly network_decline_code?: string | null;
  readonly network_advice_code?: string | null;
}): Decline {
  return {
    code: error.code ?? 'card_declined',
    declineCode: error.decline_code ?? null,
    adviceCode: error.advice_code ?? null,
    networkDeclineCode: error.network_decline_code ?? null,
    networkAdviceCode: error.network_advice_code ?? null,
  };
}

function codeOf(error: InstanceType<typeof Stripe.errors.StripeError>): string {
  return error.code ?? error.rawType ?? error.type;
}
