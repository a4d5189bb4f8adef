// One PaymentIntent: how it is made, found and kept.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import type { Params } from '../http/params.ts';
import { email, oneOf, orEmpty, verbatim } from '../http/readers.ts';
import { newId, randomText } from '../store/ids.ts';
import type { ChargeRecord, PaymentIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import type { MethodChoice } from './intents.ts';

/** What may be said of a payment when it is made, changed and confirmed. */
export const DETAILS = {
  receipt_email: orEmpty(email),
  setup_future_usage: oneOf('off_session', 'on_session'),
  shipping: verbatim,
};

export function applyDetails(wire: Stripe.PaymentIntent, params: Params<typeof DETAILS>): void {
  if (params.receipt_email !== undefined) wire.receipt_email = params.receipt_email;
  if (params.setup_future_usage) wire.setup_future_usage = params.setup_future_usage;
  if (params.shipping) wire.shipping = params.shipping as unknown as Stripe.PaymentIntent.Shipping;
}

/** @throws StripeProblem 404 if there is none */
export function paymentIntentFor(call: Call, id: string): PaymentIntentRecord {
  const record = call.world.store.paymentIntents.get(id);
  if (!record) throw resourceMissing('payment_intent', id, 'intent');
  return record;
}

export function keepPaymentIntent(call: Call, record: PaymentIntentRecord): void {
  call.world.store.paymentIntents.put(record.wire.id, record);
}

/** The charge that has paid it, or null. */
export function paidCharge({ world }: Call, { wire }: PaymentIntentRecord): ChargeRecord | null {
  if (wire.status !== 'succeeded') return null;
  return world.store.charges.get(String(wire.latest_charge)) ?? null;
}

export function newPaymentIntent(
  call: Call,
  amount: number,
  currency: string,
  choice: MethodChoice & { capture_method?: Stripe.PaymentIntent.CaptureMethod },
): PaymentIntentRecord {
  const id = newId('pi');
  const types = choice.allowed_payment_method_types;
  return {
    wire: {
      id,
      object: 'payment_intent',
      allowed_payment_method_types: types ?? null,
      amount,
      amount_capturable: 0,
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: types
        ? null
        : { allow_redirects: 'always', enabled: true, ...choice.automatic_payment_methods },
      canceled_at: null,
      cancellation_reason: null,
      capture_method: choice.capture_method ?? 'automatic_async',
      client_secret: `${id}_secret_${randomText(25)}`,
      confirmation_method: 'automatic',
      created: call.world.now(),
      currency,
      customer: null,
      customer_account: null,
      description: null,
      excluded_payment_method_types: choice.excluded_payment_method_types ?? null,
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
