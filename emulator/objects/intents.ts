// What PaymentIntents and SetupIntents have in common: which payment methods they take, and what may be changed.
import type Stripe from 'stripe';
import { invalidRequest, notAllowed } from '../http/errors.ts';
import { mergeMetadata } from '../http/metadata.ts';
import { group, type Params } from '../http/params.ts';
import { flag, oneOf, texts } from '../http/readers.ts';
import type { PaymentIntentRecord, PaymentMethodRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { usablePaymentMethod } from './attachment.ts';
import { customerNamed } from './customers.ts';

/** An intent of either kind, with what the emulator remembers beside it. */
export type IntentRecord = PaymentIntentRecord | SetupIntentRecord;

export function customerIdOf(wire: Stripe.PaymentIntent | Stripe.SetupIntent): string | null {
  return typeof wire.customer === 'string' ? wire.customer : null;
}

/** The parameters that choose payment methods; only one of them may be given. */
export const METHOD_CHOICE = {
  allowed_payment_method_types: texts,
  automatic_payment_methods: group({ enabled: flag, allow_redirects: oneOf('always', 'never') }, ['enabled']),
  excluded_payment_method_types: texts,
};

export type MethodChoice = Params<typeof METHOD_CHOICE>;

/** @throws StripeProblem 400 if more than one way of choosing payment methods is used */
export function checkMethodChoice(params: MethodChoice): void {
  const chosen = (Object.keys(METHOD_CHOICE) as Array<keyof typeof METHOD_CHOICE>).filter(
    (name) => params[name] !== undefined,
  );
  if (chosen.length > 1) {
    throw invalidRequest(`You may only specify one of these parameters: ${chosen.join(', ')}.`, {
      code: 'parameters_exclusive',
      param: chosen[1] ?? '',
    });
  }
}

/** @throws StripeProblem 400 if the intent does not take this kind of payment method */
export function checkAllowed(allowed: readonly string[] | null, method: PaymentMethodRecord): void {
  if (allowed && !allowed.includes(method.wire.type)) {
    throw notAllowed(
      `The PaymentMethod provided (${method.wire.type}) is not allowed for this intent. Please attach a PaymentMethod of one of the following types: ${allowed.join(', ')}.`,
      { param: 'payment_method' },
    );
  }
}

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
  if (params.customer !== undefined) customerNamed(call, params.customer);
  const method =
    params.payment_method === undefined ? null : usablePaymentMethod(call, params.payment_method, customerId);
  if (method) checkAllowed(params.allowed_payment_method_types ?? wire.allowed_payment_method_types, method);

  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  wire.customer = customerId;
  if (params.description !== undefined) wire.description = params.description;
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
