// What PaymentIntents and SetupIntents have in common: parameters, the client secret, the browser's view.

import type Stripe from 'stripe';
import { type ErrorBody, invalidRequest, resourceMissing } from '../http/errors.ts';
import {
  asRecord,
  flag,
  group,
  integer,
  mergeMetadata,
  oneOf,
  type Params,
  text,
  texts,
} from '../http/params.ts';
import type { PaymentIntentRecord, PaymentMethodRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { customerFor } from './customers.ts';
import { paymentMethodFor } from './payment-methods.ts';

const USAGE = oneOf('recurring', 'unscheduled', 'installment');

const MANDATE_OPTIONS = group(
  {
    amount: integer,
    amount_type: oneOf('fixed', 'maximum'),
    currency: text,
    description: text,
    end_date: integer,
    interval: oneOf('day', 'week', 'month', 'year', 'sporadic'),
    interval_count: integer,
    reference: text,
    start_date: integer,
    supported_types: texts,
  },
  ['amount', 'amount_type', 'currency', 'interval', 'reference', 'start_date'],
);

const THREE_D_SECURE = oneOf('automatic', 'any', 'challenge');

/** `payment_method_options` of a SetupIntent. */
export const SETUP_OPTIONS = group({
  card: group({
    mandate_options: MANDATE_OPTIONS,
    request_three_d_secure: THREE_D_SECURE,
    setup_credential_usage: USAGE,
  }),
});

/** `payment_method_options` of a PaymentIntent. */
export const PAYMENT_OPTIONS = group({
  card: group({
    request_three_d_secure: THREE_D_SECURE,
    setup_credential_usage: USAGE,
    stored_credential_usage: USAGE,
  }),
});

export function customerIdOf(wire: Stripe.PaymentIntent | Stripe.SetupIntent): string | null {
  return typeof wire.customer === 'string' ? wire.customer : null;
}

/** The parameters that choose payment methods; only one of them may be given. */
export const METHOD_CHOICE = {
  allowed_payment_method_types: texts,
  automatic_payment_methods: group({ enabled: flag, allow_redirects: oneOf('always', 'never') }, ['enabled']),
  excluded_payment_method_types: texts,
};

/** @throws StripeProblem 400 if more than one way of choosing payment methods is used */
export function checkMethodChoice(params: Params<typeof METHOD_CHOICE>): void {
  const given = (Object.keys(METHOD_CHOICE) as Array<keyof typeof METHOD_CHOICE>).filter(
    (name) => params[name] !== undefined,
  );
  if (given.length > 1) {
    throw invalidRequest(`You may only specify one of these parameters: ${given.join(', ')}.`, {
      code: 'parameters_exclusive',
      param: given[1] ?? '',
    });
  }
}

/** @throws StripeProblem 400 if the intent does not take this kind of payment method */
export function checkAllowed(
  wire: { allowed_payment_method_types: readonly string[] | null },
  method: PaymentMethodRecord,
): void {
  const allowed = wire.allowed_payment_method_types;
  if (allowed && !allowed.includes(method.wire.type)) {
    throw invalidRequest(
      `The PaymentMethod provided (${method.wire.type}) is not allowed for this intent. Please attach a PaymentMethod of one of the following types: ${allowed.join(', ')}.`,
      { param: 'payment_method' },
    );
  }
}

/** An intent of either kind, with what the emulator remembers beside it. */
export type IntentRecord = PaymentIntentRecord | SetupIntentRecord;

/** Changes what may be changed on either kind while it is open; a payment method makes it ready to be confirmed. */
export function applyShared(
  call: Call,
  { wire }: IntentRecord,
  params: {
    allowed_payment_method_types?: string[];
    customer?: string;
    description?: string | null;
    metadata?: Record<string, string> | null;
    payment_method?: string;
  },
): void {
  const customerId = params.customer ?? customerIdOf(wire);
  if (params.customer !== undefined) customerFor(call, params.customer);
  const method =
    params.payment_method === undefined ? null : paymentMethodFor(call, params.payment_method, customerId);
  const types = params.allowed_payment_method_types ?? wire.allowed_payment_method_types;
  if (method) checkAllowed({ allowed_payment_method_types: types }, method);

  wire.customer = customerId;
  if (params.description !== undefined) wire.description = params.description;
  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  applyTypes(wire, params.allowed_payment_method_types);
  if (method) {
    wire.payment_method = method.wire.id;
    wire.status = 'requires_confirmation';
  }
}

export function applyTypes(wire: IntentRecord['wire'], types: string[] | undefined): void {
  if (!types) return;
  wire.allowed_payment_method_types = types;
  wire.payment_method_types = types;
}

/**
 * With a publishable key, the client secret is the proof that the browser may see this intent.
 * @throws StripeProblem 400 without it, 404 with a wrong one
 */
export function checkClientSecret(
  call: Call,
  raw: unknown,
  wire: { client_secret: string | null },
  kind: string,
) {
  const given = asRecord(raw).client_secret;
  if (given === undefined && !call.publishable) return;
  if (typeof given !== 'string') {
    throw invalidRequest('Missing required param: client_secret.', {
      code: 'parameter_missing',
      param: 'client_secret',
    });
  }
  if (given !== wire.client_secret) throw resourceMissing(kind, given, 'client_secret');
}

/** What a browser never gets to see of an intent. */
const SERVER_ONLY = [
  'amount_capturable',
  'amount_received',
  'application',
  'application_fee_amount',
  'customer',
  'customer_account',
  'latest_attempt',
  'latest_charge',
  'mandate',
  'metadata',
  'on_behalf_of',
  'payment_record',
  'review',
  'single_use_mandate',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_group',
];

/** An error as the caller may see it: a browser's view of the intent inside. */
export function errorFor(call: Call, body: ErrorBody): object {
  const { payment_intent, setup_intent, ...rest } = body;
  return {
    ...rest,
    ...(payment_intent ? { payment_intent: viewFor(call, payment_intent) } : {}),
    ...(setup_intent ? { setup_intent: viewFor(call, setup_intent) } : {}),
  };
}

/** The intent as the caller may see it. */
export function viewFor<T extends Stripe.PaymentIntent | Stripe.SetupIntent>(call: Call, wire: T): object {
  if (!call.publishable) return wire;
  return Object.fromEntries(Object.entries(wire).filter(([name]) => !SERVER_ONLY.includes(name)));
}
