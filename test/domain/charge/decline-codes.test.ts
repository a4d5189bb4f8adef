// Which class each decline is in, which word counts where several are said, how long to wait, and what customers read.
import { describe, expect, test } from 'vitest';
import { sentenceForCustomer } from '../../../domain/charge/customer-words.ts';
import {
  classifyDecline,
  type DeclineClass,
  notBeforeHours,
  wordsForCustomer,
} from '../../../domain/charge/decline-codes.ts';
import { BY_ADVICE, BY_CODE, BY_NETWORK_ADVICE } from '../../../domain/charge/decline-table.ts';
import { decline } from '../fixtures.ts';

/** Every code that is documented, in its class. The table must have these and no others. */
const CODES: { readonly [Class in DeclineClass]: readonly string[] } = {
  step_up: [
    'authentication_required',
    'authentication_not_handled',
    'payment_intent_authentication_failure',
    'setup_intent_authentication_failure',
  ],
  hard: [
    'lost_card',
    'stolen_card',
    'pickup_card',
    'incorrect_number',
    'invalid_number',
    'revocation_of_authorization',
    'revocation_of_all_authorizations',
    'stop_payment_order',
    'fraudulent',
    'merchant_blacklist',
    'transaction_not_allowed',
    'restricted_card',
    'security_violation',
    'do_not_try_again',
  ],
  blocked: ['highest_risk_level'],
  new_card: [
    'expired_card',
    'invalid_account',
    'new_account_information_available',
    'incorrect_cvc',
    'invalid_cvc',
    'invalid_expiry_month',
    'invalid_expiry_year',
    'incorrect_zip',
    'incorrect_address',
    'card_not_supported',
    'currency_not_supported',
    'pin_try_exceeded',
    'incorrect_pin',
    'invalid_pin',
    'offline_pin_required',
    'online_or_offline_pin_required',
    'testmode_decline',
    'transaction_not_approved',
    'payment_intent_mandate_invalid',
    'india_recurring_payment_mandate_canceled',
  ],
  soft: [
    'insufficient_funds',
    'card_velocity_exceeded',
    'withdrawal_count_limit_exceeded',
    'card_decline_rate_limit_exceeded',
    'do_not_honor',
    'generic_decline',
    'card_declined',
    'call_issuer',
    'no_action_taken',
    'not_permitted',
    'service_not_allowed',
    'invalid_amount',
    'try_again_later',
    'duplicate_transaction',
    'low_probability_of_authorization',
  ],
  transient: [
    'processing_error',
    'issuer_not_available',
    'reenter_transaction',
    'approve_with_id',
    'payment_intent_rate_limit_exceeded',
  ],
  unknown: [],
};
const LISTED = Object.entries(CODES).flatMap(([means, codes]) => codes.map((code) => ({ code, means })));

test.each(LISTED)('$code is $means, as a decline code and as the code of an error', ({ code, means }) => {
  expect(classifyDecline({ code: 'card_declined', declineCode: code, adviceCode: null })).toBe(means);
  expect(classifyDecline({ code, declineCode: null, adviceCode: null })).toBe(means);
});

test('the table has no code that is not listed here', () => {
  expect(Object.keys(BY_CODE).toSorted()).toEqual(LISTED.map(({ code }) => code).toSorted());
  expect(Object.keys(BY_ADVICE).toSorted()).toEqual([
    'confirm_card_data',
    'do_not_try_again',
    'try_again_later',
  ]);
});

test.each([
  // authentication comes before everything else
  { code: 'authentication_required', declineCode: 'authentication_required', means: 'step_up' },
  { code: 'authentication_required', declineCode: 'authentication_not_handled', means: 'step_up' },
  { code: 'card_declined', declineCode: 'authentication_required', means: 'step_up' },
  {
    code: 'authentication_required',
    declineCode: 'authentication_required',
    adviceCode: 'do_not_try_again',
    means: 'step_up',
  },
  // the code itself is the reason where there is no decline code, or one that nobody has documented
  { code: 'card_declined', declineCode: null, means: 'soft' },
  { code: 'expired_card', declineCode: 'a_code_of_tomorrow', means: 'new_card' },
  { code: 'card_declined', declineCode: 'a_code_of_tomorrow', means: 'unknown' },
  { code: 'a_code_of_tomorrow', declineCode: null, means: 'unknown' },
  { code: 'toString', declineCode: 'constructor', means: 'unknown' },
  // the more restrictive of reason and advice
  {
    code: 'card_declined',
    declineCode: 'insufficient_funds',
    adviceCode: 'do_not_try_again',
    means: 'hard',
  },
  { code: 'card_declined', declineCode: 'do_not_honor', adviceCode: 'confirm_card_data', means: 'new_card' },
  { code: 'card_declined', declineCode: 'lost_card', adviceCode: 'try_again_later', means: 'hard' },
  { code: 'card_declined', declineCode: 'lost_card', adviceCode: 'confirm_card_data', means: 'hard' },
  { code: 'card_declined', declineCode: 'generic_decline', adviceCode: 'new_advice', means: 'soft' },
  { code: 'card_declined', declineCode: 'insufficient_funds', adviceCode: 'try_again_later', means: 'soft' },
  {
    code: 'card_declined',
    declineCode: 'a_code_of_tomorrow',
    adviceCode: 'try_again_later',
    means: 'unknown',
  },
  {
    code: 'card_declined',
    declineCode: 'a_code_of_tomorrow',
    adviceCode: 'do_not_try_again',
    means: 'hard',
  },
] as const)('$code / $declineCode, advice $adviceCode, means $means', ({ means, ...words }) => {
  expect(classifyDecline({ adviceCode: null, ...words })).toBe(means);
});

describe('the network’s own advice', () => {
  const advised = (
    network: string | undefined,
    networkAdviceCode: string,
    reason = 'insufficient_funds',
  ) => ({
    ...decline(reason),
    networkAdviceCode,
    ...(network === undefined ? {} : { network }),
  });

  test.each([
    { advice: '02', means: 'soft', hours: 72 },
    { advice: '03', means: 'hard', hours: 0 },
    { advice: '21', means: 'hard', hours: 0 },
    { advice: '24', means: 'soft', hours: 1 },
    { advice: '25', means: 'soft', hours: 24 },
    { advice: '26', means: 'soft', hours: 48 },
    { advice: '27', means: 'soft', hours: 96 },
    { advice: '28', means: 'soft', hours: 144 },
    { advice: '29', means: 'soft', hours: 192 },
    { advice: '30', means: 'soft', hours: 240 },
    { advice: '40', means: 'new_card', hours: 0 },
    { advice: '41', means: 'new_card', hours: 0 },
    { advice: '43', means: 'new_card', hours: 0 },
    { advice: '99', means: 'soft', hours: 0 },
  ])('Mastercard’s $advice on an empty account is $means, not before $hours hours', (row) => {
    const said = advised('mastercard', row.advice);
    expect(classifyDecline(said)).toBe(row.means);
    expect(notBeforeHours(said)).toBe(row.hours);
    for (const network of ['visa', 'amex', 'unknown', undefined]) {
      expect(classifyDecline(advised(network, row.advice))).toBe('soft');
      expect(notBeforeHours(advised(network, row.advice))).toBe(0);
    }
  });

  test('every advice of the table is among these', () => {
    expect(Object.keys(BY_NETWORK_ADVICE)).toEqual(['mastercard']);
    expect(Object.keys(BY_NETWORK_ADVICE.mastercard ?? {})).toHaveLength(13);
  });

  test('never makes a lost card worth another try, nor one whose customer is wanted a lost one', () => {
    expect(classifyDecline(advised('mastercard', '24', 'lost_card'))).toBe('hard');
    expect(classifyDecline(advised('mastercard', '40', 'lost_card'))).toBe('hard');
    expect(classifyDecline(advised('mastercard', '03', 'authentication_required'))).toBe('step_up');
  });
});

test.each([
  { blockedFor: 'highest_risk_level', means: 'blocked' },
  { blockedFor: 'rule', means: 'blocked' },
  { blockedFor: 'previously_declined_do_not_retry', means: 'blocked' },
  { blockedFor: 'a_reason_of_tomorrow', means: 'blocked' },
  { blockedFor: 'low_probability_of_authorization', means: 'soft' },
])('what Stripe itself blocked for $blockedFor is $means, whatever the code', ({ blockedFor, means }) => {
  for (const code of ['generic_decline', 'fraudulent', 'insufficient_funds'])
    expect(classifyDecline({ ...decline(code), blockedFor })).toBe(means);
});

test.each([
  'fraudulent',
  'lost_card',
  'stolen_card',
  'merchant_blacklist',
  'pickup_card',
  'restricted_card',
  'security_violation',
  'highest_risk_level',
  'a_code_of_tomorrow',
  'generic_decline',
])('of %s the customer reads no more than that the card was declined', (code) => {
  expect(wordsForCustomer(decline(code))).toBe('declined');
  expect(wordsForCustomer(decline(code, 'try_again_later'))).toBe('declined');
  expect(sentenceForCustomer(decline(code))).not.toMatch(/fraud|lost|stolen|risk|block/i);
});

test.each([
  ['insufficient_funds', /enough money/],
  ['expired_card', /expired/],
  ['card_velocity_exceeded', /limit/],
  ['do_not_honor', /ask your bank/],
  ['incorrect_cvc', /details/],
  ['issuer_not_available', /try again later/],
])('of %s the customer reads what helps them', (code, words) => {
  expect(sentenceForCustomer(decline(code))).toMatch(words);
});
