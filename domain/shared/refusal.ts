// The error for a request that a person made and that is refused, and its codes.

/** Part of the HTTP contract: a code may be added, never changed. */
const REFUSAL_CODES = [
  'invalid_request',
  'customer_not_found',
  'customer_conflict',
  'customer_cancelled',
  'stripe_customer_in_use',
  'payment_method_in_use',
  'charge_not_found',
  'charge_conflict',
  'charge_closed',
  'wrong_state',
  'no_mandate',
  'card_not_chargeable',
  'consent_required',
  'enrolment_closed',
  'return_url_not_allowed',
  'amount_too_small',
  'amount_too_large',
  'amount_not_whole',
  'currency_unsupported',
  'currency_not_agreed',
  'mandate_limit_exceeded',
  'metadata_reserved',
  'policy_unknown',
  'too_many_open_charges',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A refusal the caller can act on. `code` is API contract, `message` is for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Narrows a code that came over the wire from a workflow. */
export function isRefusalCode(code: unknown): code is RefusalCode {
  return REFUSAL_CODES.some((known) => known === code);
}
