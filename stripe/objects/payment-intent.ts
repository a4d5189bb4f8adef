// What is taken from a PaymentIntent and its charges: the listed fields only, for an intent carries its client secret.
import type Stripe from 'stripe';
import type { IssuerAnswer, PaymentIntentReading } from '../../domain/model/stripe-objects.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { idOf } from '../object-id.ts';
import { declineFrom, declineOfCharge } from './decline.ts';

/** As retrieved, as listed, or as an error carries it; only an answer of its own has a request id. */
export type PaymentIntent = Stripe.PaymentIntent & {
  readonly lastResponse?: { readonly requestId?: string };
};

/** What the network said is there only where `latest_charge` is expanded. */
export function paymentIntentReading(intent: PaymentIntent): PaymentIntentReading {
  const { latest_charge: latest, last_payment_error: error } = intent;
  const completesAt = intent.processing?.card?.customer_notification?.completes_at ?? null;
  return {
    ...issuerAnswer(typeof latest === 'object' ? latest : null),
    paymentIntentId: intent.id,
    status: intent.status,
    amount: intent.amount,
    amountReceived: intent.amount_received,
    amountRefunded: typeof latest === 'object' ? (latest?.amount_refunded ?? 0) : 0,
    currency: intent.currency,
    stripeCustomerId: idOf(intent.customer),
    cancellationReason: intent.cancellation_reason,
    stripeChargeId: idOf(latest),
    decline: error ? declineFrom(error) : null,
    processingUntilMs: completesAt === null ? null : completesAt * 1000,
    requestId: intent.lastResponse?.requestId ?? null,
  };
}

/** What the issuer said to one charge; all null where there is none. */
export function issuerAnswer(charge: Stripe.Charge | null): IssuerAnswer {
  const card = charge?.payment_method_details?.card ?? null;
  const secure = card?.three_d_secure ?? null;
  const { outcome } = charge ?? {};
  const network = card?.network ?? card?.brand ?? undefined;
  const blockedFor = outcome?.type === 'blocked' ? (outcome.reason ?? 'unknown') : undefined;
  return {
    stripeChargeId: charge?.id ?? null,
    decline: charge && declineOfCharge(charge),
    paymentMethodId: charge?.payment_method ?? null,
    fingerprint: card?.fingerprint ?? null,
    networkTransactionId: card?.network_transaction_id ?? null,
    exemption: secure?.exemption_indicator ?? null,
    electronicCommerceIndicator:
      card?.electronic_commerce_indicator ?? secure?.electronic_commerce_indicator ?? null,
    threeDSecureResult: secure?.result ?? null,
    ...omitUndefined({ network, blockedFor }),
  };
}
