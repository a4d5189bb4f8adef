// 3-D Secure: what is recorded of an authentication, and what the caller is told to do for one.
import { randomUUID } from 'node:crypto';
import type Stripe from 'stripe';
import type { Card } from './cards.ts';
import { newId } from './ids.ts';
import type { Challenge } from './records.ts';

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
