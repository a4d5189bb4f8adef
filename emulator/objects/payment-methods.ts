// Payment methods: cards, made from a test token or, with a publishable key, from a test number.
import type Stripe from 'stripe';
import { cardByToken } from '../bank/cards.ts';
import { notAllowed, resourceMissing } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import { group, type Params, readParams } from '../http/params.ts';
import { clearable, email, integer, oneOf, orEmpty, text, texts, verbatim } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { attach, checkUsable, detach } from './attachment.ts';
import { customerFor, customerNamed } from './customers.ts';
import { announceChange } from './events.ts';
import { newPaymentMethod } from './payment-method.ts';
import { paymentMethodFrom, typedCard } from './typed-card.ts';

const REDISPLAY = oneOf('always', 'limited', 'unspecified');
const BILLING = group({ address: verbatim, email: orEmpty(email), name: clearable, phone: clearable });
const CREATE = {
  type: oneOf('card'),
  allow_redisplay: REDISPLAY,
  billing_details: BILLING,
  card: typedCard,
  metadata,
  expand: texts,
};
const UPDATE = {
  allow_redisplay: REDISPLAY,
  billing_details: BILLING,
  card: group({ exp_month: integer, exp_year: integer }),
  metadata,
  expand: texts,
};
const LIST = { ...PAGING, type: text, allow_redisplay: REDISPLAY };

/** @throws StripeProblem 404 if there is none; a `pm_card_*` token makes a fresh one */
function paymentMethodFor(call: Call, idOrToken: string): PaymentMethodRecord {
  const token = cardByToken(idOrToken);
  if (token) return newPaymentMethod(call.world, token);
  const record = call.world.store.paymentMethods.get(idOrToken);
  if (!record) throw resourceMissing('PaymentMethod', idOrToken, 'payment_method');
  return record;
}

function keep(call: Call, record: PaymentMethodRecord): void {
  call.world.store.paymentMethods.put(record.wire.id, record);
}

function apply(
  { wire }: PaymentMethodRecord,
  {
    allow_redisplay,
    billing_details,
    metadata,
  }: Pick<Params<typeof UPDATE>, 'allow_redisplay' | 'billing_details' | 'metadata'>,
): void {
  if (allow_redisplay) wire.allow_redisplay = allow_redisplay;
  wire.metadata = mergeMetadata(wire.metadata, metadata);
  if (!billing_details) return;
  const { address, ...others } = billing_details;
  if (address) wire.billing_details.address = address as unknown as Stripe.Address;
  Object.assign(wire.billing_details, others);
}

export const createPaymentMethod: Handler = (call, raw) => {
  const params = readParams(raw, CREATE, ['type', 'card']);
  const record = paymentMethodFrom(call, params.card);
  apply(record, params);
  keep(call, record);
  return record.wire;
};

export const readPaymentMethod: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  return paymentMethodFor(call, id).wire;
};

export const updatePaymentMethod: Handler = (call, raw, { id }) => {
  const params = readParams(raw, UPDATE);
  const record = paymentMethodFor(call, id);
  if (record.wire.customer === null) {
    throw notAllowed('You must save this PaymentMethod to a customer before you can update it.');
  }
  const before = structuredClone(record.wire);
  apply(record, params);
  Object.assign(record.wire.card ?? {}, params.card);
  keep(call, record);
  announceChange(call, 'payment_method.updated', record.wire, before);
  return record.wire;
};

export const attachPaymentMethod: Handler = (call, raw, { id }) => {
  const { customer } = readParams(raw, { customer: text, expand: texts }, ['customer']);
  customerNamed(call, customer);
  const record = paymentMethodFor(call, id);
  checkUsable(record, customer);
  attach(call, record, customer);
  return record.wire;
};

export const detachPaymentMethod: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = paymentMethodFor(call, id);
  if (record.wire.customer === null) {
    throw notAllowed(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
    );
  }
  detach(call, record);
  return record.wire;
};

/** Without a customer there is nothing to list here: Stripe lists Treasury's then. */
export const listPaymentMethods: Handler = (call, raw) => {
  const { customer, ...params } = readParams(raw, { ...LIST, customer: text });
  if (customer !== undefined) customerNamed(call, customer);
  return listOf(call, '/v1/payment_methods', customer, params);
};

export const listPaymentMethodsOfCustomer: Handler = (call, raw, { id }) => {
  const params = readParams(raw, LIST);
  customerFor(call, id);
  return listOf(call, `/v1/customers/${id}/payment_methods`, id, params);
};

function listOf(call: Call, url: string, customerId: string | undefined, params: Params<typeof LIST>) {
  const { type, allow_redisplay } = params;
  const matching = call.world.store.paymentMethods
    .newestFirst()
    .map(({ wire }) => wire)
    .filter(({ customer }) => customer !== null && customer === customerId)
    .filter((wire) => type === undefined || wire.type === type)
    .filter((wire) => allow_redisplay === undefined || wire.allow_redisplay === allow_redisplay);
  return page(url, matching, params);
}

export const readPaymentMethodOfCustomer: Handler = (call, raw, { id, child }) => {
  readParams(raw, { expand: texts });
  customerFor(call, id);
  const record = call.world.store.paymentMethods.get(child);
  if (record?.wire.customer !== id) throw resourceMissing('PaymentMethod', child, 'payment_method');
  return record.wire;
};
