// One card as a payment method: how it is made, shown, and named in errors.
import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { type Card, cardByNumber } from '../bank/cards.ts';
import type { Decline } from '../bank/declines.ts';
import type { ErrorBody } from '../http/errors.ts';
import { docUrl } from '../http/errors.ts';
import { newId } from '../store/ids.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { World } from '../store/world.ts';

/** The test card behind a payment method. */
export function cardOf(record: PaymentMethodRecord): Card {
  const card = cardByNumber(record.number);
  if (!card) throw new Error(`payment method ${record.wire.id} has a number outside the table`);
  return card;
}

/** How an error names a decline. */
export function declinedError(decline: Decline, paymentMethod: Stripe.PaymentMethod): ErrorBody {
  return {
    type: 'card_error',
    code: decline.code,
    decline_code: decline.declineCode,
    doc_url: docUrl(decline.code),
    message: decline.message,
    payment_method: structuredClone(paymentMethod),
    payment_method_type: 'card',
    ...(decline.adviceCode ? { advice_code: decline.adviceCode } : {}),
    ...(decline.networkAdviceCode ? { network_advice_code: decline.networkAdviceCode } : {}),
    ...(decline.networkDeclineCode ? { network_decline_code: decline.networkDeclineCode } : {}),
  };
}

export function newPaymentMethod(world: World, card: Card): PaymentMethodRecord {
  const record: PaymentMethodRecord = {
    wire: {
      id: newId('pm'),
      object: 'payment_method',
      allow_redisplay: 'unspecified',
      billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
      card: {
        brand: card.brand,
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'unchecked' },
        country: card.country,
        display_brand: card.brand,
        exp_month: 12,
        exp_year: new Date(world.nowMs()).getUTCFullYear() + 4,
        fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
        funding: card.funding,
        generated_from: null,
        last4: card.number.slice(-4),
        networks: { available: [card.brand], preferred: null },
        regulated_status: 'unregulated',
        three_d_secure_usage: { supported: card.customerPresent !== 'not_supported' },
        wallet: null,
      },
      created: world.now(),
      customer: null,
      customer_account: null,
      livemode: false,
      metadata: {},
      type: 'card',
    },
    number: card.number,
    setUp: false,
    spent: false,
    mandateId: null,
  };
  world.store.paymentMethods.put(record.wire.id, record);
  return record;
}
