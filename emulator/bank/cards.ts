// Stripe's test cards: their numbers, their `pm_card_*` tokens and what each does (docs.stripe.com/testing).
import { type Decline, declineFor } from './declines.ts';

export type Brand = 'visa' | 'mastercard' | 'amex' | 'discover' | 'diners' | 'jcb' | 'unionpay';

/** What a card with a mandate under India's rules does once the notified customer has had their time. */
export type IndianDebit = 'succeeds' | 'customer_cancels' | 'notification_fails' | 'mandate_cancelled';

/** What the cardholder says of a charge, and how: an inquiry asks, a chargeback takes the money at once. */
export interface Complaint {
  readonly reason: string;
  readonly caseType: 'inquiry' | 'chargeback';
}

export interface Card {
  readonly number: string;
  /** What follows `pm_card_`. */
  readonly tokens: readonly string[];
  readonly brand: Brand;
  readonly country: string;
  readonly funding: 'credit' | 'debit' | 'prepaid';
  /** What happens when the customer is there: always asked, asked if the merchant wants it, waved through, cannot be asked. */
  readonly customerPresent: 'challenge' | 'on_request' | 'frictionless' | 'not_supported';
  /** Whether the bank lets it be charged while the customer is away. */
  readonly customerAway: 'accepted' | 'once_set_up' | 'challenge';
  /** What every charge is declined with, authenticated or not. */
  readonly decline: Decline | null;
  /** Whether it can be saved at all; those that decline from the start cannot. */
  readonly attachable: 'yes' | 'no' | 'declined_after_challenge';
  readonly indianDebit: IndianDebit;
  /** Charges without a mandate are refused (the India mandate cards). */
  readonly needsMandate: boolean;
  readonly refund: 'succeeds' | 'pending_first' | 'fails_later';
  /** What its holder does about every charge that succeeds, or null. */
  readonly complaint: Complaint | null;
  /** Its issuer reports every charge that succeeds as fraud, without a dispute. */
  readonly reportsFraud: boolean;
}

const PLAIN: Omit<Card, 'number' | 'tokens'> = {
  brand: 'visa',
  country: 'US',
  funding: 'credit',
  customerPresent: 'on_request',
  customerAway: 'accepted',
  decline: null,
  attachable: 'yes',
  indianDebit: 'succeeds',
  needsMandate: false,
  refund: 'succeeds',
  complaint: null,
  reportsFraud: false,
};

function card(number: string, tokens: string[], differs: Partial<Card> = {}): Card {
  return { ...PLAIN, ...differs, number, tokens };
}

function declining(number: string, tokens: string[], declineCode: string): Card {
  return card(number, tokens, { decline: declineFor(declineCode), attachable: 'no' });
}

const CARDS: readonly Card[] = [
  card('4242424242424242', ['visa', 'us']),
  card('4000056655665556', ['visa_debit'], { funding: 'debit' }),
  card('5555555555554444', ['mastercard'], { brand: 'mastercard' }),
  card('5200828282828210', ['mastercard_debit'], { brand: 'mastercard', funding: 'debit' }),
  card('5105105105105100', ['mastercard_prepaid'], { brand: 'mastercard', funding: 'prepaid' }),
  card('378282246310005', ['amex', 'amex_threeDSecureNotSupported'], {
    brand: 'amex',
    customerPresent: 'not_supported',
  }),
  card('6011111111111117', ['discover'], { brand: 'discover' }),
  card('3056930009020004', ['diners'], { brand: 'diners' }),
  card('3566002020360505', ['jcb'], { brand: 'jcb' }),
  card('6200000000000005', ['unionpay'], { brand: 'unionpay' }),

  card('4000008260000000', ['gb'], { country: 'GB' }),
  card('4000002500000003', ['fr'], { country: 'FR' }),
  card('4000002760000016', ['de'], { country: 'DE' }),
  card('4000003720000005', ['ie'], { country: 'IE' }),
  card('4000003920000003', ['jp'], { country: 'JP' }),
  card('4000000360000006', ['au'], { country: 'AU' }),
  card('4000000760000002', ['br'], { country: 'BR' }),
  card('4000007020000003', ['sg'], { country: 'SG' }),
  card('4000003560000008', ['in'], { country: 'IN' }),

  card('4000002500003155', ['authenticationRequiredOnSetup'], {
    country: 'FR',
    customerPresent: 'challenge',
    customerAway: 'once_set_up',
  }),
  card('4000002760003184', ['authenticationRequired'], {
    country: 'DE',
    customerPresent: 'challenge',
    customerAway: 'challenge',
  }),
  card('4000003800000446', ['authenticationRequiredSetupForOffSession'], {
    country: 'HU',
    customerPresent: 'challenge',
  }),
  card('4000008260003178', ['authenticationRequiredChargeDeclinedInsufficientFunds'], {
    country: 'GB',
    customerPresent: 'challenge',
    customerAway: 'once_set_up',
    decline: declineFor('insufficient_funds'),
  }),
  card('4000000000003220', ['threeDSecure2Required', 'threeDSecureRequired'], {
    country: 'IE',
    customerPresent: 'challenge',
    customerAway: 'once_set_up',
  }),
  card('4000008400001629', ['threeDSecureRequiredChargeDeclined'], {
    customerPresent: 'challenge',
    customerAway: 'challenge',
    decline: declineFor('generic_decline'),
    attachable: 'declined_after_challenge',
  }),
  declining('4000008400001280', ['threeDSecureRequiredProcessingError'], 'generic_decline'),
  card('4000000000003055', ['threeDSecureOptional']),
  card('4000000032200000', [], { customerPresent: 'frictionless' }),

  card('4000000000000341', ['chargeCustomerFail'], { decline: declineFor('generic_decline') }),
  declining('4000000000000002', ['visa_chargeDeclined', 'chargeDeclined'], 'generic_decline'),
  declining(
    '4000000000009995',
    ['visa_chargeDeclinedInsufficientFunds', 'chargeDeclinedInsufficientFunds'],
    'insufficient_funds',
  ),
  declining('4000000000009987', ['visa_chargeDeclinedLostCard', 'chargeDeclinedLostCard'], 'lost_card'),
  declining('4000000000009979', ['visa_chargeDeclinedStolenCard', 'chargeDeclinedStolenCard'], 'stolen_card'),
  declining('4000000000000069', ['chargeDeclinedExpiredCard'], 'expired_card'),
  declining('4000000000000127', ['chargeDeclinedIncorrectCvc'], 'incorrect_cvc'),
  declining('4000000000000119', ['chargeDeclinedProcessingError'], 'processing_error'),
  declining('4100000000000019', ['chargeDeclinedFraudulent'], 'fraudulent'),
  declining(
    '4000000000006975',
    ['visa_chargeDeclinedVelocityLimitExceeded', 'chargeDeclinedVelocityLimitExceeded'],
    'card_velocity_exceeded',
  ),

  card('4000000000007726', ['pendingRefund'], { refund: 'pending_first' }),
  card('4000000000005126', ['refundFail'], { refund: 'fails_later' }),

  card('4000000000000259', ['createDispute'], {
    complaint: { reason: 'fraudulent', caseType: 'chargeback' },
  }),
  card('4000000000002685', ['createDisputeProductNotReceived'], {
    complaint: { reason: 'product_not_received', caseType: 'chargeback' },
  }),
  card('4000000000001976', ['createDisputeInquiry'], {
    complaint: { reason: 'fraudulent', caseType: 'inquiry' },
  }),

  card('4000000000005423', ['createIssuerFraudRecord'], { reportsFraud: true }),

  card('4000003560000123', [], { country: 'IN', customerPresent: 'challenge', needsMandate: true }),
  card('4000003560000297', [], {
    country: 'IN',
    customerPresent: 'challenge',
    needsMandate: true,
    indianDebit: 'customer_cancels',
  }),
  card('4000003560000248', [], {
    country: 'IN',
    customerPresent: 'challenge',
    needsMandate: true,
    indianDebit: 'notification_fails',
  }),
  card('4000003560000263', [], {
    country: 'IN',
    customerPresent: 'challenge',
    needsMandate: true,
    indianDebit: 'mandate_cancelled',
  }),
];

const BY_NUMBER = new Map(CARDS.map((entry) => [entry.number, entry]));
const BY_TOKEN = new Map(CARDS.flatMap((entry) => entry.tokens.map((token) => [`pm_card_${token}`, entry])));

/** The test card with this number (digits only), or undefined: no other number exists here. */
export function cardByNumber(number: string): Card | undefined {
  return BY_NUMBER.get(number);
}

/** The test card behind a `pm_card_*` token, or undefined. */
export function cardByToken(token: string): Card | undefined {
  return BY_TOKEN.get(token);
}

/** Whether Stripe makes a Mandate when this card is saved with mandate options: India, Visa or Mastercard. */
export function takesMandate(subject: Card): boolean {
  return subject.country === 'IN' && (subject.brand === 'visa' || subject.brand === 'mastercard');
}
