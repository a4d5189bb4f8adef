// What becomes of a charge after its issuer said no: another day, another card, the customer, or the end.
import { accountFor } from './attempts.ts';
import { classifyDecline } from './decline.ts';
import { isSpent, markDead, nextRetry } from './dunning.ts';
import { closeCharge, waitForCard } from './ending.ts';
import type { IntentReading } from './events.ts';
import { findCharge, putCharge } from './record.ts';
import type { Charge, CustomerState, Decline } from './state.ts';
import { seenOf, stepUpStarts } from './step-up.ts';

export function declined(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const asked = bookDecline(state, charge, reading, decline, nowMs);
  return afterDecline(asked, findCharge(asked, charge.chargeId) ?? charge, decline, seenOf(reading), nowMs);
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
export function bookDecline(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const kind = classifyDecline(decline);
  const outcome = kind === 'step_up' ? 'step_up' : 'declined';
  const asked = accountFor(state, charge, reading, outcome, decline, nowMs);
  if (kind !== 'hard') return asked;
  const fingerprint = findCharge(asked, charge.chargeId)?.attempts.at(-1)?.fingerprint ?? null;
  return { ...asked, cards: markDead(asked.cards, fingerprint) };
}

function afterDecline(
  state: CustomerState,
  charge: Charge,
  decline: Decline,
  seen: string,
  nowMs: number,
): CustomerState {
  switch (classifyDecline(decline)) {
    case 'step_up':
      return stepUpStarts(state, charge, nowMs, seen);
    case 'hard':
    case 'new_card':
      return isSpent(charge)
        ? closeCharge(state, charge, 'failed', 'declined', nowMs)
        : waitForCard(state, charge, nowMs);
    default: {
      const atMs = nextRetry(charge, state.mandate?.card.country ?? null, nowMs);
      if (atMs === null) return closeCharge(state, charge, 'failed', 'declined', nowMs);
      return putCharge(state, { ...charge, phase: { is: 'due', atMs }, lookAtMs: null, looks: 0 });
    }
  }
}
