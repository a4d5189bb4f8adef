// Customers. Their cards are in payment-methods.ts.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import {
  clearable,
  created,
  group,
  integer,
  mergeMetadata,
  metadata,
  type Params,
  readParams,
  text,
  texts,
  verbatim,
} from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { CustomerRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { announce } from './events.ts';
import { attach, detach, paymentMethodFor } from './payment-methods.ts';

const FIELDS = {
  address: verbatim,
  balance: integer,
  description: clearable,
  email: clearable,
  expand: texts,
  invoice_settings: group({ default_payment_method: clearable }),
  metadata,
  name: clearable,
  phone: clearable,
  preferred_locales: texts,
};
const CREATE = { ...FIELDS, payment_method: text };

/** @throws StripeProblem 404 unless the customer exists and is not deleted */
export function customerFor(call: Call, id: string, param = 'customer'): CustomerRecord {
  const record = call.world.store.customers.get(id);
  if (!record || record.deleted) throw resourceMissing('customer', id, param);
  return record;
}

function apply(call: Call, wire: Stripe.Customer, params: Params<typeof FIELDS>): void {
  const { address, balance, description, email, invoice_settings, name, phone, preferred_locales } = params;
  const card = invoice_settings?.default_payment_method;
  if (card) paymentMethodFor(call, card, wire.id);
  if (address) wire.address = address as unknown as Stripe.Address;
  if (balance !== undefined) wire.balance = balance;
  if (description !== undefined) wire.description = description;
  if (email !== undefined) wire.email = email;
  if (name !== undefined) wire.name = name;
  if (phone !== undefined) wire.phone = phone;
  if (preferred_locales) wire.preferred_locales = preferred_locales;
  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  if (card !== undefined) wire.invoice_settings.default_payment_method = card;
}

export const customerRoutes: Route[] = [
  {
    method: 'POST',
    path: '/customers',
    handle(call, raw) {
      const params = readParams(raw, CREATE);
      const wire: Stripe.Customer = {
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
      const card = params.payment_method ? paymentMethodFor(call, params.payment_method, null) : null;
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
    },
  },
  {
    method: 'GET',
    path: '/customers/:id',
    handle({ world }, raw, { id }) {
      readParams(raw, { expand: texts });
      const record = world.store.customers.get(id);
      if (!record) throw resourceMissing('customer', id);
      return record.deleted ? { id, object: 'customer', deleted: true } : record.wire;
    },
  },
  {
    method: 'POST',
    path: '/customers/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, FIELDS);
      const record = customerFor(call, id, 'id');
      apply(call, record.wire, params);
      call.world.store.customers.put(id, record);
      announce(call, 'customer.updated', record.wire);
      return record.wire;
    },
  },
  {
    method: 'DELETE',
    path: '/customers/:id',
    handle(call, raw, { id }) {
      readParams(raw, {});
      const record = customerFor(call, id, 'id');
      for (const card of call.world.store.paymentMethods.newestFirst()) {
        if (card.wire.customer === id) detach(call, card);
      }
      call.world.store.customers.put(id, { ...record, deleted: true });
      announce(call, 'customer.deleted', record.wire);
      return { id, object: 'customer', deleted: true };
    },
  },
  {
    method: 'GET',
    path: '/customers',
    handle({ world }, raw) {
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
    },
  },
];
