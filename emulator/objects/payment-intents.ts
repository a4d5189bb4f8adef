// The calls about PaymentIntents: one amount, at most one successful charge.
import { confirmPayment, HOW_TO_CONFIRM } from '../confirming/confirm-payment.ts';
import { checkReturnUrl, isConfirmable, methodMadeWith, OPEN } from '../confirming/confirmation.ts';
import { cancelPayment } from '../confirming/payment-outcome.ts';
import { invalidRequest, unexpectedState } from '../http/errors.ts';
import { metadata } from '../http/metadata.ts';
import { type Params, readParams } from '../http/params.ts';
import { email, flag, integer, oneOf, orEmpty, text, texts, textUpTo } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import type { PaymentIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { applyPaymentOptions, PAYMENT_OPTIONS } from './card-options.ts';
import { announce } from './events.ts';
import { checkClientSecret, viewFor } from './intent-view.ts';
import { applyShared, checkMethodChoice, METHOD_CHOICE } from './intents.ts';
import { checkAmount, currencyOf } from './money.ts';
import {
  applyDetails,
  DETAILS,
  keepPaymentIntent,
  newPaymentIntent,
  paymentIntentFor,
} from './payment-intent.ts';
import { statementDescriptor, statementDescriptorSuffix } from './statement-descriptor.ts';

const CANCELABLE = [...OPEN, 'requires_capture'];

const CONFIRM = { ...HOW_TO_CONFIRM, expand: texts };

const CONFIRM_IN_BROWSER = {
  client_secret: text,
  expand: texts,
  payment_method: text,
  receipt_email: orEmpty(email),
  return_url: text,
  use_stripe_sdk: flag,
};

const UPDATE = {
  ...DETAILS,
  allowed_payment_method_types: texts,
  amount: integer,
  currency: text,
  customer: text,
  description: orEmpty(textUpTo(1_000)),
  expand: texts,
  metadata,
  payment_method: text,
  payment_method_options: PAYMENT_OPTIONS,
  statement_descriptor: statementDescriptor,
  statement_descriptor_suffix: statementDescriptorSuffix,
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

function apply(call: Call, record: PaymentIntentRecord, params: Params<typeof UPDATE>): void {
  const { wire } = record;
  const currency = params.currency === undefined ? wire.currency : currencyOf(params.currency);
  const amount = params.amount ?? wire.amount;
  checkAmount(amount, currency);
  applyShared(call, record, params);
  wire.amount = amount;
  wire.currency = currency;
  if (params.statement_descriptor_suffix !== undefined) {
    wire.statement_descriptor_suffix = params.statement_descriptor_suffix;
  }
  if (params.transfer_group !== undefined) wire.transfer_group = params.transfer_group;
  applyDetails(wire, params);
  applyPaymentOptions(wire, params.payment_method_options);
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

export const createPaymentIntent: Handler = (call, raw) => {
  const params = readParams(raw, CREATE, ['amount', 'currency']);
  checkMethodChoice(params);
  checkConfirmOnly(params);
  const record = newPaymentIntent(call, params.amount, currencyOf(params.currency), params);
  apply(call, record, params);
  if (params.confirm) checkReturnUrl(call, record.wire, params);
  keepPaymentIntent(call, record);
  announce(call, 'payment_intent.created', record.wire);
  if (params.confirm) confirmPayment(call, record, { ...params, ...methodMadeWith(record.wire) });
  return record.wire;
};

export const readPaymentIntent: Handler = (call, raw, { id }) => {
  const { wire } = paymentIntentFor(call, id);
  readParams(raw, { client_secret: text, expand: texts });
  checkClientSecret(call, raw, wire, 'payment_intent');
  return viewFor(call, wire);
};

/** The parameters that may still change after the end. */
const ALWAYS_CHANGEABLE = ['metadata', 'description', 'receipt_email', 'expand'];

export const updatePaymentIntent: Handler = (call, raw, { id }) => {
  const params = readParams(raw, UPDATE);
  const record = paymentIntentFor(call, id);
  const others = Object.keys(params).filter((param) => !ALWAYS_CHANGEABLE.includes(param));
  if (!isConfirmable(record.wire) && others.length > 0) {
    throw unexpectedState(
      `This PaymentIntent's ${others.join(', ')} could not be updated because it has a status of ${record.wire.status}. You may only update it with one of the following statuses: ${OPEN.join(', ')}.`,
      { payment_intent: record.wire },
    );
  }
  apply(call, record, params);
  record.wire.last_payment_error = null;
  keepPaymentIntent(call, record);
  return record.wire;
};

export const confirmPaymentIntent: Handler = (call, raw, { id }) => {
  if (call.publishable) {
    const params = readParams(raw, CONFIRM_IN_BROWSER);
    const record = paymentIntentFor(call, id);
    checkClientSecret(call, raw, record.wire, 'payment_intent');
    confirmPayment(call, record, params);
    return viewFor(call, record.wire);
  }
  const params = readParams(raw, CONFIRM);
  const record = paymentIntentFor(call, id);
  confirmPayment(call, record, params);
  return record.wire;
};

const CANCEL = {
  cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
  expand: texts,
};

export const cancelPaymentIntent: Handler = (call, raw, { id }) => {
  const params = readParams(raw, CANCEL);
  const record = paymentIntentFor(call, id);
  if (!CANCELABLE.includes(record.wire.status)) {
    throw unexpectedState(
      `You cannot cancel this PaymentIntent because it has a status of ${record.wire.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
      { payment_intent: record.wire },
    );
  }
  cancelPayment(call, record, params.cancellation_reason ?? null);
  return record.wire;
};
