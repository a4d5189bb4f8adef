// PaymentIntents: one amount, at most one successful charge. How one is paid is paying.ts.

import type Stripe from 'stripe';
import { CONFIRMABLE, methodMadeWith } from '../confirming/confirming.ts';
import { applyOptions, cancel, confirmPayment, HOW_TO_CONFIRM, keep } from '../confirming/paying.ts';
import { invalidRequest, resourceMissing, unexpectedState } from '../http/errors.ts';
import { listRoute } from '../http/lists.ts';
import {
  clearable,
  flag,
  integer,
  metadata,
  oneOf,
  type Params,
  readParams,
  text,
  texts,
  verbatim,
} from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId, randomText } from '../store/ids.ts';
import type { ChargeRecord, PaymentIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { chargeFor } from './charges.ts';
import { announce } from './events.ts';
import {
  applyShared,
  applyTypes,
  checkClientSecret,
  checkMethodChoice,
  METHOD_CHOICE,
  PAYMENT_OPTIONS,
  viewFor,
} from './intents.ts';
import { checkMoney } from './money.ts';

const CANCELABLE = [...CONFIRMABLE, 'requires_capture'];

const DESCRIPTION = {
  receipt_email: clearable,
  setup_future_usage: oneOf('off_session', 'on_session'),
  shipping: verbatim,
};

const CONFIRM = { ...HOW_TO_CONFIRM, ...DESCRIPTION, allowed_payment_method_types: texts, expand: texts };

const CONFIRM_IN_BROWSER = {
  client_secret: text,
  expand: texts,
  payment_method: text,
  receipt_email: clearable,
  return_url: text,
  use_stripe_sdk: flag,
};

const UPDATE = {
  ...DESCRIPTION,
  allowed_payment_method_types: texts,
  amount: integer,
  currency: text,
  customer: text,
  description: clearable,
  expand: texts,
  metadata,
  payment_method: text,
  payment_method_options: PAYMENT_OPTIONS,
  statement_descriptor: clearable,
  statement_descriptor_suffix: clearable,
  transfer_group: text,
};

const CREATE = {
  ...UPDATE,
  ...HOW_TO_CONFIRM,
  ...METHOD_CHOICE,
  capture_method: oneOf('automatic', 'automatic_async'),
  confirm: flag,
  confirmation_method: oneOf('automatic'),
};

/** @throws StripeProblem 404 if there is none */
export function paymentIntentFor(call: Call, id: string, param = 'intent'): PaymentIntentRecord {
  const record = call.world.store.paymentIntents.get(id);
  if (!record) throw resourceMissing('payment_intent', id, param);
  return record;
}

/** The charge that has paid it, or null. */
export function paidCharge(call: Call, { wire }: PaymentIntentRecord): ChargeRecord | null {
  return wire.status === 'succeeded' ? chargeFor(call, String(wire.latest_charge)) : null;
}

function apply(call: Call, record: PaymentIntentRecord, params: Params<typeof UPDATE>): void {
  const { wire } = record;
  const currency = params.currency?.toLowerCase() ?? wire.currency;
  const amount = params.amount ?? wire.amount;
  checkMoney(amount, currency);
  applyShared(call, record, params);
  wire.amount = amount;
  wire.currency = currency;
  if (params.statement_descriptor !== undefined) wire.statement_descriptor = params.statement_descriptor;
  if (params.statement_descriptor_suffix !== undefined) {
    wire.statement_descriptor_suffix = params.statement_descriptor_suffix;
  }
  if (params.transfer_group !== undefined) wire.transfer_group = params.transfer_group;
  applyDescription(wire, params);
  applyOptions(wire, params.payment_method_options);
}

function applyDescription(wire: Stripe.PaymentIntent, params: Params<typeof DESCRIPTION>): void {
  if (params.receipt_email !== undefined) wire.receipt_email = params.receipt_email;
  if (params.setup_future_usage) wire.setup_future_usage = params.setup_future_usage;
  if (params.shipping) wire.shipping = params.shipping as unknown as Stripe.PaymentIntent.Shipping;
}

function newPaymentIntent(
  call: Call,
  params: Params<typeof CREATE, 'amount' | 'currency'>,
): PaymentIntentRecord {
  const id = newId('pi');
  const types = params.allowed_payment_method_types;
  return {
    wire: {
      id,
      object: 'payment_intent',
      allowed_payment_method_types: types ?? null,
      amount: params.amount,
      amount_capturable: 0,
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: types
        ? null
        : { allow_redirects: 'always', enabled: true, ...params.automatic_payment_methods },
      canceled_at: null,
      cancellation_reason: null,
      capture_method: params.capture_method ?? 'automatic_async',
      client_secret: `${id}_secret_${randomText(25)}`,
      confirmation_method: 'automatic',
      created: call.world.now(),
      currency: params.currency.toLowerCase(),
      customer: null,
      customer_account: null,
      description: null,
      excluded_payment_method_types: params.excluded_payment_method_types ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      managed_payments: null,
      metadata: {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: {
        card: {
          installments: null,
          mandate_options: null,
          network: null,
          request_three_d_secure: 'automatic',
        },
      },
      payment_method_types: types ?? ['card'],
      payment_record: null,
      processing: null,
      receipt_email: null,
      review: null,
      setup_future_usage: null,
      shipping: null,
      source: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'requires_payment_method',
      transfer_data: null,
      transfer_group: null,
    },
    challenge: null,
    confirmations: 0,
    bankWantsCustomerOf: null,
  };
}

/** @throws StripeProblem 400 for parameters that only mean something when the intent is confirmed at once */
function checkConfirmOnly(params: Params<typeof CREATE>): void {
  if (params.confirm) return;
  for (const param of ['error_on_requires_action', 'mandate', 'off_session', 'return_url'] as const) {
    if (params[param] !== undefined) {
      throw invalidRequest(`\`${param}\` can only be used when \`confirm\` is \`true\`.`, { param });
    }
  }
}

/** The parameters that may still change after the end. */
const ALWAYS_CHANGEABLE = ['metadata', 'description', 'receipt_email', 'expand'];

export const paymentIntentRoutes: Route[] = [
  {
    method: 'POST',
    path: '/payment_intents',
    handle(call, raw) {
      const params = readParams(raw, CREATE, ['amount', 'currency']);
      checkMethodChoice(params);
      checkConfirmOnly(params);
      const record = newPaymentIntent(call, params);
      apply(call, record, params);
      keep(call, record);
      announce(call, 'payment_intent.created', record.wire);
      if (params.confirm) confirmPayment(call, record, { ...params, ...methodMadeWith(record.wire) });
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/payment_intents/:id',
    publishable: true,
    handle(call, raw, { id }) {
      const { wire } = paymentIntentFor(call, id);
      readParams(raw, { client_secret: text, expand: texts });
      checkClientSecret(call, raw, wire, 'payment_intent');
      return viewFor(call, wire);
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, UPDATE);
      const record = paymentIntentFor(call, id);
      const asked = Object.keys(params).filter((param) => !ALWAYS_CHANGEABLE.includes(param));
      if (!CONFIRMABLE.includes(record.wire.status) && asked.length > 0) {
        throw unexpectedState(
          `This PaymentIntent's ${asked.join(', ')} could not be updated because it has a status of ${record.wire.status}. You may only update it with one of the following statuses: ${CONFIRMABLE.join(', ')}.`,
          { payment_intent: record.wire },
        );
      }
      apply(call, record, params);
      record.wire.last_payment_error = null;
      keep(call, record);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id/confirm',
    publishable: true,
    handle(call, raw, { id }) {
      if (call.publishable) {
        const params = readParams(raw, CONFIRM_IN_BROWSER);
        const record = paymentIntentFor(call, id);
        checkClientSecret(call, raw, record.wire, 'payment_intent');
        confirmPayment(call, record, params);
        return viewFor(call, record.wire);
      }
      const params = readParams(raw, CONFIRM);
      const record = paymentIntentFor(call, id);
      if (CONFIRMABLE.includes(record.wire.status)) {
        applyDescription(record.wire, params);
        applyTypes(record.wire, params.allowed_payment_method_types);
      }
      confirmPayment(call, record, params);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id/cancel',
    handle(call, raw, { id }) {
      const params = readParams(raw, {
        cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
        expand: texts,
      });
      const record = paymentIntentFor(call, id);
      if (!CANCELABLE.includes(record.wire.status)) {
        throw unexpectedState(
          `You cannot cancel this PaymentIntent because it has a status of ${record.wire.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
          { payment_intent: record.wire },
        );
      }
      cancel(call, record, params.cancellation_reason ?? null);
      return record.wire;
    },
  },
  listRoute('/payment_intents', 'paymentIntents', ['customer']),
];
