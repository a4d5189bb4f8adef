// Which HTTP status a refusal gets: a new code does not compile until it has one.
import type { RefusalCode } from '../../domain/shared/refusal.ts';

export const HTTP_STATUS = {
  invalid_request: 400,
  customer_not_found: 404,
  charge_not_found: 404,
  customer_conflict: 409,
  customer_cancelled: 409,
  stripe_customer_in_use: 409,
  payment_method_in_use: 409,
  charge_conflict: 409,
  charge_closed: 409,
  wrong_state: 409,
  no_mandate: 409,
  card_not_chargeable: 409,
  enrolment_closed: 409,
  too_many_open_charges: 409,
  consent_required: 422,
  return_url_not_allowed: 422,
  amount_too_small: 422,
  amount_too_large: 422,
  amount_not_whole: 422,
  currency_unsupported: 422,
  currency_not_agreed: 422,
  mandate_limit_exceeded: 422,
  metadata_reserved: 422,
  policy_unknown: 422,
} as const satisfies Record<RefusalCode, number>;
