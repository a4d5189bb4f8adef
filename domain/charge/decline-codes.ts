// What class of decline each of Stripe's codes is, and so what may be done next.
import type { Decline } from '../model/charge.ts';

/**
 * `step_up`: only the customer can help. `hard`: never again on this card. `new_card`: this card's data is wrong.
 * `soft`: days. `transient`: hours. `unknown`: nobody has documented it, so soft with few attempts.
 */
export type DeclineClass = 'step_up' | 'hard' | 'new_card' | 'soft' | 'transient' | 'unknown';

const AUTHENTICATION_CODES = new Set(['authentication_required', 'authentication_not_handled']);

/** The customer was at the bank and it did not work (docs.stripe.com/error-codes). */
const AUTHENTICATION_FAILURES = new Set([
  'payment_intent_authentication_failure',
  'setup_intent_authentication_failure',
]);

/** docs.stripe.com/declines/codes; which class a code is in is our reading of its "next steps". */
const BY_CODE: { readonly [code: string]: DeclineClass } = {
  ...classOf('hard', [
    'lost_card',
    'stolen_card',
    'pickup_card',
    'incorrect_number',
    'invalid_number',
    'revocation_of_authorization',
    'revocation_of_all_authorizations',
    'highest_risk_level',
    'stop_payment_order',
    'fraudulent',
    'merchant_blacklist',
    'transaction_not_allowed',
    'restricted_card',
    'security_violation',
  ]),
  ...classOf('new_card', [
    'expired_card',
    'invalid_account',
    'new_account_information_available',
    'incorrect_cvc',
    'invalid_cvc',
    'invalid_expiry_month',
    'invalid_expiry_year',
    'card_not_supported',
    'currency_not_supported',
    'pin_try_exceeded',
    // The Indian issuer no longer honours the e-mandate (docs.stripe.com/india-recurring-payments).
    'transaction_not_approved',
    'payment_intent_mandate_invalid',
    'india_recurring_payment_mandate_canceled',
  ]),
  ...classOf('soft', [
    'insufficient_funds',
    'card_velocity_exceeded',
    'withdrawal_count_limit_exceeded',
    'do_not_honor',
    'generic_decline',
    'card_declined',
    'call_issuer',
    'no_action_taken',
    'not_permitted',
    'invalid_amount',
    'try_again_later',
    'duplicate_transaction',
  ]),
  ...classOf('transient', [
    'processing_error',
    'issuer_not_available',
    'reenter_transaction',
    'approve_with_id',
  ]),
};

/** What the issuer itself advises (docs.stripe.com/declines#retrying-issuer-declines). */
const BY_ADVICE: { readonly [advice: string]: DeclineClass } = {
  do_not_try_again: 'hard',
  confirm_card_data: 'new_card',
};

const STRICTNESS: readonly DeclineClass[] = ['transient', 'soft', 'unknown', 'new_card', 'hard'];

/**
 * What we may do after an issuer declined: authentication first, then the more restrictive
 * of the issuer's advice and its reason, then the error's own code.
 * Sources: docs.stripe.com/declines/codes, docs.stripe.com/declines#retrying-issuer-declines
 */
export function classifyDecline(decline: Pick<Decline, 'code' | 'declineCode' | 'adviceCode'>): DeclineClass {
  const reason = decline.declineCode ?? decline.code;
  if (AUTHENTICATION_CODES.has(reason) || AUTHENTICATION_CODES.has(decline.code)) return 'step_up';
  const byReason =
    BY_CODE[reason] ?? BY_CODE[decline.code === 'card_declined' ? '' : decline.code] ?? 'unknown';
  const byAdvice = BY_ADVICE[decline.adviceCode ?? ''];
  if (byAdvice === undefined) return byReason;
  return STRICTNESS.indexOf(byAdvice) > STRICTNESS.indexOf(byReason) ? byAdvice : byReason;
}

/** The customer was asked by the bank and failed or gave up: not the card's fault. */
export function isAuthenticationFailure(decline: Pick<Decline, 'code' | 'declineCode'>): boolean {
  return AUTHENTICATION_FAILURES.has(decline.code) || AUTHENTICATION_FAILURES.has(decline.declineCode ?? '');
}

function classOf(as: DeclineClass, codes: readonly string[]): { [code: string]: DeclineClass } {
  return Object.fromEntries(codes.map((code) => [code, as]));
}
