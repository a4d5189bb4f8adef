// Which class a decline is in, and which word counts where the issuer says several things.
import { expect, test } from 'vitest';
import { classifyDecline, isAuthenticationFailure } from '../../../domain/charge/decline-codes.ts';

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
  // the issuer's reason
  { code: 'card_declined', declineCode: 'insufficient_funds', means: 'soft' },
  { code: 'card_declined', declineCode: 'do_not_honor', means: 'soft' },
  { code: 'card_declined', declineCode: 'duplicate_transaction', means: 'soft' },
  { code: 'card_declined', declineCode: 'issuer_not_available', means: 'transient' },
  { code: 'card_declined', declineCode: 'lost_card', means: 'hard' },
  { code: 'card_declined', declineCode: 'fraudulent', means: 'hard' },
  { code: 'card_declined', declineCode: 'transaction_not_approved', means: 'new_card' },
  // the code itself is the reason where there is no decline code, or an unknown one
  { code: 'expired_card', declineCode: null, means: 'new_card' },
  { code: 'processing_error', declineCode: null, means: 'transient' },
  { code: 'card_declined', declineCode: null, means: 'soft' },
  { code: 'expired_card', declineCode: 'a_code_of_tomorrow', means: 'new_card' },
  { code: 'card_declined', declineCode: 'a_code_of_tomorrow', means: 'unknown' },
  { code: 'a_code_of_tomorrow', declineCode: null, means: 'unknown' },
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
  {
    code: 'card_declined',
    declineCode: 'a_code_of_tomorrow',
    adviceCode: 'do_not_try_again',
    means: 'hard',
  },
] as const)('$code / $declineCode, advice $adviceCode, means $means', ({ means, ...words }) => {
  expect(classifyDecline({ adviceCode: null, ...words })).toBe(means);
});

test.each([
  { code: 'payment_intent_authentication_failure', declineCode: null, is: true },
  { code: 'setup_intent_authentication_failure', declineCode: null, is: true },
  { code: 'card_declined', declineCode: 'payment_intent_authentication_failure', is: true },
  { code: 'authentication_required', declineCode: 'authentication_required', is: false },
  { code: 'card_declined', declineCode: 'insufficient_funds', is: false },
])('$code / $declineCode is a failed authentication: $is', ({ is, ...words }) => {
  expect(isAuthenticationFailure(words)).toBe(is);
});
