// Decides which PaymentIntent is the one of a charge, before any is confirmed.
import { callStripe } from '../stripe/errors.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/**
 * The one intent of the charge: `candidate`, or one that is alive and was written down before it. Another run may bill
 * the same customer, on a cluster that was given up; it numbers its intents for itself.
 */
export async function claimIntent(
  { stripe, ledger }: StripeDependencies,
  { customerId, chargeId }: CustomerStep<'createPaymentIntent' | 'findPaymentIntent'>,
  candidate: string,
): Promise<string> {
  for (const canceled: string[] = []; ; ) {
    const paymentIntentId = await ledger.claimIntent({
      customerId,
      chargeId,
      paymentIntentId: candidate,
      canceled,
    });
    if (paymentIntentId === candidate) return candidate;
    const { status } = await callStripe(() => stripe.paymentIntents.retrieve(paymentIntentId));
    if (status !== 'canceled') return paymentIntentId;
    canceled.push(paymentIntentId);
  }
}
