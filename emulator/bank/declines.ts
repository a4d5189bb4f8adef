// The words a bank uses to decline: codes, advice and messages as Stripe passes them on.

/** One decline, as it appears on the error, the charge's outcome and `last_payment_error`. */
export interface Decline {
  /** Stripe's `code`: `card_declined`, or the decline code itself for the few that have their own. */
  code: string;
  declineCode: string;
  adviceCode: string | null;
  networkDeclineCode: string | null;
  networkAdviceCode: string | null;
  message: string;
  /** Stripe itself blocked it, for this reason, and never asked the bank. */
  blockedFor?: string;
}

interface Wording {
  readonly advice?: string;
  readonly network?: string;
  readonly message?: string;
}

/** Decline codes that are their own `code`; for all others `code` is `card_declined`. */
const OWN_CODE = new Set(['expired_card', 'incorrect_cvc', 'processing_error', 'authentication_required']);

const WORDINGS: Readonly<Record<string, Wording>> = {
  generic_decline: { advice: 'try_again_later', network: '05' },
  insufficient_funds: {
    advice: 'try_again_later',
    network: '51',
    message: 'Your card has insufficient funds.',
  },
  lost_card: { advice: 'do_not_try_again', network: '41' },
  stolen_card: { advice: 'do_not_try_again', network: '43' },
  expired_card: { advice: 'confirm_card_data', network: '54', message: 'Your card has expired.' },
  incorrect_cvc: {
    advice: 'confirm_card_data',
    network: 'N7',
    message: "Your card's security code is incorrect.",
  },
  processing_error: {
    advice: 'try_again_later',
    network: '96',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
  fraudulent: { network: '59' },
  card_velocity_exceeded: {
    network: '65',
    message:
      'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
  },
  authentication_required: {
    network: '1A',
    message: 'Your card was declined. This transaction requires authentication.',
  },
  do_not_honor: { network: '05' },
  call_issuer: { network: '01' },
  pickup_card: { network: '04' },
  invalid_amount: { network: '13' },
  invalid_account: { network: '14' },
  reenter_transaction: { network: '19' },
  transaction_not_allowed: { network: '57' },
  restricted_card: { network: '62' },
  security_violation: { network: '63' },
  pin_try_exceeded: { network: '75' },
  issuer_not_available: { network: '91' },
  stop_payment_order: { network: 'R0' },
  revocation_of_authorization: { network: 'R1' },
  revocation_of_all_authorizations: { network: 'R3' },
};

const NETWORK_ADVICE: Readonly<Record<string, string>> = {
  confirm_card_data: '01',
  try_again_later: '02',
  do_not_try_again: '03',
};

/**
 * A decline for `declineCode`, with the issuer's usual advice unless another is given.
 * A code nobody has documented is taken as it is: Stripe's list is open.
 */
export function declineFor(
  declineCode: string,
  adviceCode?: string | null,
  networkAdviceCode?: string | null,
): Decline {
  const wording = WORDINGS[declineCode] ?? {};
  const advice = adviceCode === undefined ? (wording.advice ?? null) : adviceCode;
  return {
    code: OWN_CODE.has(declineCode) ? declineCode : 'card_declined',
    declineCode,
    adviceCode: advice,
    networkDeclineCode: wording.network ?? null,
    networkAdviceCode: networkAdviceCode ?? (advice ? (NETWORK_ADVICE[advice] ?? null) : null),
    message: wording.message ?? 'Your card was declined.',
  };
}

/** What Stripe blocks is told like a decline without a reason; why is on the charge's outcome only. */
export function blockFor(reason: string): Decline {
  return { ...declineFor('generic_decline', null), networkDeclineCode: null, blockedFor: reason };
}
