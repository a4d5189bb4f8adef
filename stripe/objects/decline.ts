// A decline as Stripe's objects and errors carry it: codes only, never the message.
import type Stripe from 'stripe';
import type { Decline } from '../../domain/model/charge.ts';

/** From `last_payment_error`, `last_setup_error` or the SDK's error. */
export function declineFrom(error: {
  readonly code?: string | null;
  readonly decline_code?: string | null;
  readonly advice_code?: string | null;
  readonly network_decline_code?: string | null;
  readonly network_advice_code?: string | null;
}): Decline {
  return {
    code: error.code ?? 'card_declined',
    declineCode: error.decline_code ?? null,
    adviceCode: error.advice_code ?? null,
    networkDeclineCode: error.network_decline_code ?? null,
    networkAdviceCode: error.network_advice_code ?? null,
  };
}

/** From a charge, where the decline code is the outcome's `reason` (docs.stripe.com/api/charges/object). */
export function declineOfCharge({ failure_code: code, outcome }: Stripe.Charge): Decline | null {
  if (code === null) return null;
  return declineFrom({
    code,
    decline_code: outcome?.reason ?? null,
    advice_code: outcome?.advice_code ?? null,
    network_decline_code: outcome?.network_decline_code ?? null,
    network_advice_code: outcome?.network_advice_code ?? null,
  });
}
