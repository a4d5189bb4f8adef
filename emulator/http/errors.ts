// The errors the API answers with, in Stripe's shape. It decides nothing about when to raise one.
import type Stripe from 'stripe';

/** What stands under `error` in an answer; the same fields as `last_payment_error` and `last_setup_error`. */
export type ErrorBody = Stripe.PaymentIntent.LastPaymentError;

/**
 * An answer other than 2xx.
 * `executed` says whether the request had begun to act: only then is the answer kept under its idempotency key
 * (docs.stripe.com/api/idempotent_requests).
 */
export class StripeProblem extends Error {
  override readonly name = 'StripeProblem';
  readonly status: number;
  readonly body: ErrorBody;
  readonly executed: boolean;
  constructor(status: number, body: ErrorBody, executed = false) {
    super(body.message ?? body.code ?? 'error');
    this.status = status;
    this.body = body;
    this.executed = executed;
  }
}

/** 400: the request is wrong whatever the state of things; it changes nothing. */
export function invalidRequest(
  message: string,
  details: { code?: string; param?: string } = {},
): StripeProblem {
  return new StripeProblem(400, { type: 'invalid_request_error', message, ...details });
}

/** 404: there is no such object. */
export function resourceMissing(kind: string, id: string, param = 'id'): StripeProblem {
  return new StripeProblem(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${kind}: '${id}'`,
    param,
  });
}

/** 400 for an intent whose status does not allow what was asked; the intent travels with the error. */
export function unexpectedState(
  message: string,
  intent: { payment_intent: Stripe.PaymentIntent } | { setup_intent: Stripe.SetupIntent },
): StripeProblem {
  const code =
    'payment_intent' in intent ? 'payment_intent_unexpected_state' : 'setup_intent_unexpected_state';
  return new StripeProblem(400, { type: 'invalid_request_error', code, message, ...intent }, true);
}

/** 401: no key, a key of the wrong kind, or a live key. */
export function unauthorized(message: string, code?: string): StripeProblem {
  return new StripeProblem(401, { type: 'invalid_request_error', message, ...(code ? { code } : {}) });
}
