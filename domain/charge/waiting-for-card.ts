// A charge that no card may pay: it waits for one, until it has waited long enough.
import type { CustomerState } from '../model/state.ts';
import { findCharge } from '../shared/charges.ts';
import { cardNeeded, closeCharge } from './close.ts';

/** There is no card that may be asked: it is due, or it was refused because its card is gone. */
export function cardMissing(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge) return state;
  switch (charge.phase.is) {
    case 'due':
    case 'refused':
      return cardNeeded(state, charge, nowMs);
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
