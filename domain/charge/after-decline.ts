// What becomes of a charge after its issuer said no: another day, another card, or the end. The bank's wish to see the
// customer is step-up.ts.

import type { Charge, Decline } from '../model/charge.ts';
import type { PaymentIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { blockCard } from '../shared/issuer-budgets.ts';
import { policyOf } from '../shared/policy.ts';
import { recordAnswer } from './attempts.ts';
import { cardNeeded, closeCharge } from './close.ts';
import { classifyDecline } from './decline-codes.ts';
import { nextRetry } from './dunning.ts';

/** @param decline of any class but `step_up` */
export function declined(
  before: CustomerState,
  known: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const state = recordDecline(before, known, reading, decline, nowMs);
  const charge = findCharge(state, known.chargeId) ?? known;
  const kind = classifyDecline(decline);
  if (kind === 'hard' || kind === 'new_card') return cardNeeded(state, charge, nowMs);
  const atMs = nextRetry(charge, state.mandate?.card.country ?? null, policyOf(state), nowMs);
  if (atMs === null) return closeCharge(state, charge, 'failed', 'declined', nowMs);
  return putCharge(state, { ...charge, phase: { is: 'due', atMs }, nextCheckAtMs: null, checks: 0 });
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
export function recordDecline(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const asked = recordAnswer(state, charge, reading, 'declined', decline, nowMs);
  if (classifyDecline(decline) !== 'hard') return asked;
  return blockAnsweringCard(asked, charge.chargeId, reading);
}

/** The card that gave this answer is never asked again. */
export function blockAnsweringCard(
  state: CustomerState,
  chargeId: string,
  { stripeChargeId }: Pick<PaymentIntentReading, 'stripeChargeId'>,
): CustomerState {
  const attempts = findCharge(state, chargeId)?.attempts ?? [];
  const asked = attempts.findLast((attempt) => attempt.stripeChargeId === stripeChargeId) ?? attempts.at(-1);
  return asked ? blockCard(state, asked) : state;
}
