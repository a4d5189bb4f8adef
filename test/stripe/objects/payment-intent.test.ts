// What is taken from a charge of Stripe's beside the error: which network was asked, and whether Stripe blocked it.
import type Stripe from 'stripe';
import { expect, test } from 'vitest';
import { issuerAnswer } from '../../../stripe/objects/payment-intent.ts';

function declined(outcome: Partial<Stripe.Charge.Outcome>, card: object): Stripe.Charge {
  return {
    id: 'ch_1',
    failure_code: 'card_declined',
    outcome: { type: 'issuer_declined', reason: 'generic_decline', ...outcome },
    payment_method: 'pm_1',
    payment_method_details: { type: 'card', card: { fingerprint: 'fp', ...card } },
  } as unknown as Stripe.Charge;
}

test('the network is the one that was asked, which of a co-badged card is not its brand', () => {
  expect(issuerAnswer(declined({}, { network: 'cartes_bancaires', brand: 'mastercard' })).network).toBe(
    'cartes_bancaires',
  );
  expect(issuerAnswer(declined({}, { network: null, brand: 'mastercard' })).network).toBe('mastercard');
  expect(issuerAnswer(null)).not.toHaveProperty('network');
});

test('only what is of the type "blocked" was blocked by Stripe', () => {
  const blocked = { type: 'blocked', reason: 'highest_risk_level' };
  expect(issuerAnswer(declined(blocked, {})).blockedFor).toBe('highest_risk_level');
  expect(issuerAnswer(declined({ ...blocked, reason: null }, {})).blockedFor).toBe('unknown');
  expect(issuerAnswer(declined({}, {}))).not.toHaveProperty('blockedFor');
});
