// Reads a PaymentIntent with every answer of its issuer that nobody has accounted for.
import type Stripe from 'stripe';
import type { PaymentIntentReading } from '../domain/model/stripe-objects.ts';
import { issuerAnswer, type PaymentIntent, paymentIntentReading } from '../stripe/objects/payment-intent.ts';

/** @param known the newest of the intent's charges (`ch_…`) that is accounted for; null: none is */
export async function readIntent(
  stripe: Stripe,
  paymentIntentId: string,
  known: string | null,
): Promise<PaymentIntentReading> {
  const intent = await stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] });
  return withUnrecordedAnswers(stripe, intent, known);
}

/** The issuer may have answered more than once since `known`; an intent shows its newest charge only. */
export async function withUnrecordedAnswers(
  stripe: Stripe,
  intent: PaymentIntent,
  known: string | null,
): Promise<PaymentIntentReading> {
  const reading = paymentIntentReading(intent);
  const latest = reading.stripeChargeId;
  if (latest === null || latest === known) return reading;
  const charges: Stripe.Charge[] = [];
  for await (const charge of stripe.charges.list({ payment_intent: intent.id, limit: 100 })) {
    if (charge.id === known) break;
    charges.push(charge);
  }
  const newest = charges.findIndex(({ id }) => id === latest);
  const answer = charges[newest] ? issuerAnswer(charges[newest]) : {};
  const earlier = charges.slice(newest + 1).map(issuerAnswer);
  return { ...reading, ...answer, decline: reading.decline, unrecordedAnswers: earlier.reverse() };
}
