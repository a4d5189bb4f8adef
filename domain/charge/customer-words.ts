// The sentences in which a customer may read why their card was declined.
import type { Decline } from '../model/charge.ts';
import { wordsForCustomer } from './decline-codes.ts';
import type { CustomerWords } from './decline-table.ts';

const SENTENCES: { readonly [Words in CustomerWords]: string } = {
  declined: 'Your card was declined. Please use another card, or ask your bank.',
  authenticate: 'Your bank wants you to confirm this payment.',
  insufficient_funds: 'There was not enough money on your card.',
  limit_reached: 'Your card has reached its limit.',
  expired: 'Your card has expired. Please use another card.',
  check_card_data: 'Your card’s details are no longer right. Please enter them again, or use another card.',
  not_supported: 'Your card cannot be used for this payment. Please use another card.',
  call_bank: 'Your bank declined this payment. Please ask your bank, or use another card.',
  later: 'Your bank could not answer. We will try again later.',
};

/** In English. Nothing that the holder of a stolen card must not learn. */
export function sentenceForCustomer(decline: Decline): string {
  return SENTENCES[wordsForCustomer(decline)];
}
