// A charge that no card may pay: it waits for one, until it has waited long enough.
import type { CustomerState } from '../model/state.ts';
import { findCharge } from '../shared/charges.ts';
import { cardNeeded, closeCharge } from './close.ts';

/** It is due, or was refused because its card is gone, and there is no card that may be asked. */
export function cardMissing(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  const { phase } = charge ?? {};
  return charge && (phase?.is === 'due' || phase?.is === 'refused')
    ? cardNeeded(state, charge, nowMs)
    : state;
}

/** Nobody has given another card in time. */
export function cardWaitExpired(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'awaiting_card'
    ? closeCharge(state, charge, 'failed', 'no_card', nowMs)
    : state;
}
