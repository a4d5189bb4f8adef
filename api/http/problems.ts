// Problems as RFC 9457 has them: the answers of this api that are no success.

/** Codes of this boundary, beside the domain's `RefusalCode`. Part of the HTTP contract: added, never changed. */
export type ProblemCode =
  | 'invalid_request'
  | 'invalid_json'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'payload_too_large'
  | 'headers_too_large'
  | 'unsupported_media_type'
  | 'too_many_requests'
  | 'link_not_found'
  | 'link_closed'
  | 'webhook_signature_missing'
  | 'webhook_signature_invalid'
  | 'webhook_timestamp_stale'
  | 'webhook_timestamp_future'
  | 'webhook_payload_invalid'
  | 'webhook_livemode_mismatch'
  | 'customer_paused'
  | 'request_timeout'
  | 'temporal_unavailable'
  | 'ledger_unavailable'
  | 'stripe_unavailable'
  | 'payments_stopped'
  | 'internal_error';

/** One thing wrong with a request: where, and what. */
export interface FieldError {
  /** JSON pointer, from `/body`, `/params`, `/querystring` on. */
  readonly path: string;
  readonly message: string;
}

/** An answer that is no success. `message` is for people and says nothing of our insides. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[] | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  constructor(
    status: number,
    code: ProblemCode,
    message: string,
    more: {
      readonly errors?: readonly FieldError[];
      readonly retryAfter?: number;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.errors = more.errors;
    this.retryAfter = more.retryAfter;
  }
}

/** Seconds after which a caller may ask again when something we depend on did not answer. */
export const RETRY_AFTER = 5;

/** Something we depend on does not answer; the request may be repeated. */
export function unavailable(
  code: 'temporal_unavailable' | 'ledger_unavailable' | 'stripe_unavailable' | 'payments_stopped',
  message: string,
  cause?: unknown,
): Problem {
  return new Problem(503, code, message, { cause, retryAfter: RETRY_AFTER });
}

/** Too much from one key or one address. @param retryAfter seconds */
export function tooMany(message: string, retryAfter: number): Problem {
  return new Problem(429, 'too_many_requests', message, { retryAfter });
}

/** 400 for one field that a schema cannot judge. */
export function invalid(path: string, message: string): Problem {
  return new Problem(400, 'invalid_request', 'The request is not well-formed.', {
    errors: [{ path, message }],
  });
}
