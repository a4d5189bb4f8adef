// 3-D Secure: what is recorded of an authentication, and what the caller is told to do for one.
import { randomUUID } from 'node:crypto';
import type Stripe from 'stripe';
import { newId } from '../store/ids.ts';
import type { Challenge } from '../store/records.ts';
import type { Card } from './cards.ts';

/** The record of one authentication, as it stands on a SetupAttempt; a Charge adds the exemption. */
export function threeDSecure(
  card: Card,
  flow: 'challenge' | 'frictionless' | null,
  result: 'authenticated' | 'failed' = 'authenticated',
): Stripe.SetupAttempt.PaymentMethodDetails.Card.ThreeDSecure | null {
  if (flow === null) return null;
  const failed = result === 'failed';
  // The networks' own numbers: fully authenticated is 05, with Mastercard 02.
  const indicator = card.brand === 'mastercard' ? '02' : '05';
  return {
    authentication_flow: flow,
    electronic_commerce_indicator: failed ? null : indicator,
    result,
    result_reason: failed ? 'rejected' : null,
    transaction_id: randomUUID(),
    version: '2.2.0',
  };
}

/** Those among the test cards' countries whose law wants the customer to authenticate. */
const LAW_WANTS_CUSTOMER: readonly string[] = ['DE', 'FR', 'GB', 'HU', 'IE'];

/**
 * What a Charge shows where the customer was away and the bank did without them, or null where it would have had to do
 * without them anyway. Stripe asks for exemptions by itself, and says that a saved card charged while the customer is
 * away is much the same (docs.stripe.com/payments/3d-secure/strong-customer-authentication-exemptions). Of the values
 * in the SDK's types `low_risk` is the only one that exempts. Nobody authenticated, so the rest is null.
 */
export function exemption(card: Card): Stripe.Charge.PaymentMethodDetails.Card.ThreeDSecure | null {
  if (!LAW_WANTS_CUSTOMER.includes(card.country)) return null;
  return {
    authentication_flow: null,
    electronic_commerce_indicator: null,
    exemption_indicator: 'low_risk',
    exemption_indicator_applied: true,
    result: 'exempted',
    result_reason: null,
    transaction_id: null,
    version: null,
  };
}

/** A new challenge for the customer at the bank. */
export function newChallenge(
  paymentMethodId: string,
  returnUrl: string | null,
  outcomeUsed = false,
): Challenge {
  return { id: newId('challenge'), paymentMethodId, returnUrl, outcomeUsed };
}

/** Where the customer answers it. */
function challengeUrl(origin: string, challenge: Challenge): string {
  return `${origin}/challenges/${challenge.id}`;
}

/** What the caller is told: a page to send the customer to, or something only Stripe.js understands. */
export function nextAction(
  origin: string,
  challenge: Challenge,
): Stripe.PaymentIntent.NextAction & Stripe.SetupIntent.NextAction {
  const url = challengeUrl(origin, challenge);
  if (challenge.returnUrl !== null) {
    return { type: 'redirect_to_url', redirect_to_url: { return_url: challenge.returnUrl, url } };
  }
  return {
    type: 'use_stripe_sdk',
    use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: challenge.id },
  };
}
