// A charge that no card may pay: it waits for one, until it has waited long enough.
import type { CustomerState } from '../model/state.ts';
import { findCharge } from '../shared/charges.ts';
import { cardNeeded, closeCharge, closed } from './close.ts';

/**
 * There is no card that may be asked: it is due, it was refused because its card is gone, or its customer was deleted at
 * Stripe before anybody saw the creation of its intent end.
 */
export function cardMissing(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge) return state;
  const { phase, intentNumber } = charge;
  switch (phase.is) {
    case 'due':
    case 'refused':
      return cardNeeded(state, charge, nowMs);
    case 'creating_intent':
      // What may have been made was never confirmed, and nobody has its secret.
      return cardNeeded(state, { ...charge, intentNumber: intentNumber + 1 }, nowMs);
    case 'closing':
      return charge.paymentIntentId === null ? closed(state, charge, phase.to, phase.reason, nowMs) : state;
    default:
      return state;
  }
}

/** Nobody has given another card in time. */
export function cardWaitExpired(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'awaiting_card'
    ? closeCharge(state, charge, 'failed', 'no_card', nowMs)
    : state;
}
