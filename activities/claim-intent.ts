// Decides which PaymentIntent is the one of a charge, before any is confirmed.
import type Stripe from 'stripe';
import type { ClaimedIntent } from '../ledger/ledger.ts';
import { callStripe } from '../stripe/errors.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

type OfCharge = Pick<CustomerStep<'attemptCharge' | 'findPaymentIntent'>, 'customerId' | 'chargeId'>;

/**
 * The one intent of the charge: `candidate`, or one that is alive and was written down before it. Another run may bill
 * the same customer, on a cluster that was given up; it numbers its intents for itself.
 * @param intentNumber of the candidate; null for one that was found
 * @returns null where the charge has none and this number is ruled out: the candidate is never confirmed
 */
export async function claimIntent(
  { stripe, ledger }: StripeDependencies,
  { customerId, chargeId }: OfCharge,
  candidate: string,
  intentNumber: number | null,
): Promise<ClaimedIntent | null> {
  for (const canceled: string[] = []; ; ) {
    const claim = { customerId, chargeId, paymentIntentId: candidate, intentNumber, canceled };
    const claimed = await ledger.claimIntent(claim);
    if (claimed === null || claimed.paymentIntentId === candidate) return claimed;
    const { status } = await retrieve(stripe, claimed.paymentIntentId);
    if (status !== 'canceled') return claimed;
    canceled.push(claimed.paymentIntentId);
  }
}

/**
 * The charge's intent that is written down, if one is alive or bears this very number. Where there is none, none that was
 * made under this number or an earlier one can be confirmed from here on, whoever is still at it.
 */
export async function findClaimedIntent(
  { stripe, ledger }: StripeDependencies,
  { customerId, chargeId, intentNumber }: CustomerStep<'findPaymentIntent'>,
): Promise<string | null> {
  for (const canceled: string[] = []; ; ) {
    const paymentIntentId = await ledger.ruleOutIntents({
      customerId,
      chargeId,
      through: intentNumber,
      canceled,
    });
    if (paymentIntentId === null) return null;
    const { status, metadata } = await retrieve(stripe, paymentIntentId);
    // One that somebody has canceled is not passed over: whether another one follows is for the domain to say.
    if (status !== 'canceled' || metadata.intentNumber === String(intentNumber)) return paymentIntentId;
    canceled.push(paymentIntentId);
  }
}

function retrieve(stripe: Stripe, paymentIntentId: string): Promise<Stripe.PaymentIntent> {
  return callStripe(() => stripe.paymentIntents.retrieve(paymentIntentId));
}
