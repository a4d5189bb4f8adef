// Payment methods: cards, made from a test token or, with a publishable key, from a test number.
import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { type Card, cardByNumber, cardByToken } from '../bank/cards.ts';
import { type Decline, declineFor } from '../bank/declines.ts';
import { type ErrorBody, invalidRequest, resourceMissing, StripeProblem } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import {
  asRecord,
  clearable,
  group,
  integer,
  mergeMetadata,
  metadata,
  missingParam,
  oneOf,
  type Params,
  readParams,
  text,
  texts,
  verbatim,
} from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call, World } from '../store/world.ts';
import { customerFor } from './customers.ts';
import { announce } from './events.ts';

const BILLING = group({ address: verbatim, email: clearable, name: clearable, phone: clearable });
const CREATE = {
  type: oneOf('card'),
  allow_redisplay: oneOf('always', 'limited', 'unspecified'),
  billing_details: BILLING,
  card: group({ number: text, exp_month: integer, exp_year: integer, cvc: text, token: text }),
  metadata,
  expand: texts,
};

/** The test card behind a payment method. */
export function cardOf(record: PaymentMethodRecord): Card {
  const found = cardByNumber(record.number);
  if (!found) throw new Error(`payment method ${record.wire.id} has a number outside the table`);
  return found;
}

/** How an error names a decline. */
export function declinedError(decline: Decline, paymentMethod: Stripe.PaymentMethod): ErrorBody {
  return {
    type: 'card_error',
    code: decline.code,
    decline_code: decline.declineCode,
    doc_url: `https://docs.stripe.com/error-codes/${decline.code.replaceAll('_', '-')}`,
    message: decline.message,
    payment_method: structuredClone(paymentMethod),
    payment_method_type: 'card',
    ...(decline.adviceCode ? { advice_code: decline.adviceCode } : {}),
    ...(decline.networkAdviceCode ? { network_advice_code: decline.networkAdviceCode } : {}),
    ...(decline.networkDeclineCode ? { network_decline_code: decline.networkDeclineCode } : {}),
  };
}

/**
 * The payment method a request names, fit to be used for `customerId`; a `pm_card_*` token makes a fresh one.
 * @throws StripeProblem 404 if there is none, 400 if it is used up or belongs to somebody else
 */
export function paymentMethodFor(
  call: Call,
  idOrToken: string,
  customerId: string | null,
): PaymentMethodRecord {
  const token = cardByToken(idOrToken);
  if (token) return createPaymentMethod(call.world, token);
  const record = call.world.store.paymentMethods.get(idOrToken);
  if (!record) throw resourceMissing('PaymentMethod', idOrToken, 'payment_method');
  if (record.spent) {
    throw invalidRequest(
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      { param: 'payment_method' },
    );
  }
  if (record.wire.customer !== null && record.wire.customer !== customerId) {
    throw invalidRequest(
      `The provided PaymentMethod cannot be used here: ${idOrToken} belongs to Customer ${String(record.wire.customer)}.`,
      { param: 'payment_method' },
    );
  }
  return record;
}

function createPaymentMethod(world: World, card: Card): PaymentMethodRecord {
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

/**
 * Saves the card with the customer.
 * @throws StripeProblem 402 for the cards that decline from the start
 */
export function attach(call: Call, record: PaymentMethodRecord, customerId: string): void {
  if (record.wire.customer === customerId) return;
  const card = cardOf(record);
  if (card.attachable !== 'yes') {
    const decline = card.decline ?? declineFor('generic_decline');
    throw new StripeProblem(402, declinedError(decline, record.wire), true);
  }
  record.wire.customer = customerId;
  call.world.store.paymentMethods.put(record.wire.id, record);
  announce(call, 'payment_method.attached', record.wire);
}

/** Takes the card away from its customer, for good. */
export function detach(call: Call, record: PaymentMethodRecord): void {
  const before = record.wire.customer;
  record.wire.customer = null;
  record.spent = true;
  call.world.store.paymentMethods.put(record.wire.id, record);
  announce(call, 'payment_method.detached', record.wire, { customer: before });
}

function stored(call: Call, id: string): PaymentMethodRecord {
  const record = call.world.store.paymentMethods.get(id);
  if (!record) throw resourceMissing('PaymentMethod', id, 'payment_method');
  return record;
}

function setBilling(wire: Stripe.PaymentMethod, given: Params<typeof CREATE>['billing_details']): void {
  if (!given) return;
  const { address, email, name, phone } = given;
  if (address) wire.billing_details.address = address as unknown as Stripe.Address;
  if (email !== undefined) wire.billing_details.email = email;
  if (name !== undefined) wire.billing_details.name = name;
  if (phone !== undefined) wire.billing_details.phone = phone;
}

function cardError(code: string, message: string, param: string): StripeProblem {
  return new StripeProblem(402, { type: 'card_error', code, message, param });
}

/** A new payment method from what a form or a token says. */
function createFrom(call: Call, params: Params<typeof CREATE, 'type' | 'card'>): PaymentMethodRecord {
  const given = params.card;
  if (given.token !== undefined) {
    const card = cardByToken(given.token.replace(/^tok_/, 'pm_card_'));
    if (!card) throw resourceMissing('token', given.token, 'card[token]');
    return createPaymentMethod(call.world, card);
  }
  const { number, exp_month, exp_year } = given;
  if (number === undefined) throw missingParam('card[number]');
  if (exp_month === undefined) throw missingParam('card[exp_month]');
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
  if (exp_month < 1 || exp_month > 12) {
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  }
  const year = exp_year < 100 ? 2000 + exp_year : exp_year;
  const today = new Date(call.world.nowMs());
  const past = year * 12 + exp_month < today.getUTCFullYear() * 12 + today.getUTCMonth() + 1;
  if (past || year > today.getUTCFullYear() + 50) {
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  }
  const record = createPaymentMethod(call.world, card);
  if (record.wire.card) {
    record.wire.card.exp_month = exp_month;
    record.wire.card.exp_year = year;
  }
  return record;
}

function listOf(call: Call, url: string, customerId: string, raw: unknown, extra: object = {}) {
  const params = readParams(raw, { ...PAGING, ...extra, type: text, allow_redisplay: text });
  customerFor(call, customerId);
  const matching = call.world.store.paymentMethods
    .newestFirst()
    .map(({ wire }) => wire)
    .filter(
      (wire) => wire.customer === customerId && (params.type === undefined || wire.type === params.type),
    );
  return page(url, matching, params);
}

export const paymentMethodRoutes: Route[] = [
  {
    method: 'POST',
    path: '/payment_methods',
    publishable: true,
    handle(call, raw) {
      const params = readParams(raw, CREATE, ['type', 'card']);
      const record = createFrom(call, params);
      if (params.allow_redisplay) record.wire.allow_redisplay = params.allow_redisplay;
      setBilling(record.wire, params.billing_details);
      record.wire.metadata = mergeMetadata(record.wire.metadata, params.metadata);
      call.world.store.paymentMethods.put(record.wire.id, record);
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/payment_methods/:id',
    handle(call, raw, { id }) {
      readParams(raw, { expand: texts });
      return stored(call, id).wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_methods/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, {
        billing_details: BILLING,
        card: group({ exp_month: integer, exp_year: integer }),
        metadata,
        expand: texts,
      });
      const record = stored(call, id);
      setBilling(record.wire, params.billing_details);
      if (params.card && record.wire.card) {
        record.wire.card.exp_month = params.card.exp_month ?? record.wire.card.exp_month;
        record.wire.card.exp_year = params.card.exp_year ?? record.wire.card.exp_year;
      }
      record.wire.metadata = mergeMetadata(record.wire.metadata, params.metadata);
      call.world.store.paymentMethods.put(id, record);
      announce(call, 'payment_method.updated', record.wire);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_methods/:id/attach',
    handle(call, raw, { id }) {
      const { customer } = readParams(raw, { customer: text, expand: texts }, ['customer']);
      customerFor(call, customer);
      const record = paymentMethodFor(call, id, customer);
      attach(call, record, customer);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_methods/:id/detach',
    handle(call, raw, { id }) {
      readParams(raw, { expand: texts });
      const record = stored(call, id);
      if (record.wire.customer === null) {
        throw invalidRequest(
          'The payment method you provided is not attached to a customer so detachment is impossible.',
        );
      }
      detach(call, record);
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/payment_methods',
    handle(call, raw) {
      const { customer } = asRecord(raw);
      if (typeof customer !== 'string') {
        readParams(raw, { ...PAGING, type: text, allow_redisplay: text, customer: text });
        return page('/v1/payment_methods', [] as Stripe.PaymentMethod[], {});
      }
      return listOf(call, '/v1/payment_methods', customer, raw, { customer: text });
    },
  },
  {
    method: 'GET',
    path: '/customers/:id/payment_methods',
    handle(call, raw, { id }) {
      return listOf(call, `/v1/customers/${id}/payment_methods`, id, raw);
    },
  },
  {
    method: 'GET',
    path: '/customers/:id/payment_methods/:child',
    handle(call, raw, { id, child }) {
      readParams(raw, { expand: texts });
      customerFor(call, id);
      const record = call.world.store.paymentMethods.get(child);
      if (record?.wire.customer !== id) throw resourceMissing('PaymentMethod', child, 'payment_method');
      return record.wire;
    },
  },
];
