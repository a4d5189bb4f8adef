// The errors the API answers with, in Stripe's shape.
import type Stripe from 'stripe';

/** What stands under `error` in an answer; the same fields as `last_payment_error` and `last_setup_error`. */
export type ErrorBody = Stripe.PaymentIntent.LastPaymentError;

interface Details {
  readonly code?: string;
  readonly param?: string;
}

/** The intent that an error is about travels with it. */
export type IntentInError = { payment_intent: Stripe.PaymentIntent } | { setup_intent: Stripe.SetupIntent };

/**
 * An answer other than 2xx.
 * `executed` says whether the request had begun to act: only then is the answer kept under its idempotency key.
 * Whatever depended on the state of an object counts as having begun
 * (docs.stripe.com/api/idempotent_requests; recorded of Stripe: `charge_already_refunded` is replayed).
 */
export class StripeProblem extends Error {
  override readonly name = 'StripeProblem';
  readonly status: number;
  readonly body: ErrorBody;
  readonly executed: boolean;
  constructor(status: number, body: ErrorBody, executed = false) {
    super(body.message ?? body.code ?? 'error');
    this.status = status;
    this.body = body.code ? { doc_url: docUrl(body.code), ...body } : body;
    this.executed = executed;
  }
}

/** Stripe's page about an error code. */
export function docUrl(code: string): string {
  return `https://docs.stripe.com/error-codes/${code.replaceAll('_', '-')}`;
}

/** 400: the request is wrong whatever the state of things. */
export function invalidRequest(message: string, details: Details = {}): StripeProblem {
  return new StripeProblem(400, { type: 'invalid_request_error', message, ...details });
}

/** 400: the request is in order, and the state of an object does not allow it. */
export function notAllowed(message: string, details: Details = {}): StripeProblem {
  return new StripeProblem(400, { type: 'invalid_request_error', message, ...details }, true);
}

/** 404: there is no object with the id in the path. */
export function resourceMissing(kind: string, id: string, param = 'id'): StripeProblem {
  return missing(404, kind, id, param);
}

/** 400: there is no object with the id that a parameter names. */
export function unknownReference(kind: string, id: string, param: string): StripeProblem {
  return missing(400, kind, id, param);
}

function missing(status: number, kind: string, id: string, param: string): StripeProblem {
  const message = `No such ${kind}: '${id}'`;
  return new StripeProblem(
    status,
    { type: 'invalid_request_error', code: 'resource_missing', message, param },
    true,
  );
}

/** 400 for an intent whose status does not allow what was asked. */
export function unexpectedState(message: string, intent: IntentInError): StripeProblem {
  const code =
    'payment_intent' in intent ? 'payment_intent_unexpected_state' : 'setup_intent_unexpected_state';
  return new StripeProblem(400, { type: 'invalid_request_error', code, message, ...intent }, true);
}

/** 401: no key, a key of the wrong kind, or a live key. */
export function unauthorized(message: string, code?: string): StripeProblem {
  return new StripeProblem(401, { type: 'invalid_request_error', message, ...(code ? { code } : {}) });
}
