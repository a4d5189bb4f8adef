// A card as somebody gives it: typed into a form of Stripe.js, or by a `tok_*` token.
import { cardByNumber, cardByToken } from '../bank/cards.ts';
import { StripeProblem, unknownReference } from '../http/errors.ts';
import { group, missingParam, type Params } from '../http/params.ts';
import { integer, text } from '../http/readers.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { newPaymentMethod } from './payment-method.ts';

const FIELDS = { number: text, exp_month: integer, exp_year: integer, cvc: text, token: text };

export const typedCard = group(FIELDS);

/**
 * A new payment method from what a form or a token says.
 * @throws StripeProblem 402 for a number, month or year that cannot be, and for any number sent with a secret key
 */
export function paymentMethodFrom(call: Call, typed: Params<typeof FIELDS>): PaymentMethodRecord {
  if (typed.token !== undefined) {
    const card = cardByToken(typed.token.replace(/^tok_/, 'pm_card_'));
    if (!card) throw unknownReference('token', typed.token, 'card[token]');
    return newPaymentMethod(call.world, card);
  }
  const { number, exp_month: month, exp_year } = typed;
  if (number === undefined) throw missingParam('card[number]');
  if (month === undefined) throw missingParam('card[exp_month]');
  if (exp_year === undefined) throw missingParam('card[exp_year]');
  if (!call.publishable) {
    throw new StripeProblem(402, {
      type: 'invalid_request_error',
      message:
        'Sending credit card numbers directly to the Stripe API is generally unsafe. To continue processing use Stripe.js, the Stripe mobile bindings, or Stripe Elements.',
    });
  }
  const card = cardByNumber(number.replaceAll(/[ -]/g, ''));
  if (!card) throw cardError('incorrect_number', 'Your card number is incorrect.', 'number');
  if (month < 1 || month > 12) {
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  }
  const year = exp_year < 100 ? 2000 + exp_year : exp_year;
  const today = new Date(call.world.nowMs());
  const past = year * 12 + month < today.getUTCFullYear() * 12 + today.getUTCMonth() + 1;
  if (past || year > today.getUTCFullYear() + 50) {
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  }
  const record = newPaymentMethod(call.world, card);
  if (record.wire.card) {
    record.wire.card.exp_month = month;
    record.wire.card.exp_year = year;
  }
  return record;
}

function cardError(code: string, message: string, param: string): StripeProblem {
  return new StripeProblem(402, { type: 'card_error', code, message, param });
}
