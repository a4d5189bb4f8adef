// What becomes of a charge after its issuer said no: another card that is on file, another day, another card, or the
// end.

import type { Charge, Decline } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge } from '../shared/charges.ts';
import { blockCard } from '../shared/issuer-budgets.ts';
import { policyOf } from '../shared/policy.ts';
import { recordAnswer } from './attempts.ts';
import { cardNeeded, closeCharge } from './close.ts';
import { classifyDecline } from './decline-codes.ts';
import { dueAgain, hasOtherCard } from './due-again.ts';
import { nextRetry } from './retry-schedule.ts';

/** @param decline of any class but `step_up` */
export function declined(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const next = recordDecline(state, charge, reading, decline, nowMs);
  const withAnswer = findCharge(next, charge.chargeId) ?? charge;
  if (hasOtherCard(next, withAnswer, nowMs)) return dueAgain(next, withAnswer, nowMs, nowMs);
  const kind = classifyDecline(decline);
  if (kind === 'hard' || kind === 'new_card' || kind === 'blocked')
    return cardNeeded(next, withAnswer, nowMs);
  const atMs = nextRetry(withAnswer, next.mandate?.card.country ?? null, policyOf(next), nowMs);
  return atMs === null
    ? closeCharge(next, withAnswer, 'failed', 'declined', nowMs)
    : dueAgain(next, withAnswer, atMs, nowMs);
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
export function recordDecline(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const next = recordAnswer(state, charge, reading, 'declined', decline, nowMs);
  return classifyDecline(decline) === 'hard' ? blockAnsweringCard(next, charge.chargeId, reading) : next;
}

/** The card that gave this answer is never asked again. */
export function blockAnsweringCard(
  state: CustomerState,
  chargeId: string,
  { stripeChargeId }: Pick<PaymentIntentReading, 'stripeChargeId'>,
): CustomerState {
  const attempts = findCharge(state, chargeId)?.attempts ?? [];
  const answered =
    attempts.findLast((attempt) => attempt.stripeChargeId === stripeChargeId) ?? attempts.at(-1);
  return answered ? blockCard(state, answered) : state;
}
