// Customers: created, read, changed, listed and deleted.
import type Stripe from 'stripe';
import { resourceMissing, unknownReference } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import { group, type Params, readParams } from '../http/params.ts';
import {
  clearable,
  created,
  email,
  integer,
  orEmpty,
  text,
  texts,
  textUpTo,
  verbatim,
} from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { CustomerRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { attach, detach, usablePaymentMethod } from './attachment.ts';
import { announce, announceChange } from './events.ts';

const FIELDS = {
  address: verbatim,
  balance: integer,
  description: clearable,
  email: orEmpty(email),
  expand: texts,
  invoice_settings: group({ default_payment_method: clearable }),
  metadata,
  name: orEmpty(textUpTo(256)),
  phone: orEmpty(textUpTo(20)),
  preferred_locales: texts,
};
const CREATE = { ...FIELDS, payment_method: text };

/** The customer with the id in the path. @throws StripeProblem 404 unless they exist and are not deleted */
export function customerFor(call: Call, id: string, param = 'customer'): CustomerRecord {
  const record = call.world.store.customers.get(id);
  if (!record || record.deleted) throw resourceMissing('customer', id, param);
  return record;
}

/** The customer that a parameter names. @throws StripeProblem 400 unless they exist and are not deleted */
export function customerNamed(call: Call, id: string): CustomerRecord {
  const record = call.world.store.customers.get(id);
  if (!record || record.deleted) throw unknownReference('customer', id, 'customer');
  return record;
}

function apply(call: Call, wire: Stripe.Customer, params: Params<typeof FIELDS>): void {
  const { address, invoice_settings, expand: _, metadata, ...others } = params;
  const card = invoice_settings?.default_payment_method;
  if (card) usablePaymentMethod(call, card, wire.id);
  wire.metadata = mergeMetadata(wire.metadata, metadata);
  if (address) wire.address = address as unknown as Stripe.Address;
  if (card !== undefined) wire.invoice_settings.default_payment_method = card;
  Object.assign(wire, others);
}

function newCustomer(call: Call): Stripe.Customer {
  return {
    id: newId('cus'),
    object: 'customer',
    address: null,
    balance: 0,
    created: call.world.now(),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: {},
    name: null,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
  };
}

export const createCustomer: Handler = (call, raw) => {
  const { payment_method, ...params } = readParams(raw, CREATE);
  const wire = newCustomer(call);
  const card = payment_method ? usablePaymentMethod(call, payment_method, null) : null;
  apply(call, wire, params);
  const { customers } = call.world.store;
  customers.put(wire.id, { wire, deleted: false });
  try {
    if (card) attach(call, card, wire.id);
  } catch (error) {
    customers.delete(wire.id);
    throw error;
  }
  announce(call, 'customer.created', wire);
  return wire;
};

export const readCustomer: Handler = ({ world }, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = world.store.customers.get(id);
  if (!record) throw resourceMissing('customer', id);
  return record.deleted ? { id, object: 'customer', deleted: true } : record.wire;
};

export const updateCustomer: Handler = (call, raw, { id }) => {
  const params = readParams(raw, FIELDS);
  const record = customerFor(call, id, 'id');
  const before = structuredClone(record.wire);
  apply(call, record.wire, params);
  call.world.store.customers.put(id, record);
  announceChange(call, 'customer.updated', record.wire, before);
  return record.wire;
};

/** Deletes them for good: their cards are detached, their intents stay and can be confirmed no more. */
export const deleteCustomer: Handler = (call, raw, { id }) => {
  readParams(raw, {});
  const record = customerFor(call, id, 'id');
  for (const card of call.world.store.paymentMethods.newestFirst()) {
    if (card.wire.customer === id) detach(call, card);
  }
  call.world.store.customers.put(id, { ...record, deleted: true });
  announce(call, 'customer.deleted', record.wire);
  return { id, object: 'customer', deleted: true };
};

export const listCustomers: Handler = ({ world }, raw) => {
  const params = readParams(raw, { ...PAGING, created, email: text });
  const matching = world.store.customers
    .newestFirst()
    .filter(({ deleted, wire }) => !deleted && (params.created?.(wire.created) ?? true))
    .filter(({ wire }) => params.email === undefined || wire.email === params.email);
  return page(
    '/v1/customers',
    matching.map(({ wire }) => wire),
    params,
  );
};
