// What becomes of a charge after its issuer said no: another day, another card, or the end. The bank's wish to see the
// customer is step-up.ts.
import { accountFor } from './attempts.ts';
import { classifyDecline } from './decline.ts';
import { markDead, nextRetry } from './dunning.ts';
import { cardNeeded, closeCharge } from './ending.ts';
import type { IntentReading } from './events.ts';
import { findCharge, putCharge } from './record.ts';
import type { Charge, CustomerState, Decline } from './state.ts';

/** @param decline of any class but `step_up` */
export function declined(
  before: CustomerState,
  known: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const state = bookDecline(before, known, reading, decline, nowMs);
  const charge = findCharge(state, known.chargeId) ?? known;
  const kind = classifyDecline(decline);
  if (kind === 'hard' || kind === 'new_card') return cardNeeded(state, charge, nowMs);
  const atMs = nextRetry(charge, state.mandate?.card.country ?? null, nowMs);
  if (atMs === null) return closeCharge(state, charge, 'failed', 'declined', nowMs);
  return putCharge(state, { ...charge, phase: { is: 'due', atMs }, lookAtMs: null, looks: 0 });
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
export function bookDecline(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const asked = accountFor(state, charge, reading, 'declined', decline, nowMs);
  if (classifyDecline(decline) !== 'hard') return asked;
  return cardIsDead(asked, charge.chargeId, reading);
}

/** The card that gave this answer is never asked again. */
export function cardIsDead(
  state: CustomerState,
  chargeId: string,
  { stripeChargeId }: Pick<IntentReading, 'stripeChargeId'>,
): CustomerState {
  const attempts = findCharge(state, chargeId)?.attempts ?? [];
  const asked = attempts.findLast((attempt) => attempt.stripeChargeId === stripeChargeId) ?? attempts.at(-1);
  return { ...state, cards: markDead(state.cards, asked?.fingerprint ?? null) };
}
