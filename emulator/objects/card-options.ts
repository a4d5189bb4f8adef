// `payment_method_options[card]` of the two kinds of intents.
import type Stripe from 'stripe';
import { group, type Params } from '../http/params.ts';
import { integer, oneOf, text, texts, textUpTo } from '../http/readers.ts';

const USAGE = oneOf('recurring', 'unscheduled', 'installment');
const THREE_D_SECURE = oneOf('automatic', 'any', 'challenge');

const MANDATE_OPTIONS = group(
  {
    amount: integer,
    amount_type: oneOf('fixed', 'maximum'),
    currency: text,
    description: textUpTo(200),
    end_date: integer,
    interval: oneOf('day', 'week', 'month', 'year', 'sporadic'),
    interval_count: integer,
    reference: textUpTo(80),
    start_date: integer,
    supported_types: texts,
  },
  ['amount', 'amount_type', 'currency', 'interval', 'reference', 'start_date'],
);

const SETUP = {
  card: group({
    mandate_options: MANDATE_OPTIONS,
    request_three_d_secure: THREE_D_SECURE,
    setup_credential_usage: USAGE,
  }),
};

const PAYMENT = {
  card: group({
    request_three_d_secure: THREE_D_SECURE,
    setup_credential_usage: USAGE,
    stored_credential_usage: USAGE,
  }),
};

/** `payment_method_options` of a SetupIntent. */
export const SETUP_OPTIONS = group(SETUP);

/** `payment_method_options` of a PaymentIntent. */
export const PAYMENT_OPTIONS = group(PAYMENT);

export function applySetupOptions(wire: Stripe.SetupIntent, options: Params<typeof SETUP> | undefined): void {
  if (!options?.card) return;
  wire.payment_method_options = {
    card: {
      ...wire.payment_method_options?.card,
      ...options.card,
    } as Stripe.SetupIntent.PaymentMethodOptions.Card,
  };
}

export function applyPaymentOptions(
  wire: Stripe.PaymentIntent,
  options: Params<typeof PAYMENT> | undefined,
): void {
  if (!options?.card) return;
  wire.payment_method_options = {
    card: {
      ...wire.payment_method_options?.card,
      ...options.card,
    } as Stripe.PaymentIntent.PaymentMethodOptions.Card,
  };
}
