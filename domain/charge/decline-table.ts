// What is known of each code that says why a card was declined: data alone, read by decline-codes.ts.

/**
 * `step_up`: only the customer can help. `hard`: never again on this card. `blocked`: Stripe itself said no, and the
 * issuer was never asked. `new_card`: this card cannot pay this. `soft`: days. `transient`: hours. `unknown`: nobody has
 * documented it, so soft with few attempts.
 */
export type DeclineClass = 'step_up' | 'hard' | 'blocked' | 'new_card' | 'soft' | 'transient' | 'unknown';

/** Of two classes the later one counts. Authentication is not among them: it comes before all of them. */
export const STRICTNESS: readonly DeclineClass[] = [
  'transient',
  'soft',
  'unknown',
  'new_card',
  'blocked',
  'hard',
];

/** What a customer may be told; the sentences are in customer-words.ts. */
export type CustomerWords =
  | 'declined'
  | 'authenticate'
  | 'insufficient_funds'
  | 'limit_reached'
  | 'expired'
  | 'check_card_data'
  | 'not_supported'
  | 'call_bank'
  | 'later';

export interface DeclineEntry {
  readonly class: DeclineClass;
  /** Absent: `declined`, and nothing else. So are those that Stripe wants kept from whoever holds the card. */
  readonly words?: CustomerWords;
  /** Asking again earlier is pointless or costs a fee. */
  readonly notBeforeHours?: number;
}

export interface DeclineEntries {
  readonly [code: string]: DeclineEntry;
}

/**
 * Stripe's `decline_code`, and those errors' `code` that say why by themselves. Which class a code is in is our reading
 * of its "next steps" (docs.stripe.com/declines/codes, docs.stripe.com/error-codes).
 */
export const BY_CODE: DeclineEntries = {
  authentication_required: { class: 'step_up', words: 'authenticate' },
  authentication_not_handled: { class: 'step_up', words: 'authenticate' },
  // The customer was at the bank, and it did not work.
  payment_intent_authentication_failure: { class: 'step_up', words: 'authenticate' },
  setup_intent_authentication_failure: { class: 'step_up', words: 'authenticate' },

  lost_card: { class: 'hard' },
  stolen_card: { class: 'hard' },
  pickup_card: { class: 'hard' },
  fraudulent: { class: 'hard' },
  merchant_blacklist: { class: 'hard' },
  restricted_card: { class: 'hard' },
  security_violation: { class: 'hard' },
  stop_payment_order: { class: 'hard', words: 'call_bank' },
  revocation_of_authorization: { class: 'hard', words: 'call_bank' },
  revocation_of_all_authorizations: { class: 'hard', words: 'call_bank' },
  transaction_not_allowed: { class: 'hard', words: 'not_supported' },
  incorrect_number: { class: 'hard', words: 'check_card_data' },
  invalid_number: { class: 'hard', words: 'check_card_data' },
  do_not_try_again: { class: 'hard', words: 'call_bank' },

  highest_risk_level: { class: 'blocked' },

  expired_card: { class: 'new_card', words: 'expired' },
  invalid_account: { class: 'new_card', words: 'call_bank' },
  new_account_information_available: { class: 'new_card', words: 'check_card_data' },
  incorrect_cvc: { class: 'new_card', words: 'check_card_data' },
  invalid_cvc: { class: 'new_card', words: 'check_card_data' },
  invalid_expiry_month: { class: 'new_card', words: 'check_card_data' },
  invalid_expiry_year: { class: 'new_card', words: 'check_card_data' },
  incorrect_zip: { class: 'new_card', words: 'check_card_data' },
  incorrect_address: { class: 'new_card', words: 'check_card_data' },
  card_not_supported: { class: 'new_card', words: 'not_supported' },
  currency_not_supported: { class: 'new_card', words: 'not_supported' },
  // Nobody is there to type a PIN.
  pin_try_exceeded: { class: 'new_card', words: 'call_bank' },
  incorrect_pin: { class: 'new_card', words: 'call_bank' },
  invalid_pin: { class: 'new_card', words: 'call_bank' },
  offline_pin_required: { class: 'new_card', words: 'call_bank' },
  online_or_offline_pin_required: { class: 'new_card', words: 'call_bank' },
  testmode_decline: { class: 'new_card' },
  // The Indian issuer no longer honours the e-mandate (docs.stripe.com/india-recurring-payments).
  transaction_not_approved: { class: 'new_card', words: 'call_bank' },
  payment_intent_mandate_invalid: { class: 'new_card' },
  india_recurring_payment_mandate_canceled: { class: 'new_card' },

  insufficient_funds: { class: 'soft', words: 'insufficient_funds' },
  card_velocity_exceeded: { class: 'soft', words: 'limit_reached' },
  withdrawal_count_limit_exceeded: { class: 'soft', words: 'limit_reached' },
  // Stripe asks for a day of rest (docs.stripe.com/error-codes).
  card_decline_rate_limit_exceeded: { class: 'soft', words: 'later', notBeforeHours: 24 },
  invalid_amount: { class: 'soft', words: 'call_bank' },
  do_not_honor: { class: 'soft', words: 'call_bank' },
  call_issuer: { class: 'soft', words: 'call_bank' },
  no_action_taken: { class: 'soft', words: 'call_bank' },
  not_permitted: { class: 'soft', words: 'call_bank' },
  service_not_allowed: { class: 'soft', words: 'call_bank' },
  generic_decline: { class: 'soft' },
  card_declined: { class: 'soft' },
  low_probability_of_authorization: { class: 'soft' },
  // A charge has one PaymentIntent, which is read before each further attempt: had it been paid, that would have shown.
  duplicate_transaction: { class: 'soft', words: 'later' },
  try_again_later: { class: 'soft', words: 'later' },

  processing_error: { class: 'transient', words: 'later' },
  issuer_not_available: { class: 'transient', words: 'later' },
  reenter_transaction: { class: 'transient', words: 'later' },
  approve_with_id: { class: 'transient', words: 'later' },
  payment_intent_rate_limit_exceeded: { class: 'transient', words: 'later' },
};

/** `outcome.reason` of what Stripe blocked; any other one, such as a rule of the merchant's own, is `blocked`. */
export const BY_BLOCK_REASON: DeclineEntries = {
  // Not now: Stripe expects the issuer to say no.
  low_probability_of_authorization: { class: 'soft' },
};

/** What the issuer itself advises (docs.stripe.com/declines/card#retrying-issuer-declines). */
export const BY_ADVICE: DeclineEntries = {
  try_again_later: { class: 'transient' },
  confirm_card_data: { class: 'new_card', words: 'check_card_data' },
  do_not_try_again: { class: 'hard' },
};

/**
 * The network's own two digits, which mean other things with another network. `transient` is the least restrictive class:
 * these say when, and the reason says what.
 */
export const BY_NETWORK_ADVICE: { readonly [network: string]: DeclineEntries } = {
  // Merchant advice codes (developer.paypal.com/braintree, docs.everonet.com, ixopay.com).
  mastercard: {
    '02': { class: 'transient', notBeforeHours: 72 },
    '03': { class: 'hard' },
    '21': { class: 'hard' },
    '24': { class: 'transient', notBeforeHours: 1 },
    '25': { class: 'transient', notBeforeHours: 24 },
    '26': { class: 'transient', notBeforeHours: 2 * 24 },
    '27': { class: 'transient', notBeforeHours: 4 * 24 },
    '28': { class: 'transient', notBeforeHours: 6 * 24 },
    '29': { class: 'transient', notBeforeHours: 8 * 24 },
    '30': { class: 'transient', notBeforeHours: 10 * 24 },
    // Prepaid cards that cannot be topped up, and virtual ones for one purchase: no day will be better than this one.
    '40': { class: 'new_card' },
    '41': { class: 'new_card' },
    '43': { class: 'new_card' },
  },
};
