// What a charge's policy says beyond the charge that has failed: about its customer, and about another card.
import { collectFailedCharges } from './charge/failed-charges.ts';
import { cancelCustomer } from './lifecycle.ts';
import type { Charge } from './model/charge.ts';
import type { CustomerState } from './model/state.ts';
import { recordFact } from './shared/facts.ts';
import { collectionOf } from './shared/policy.ts';

/** Who pauses or cancels, on record. */
const BY_POLICY = { actor: 'policy', reason: 'charge_failed' } as const;

/** @param before the state in which no charge that has just failed had failed yet */
export function atTheEndOfTheRoad(before: CustomerState, state: CustomerState, nowMs: number): CustomerState {
  if (before.charges === state.charges) return state;
  const ends = state.charges
    .filter(
      (charge) =>
        hasFailed(charge) &&
        !before.charges.some((was) => was.chargeId === charge.chargeId && hasFailed(was)),
    )
    .map((charge) => collectionOf(state, charge).end);
  if (ends.includes('cancel')) return cancelCustomer(state, { kind: 'cancelCustomer', ...BY_POLICY }, nowMs);
  if (!ends.includes('pause') || state.paused || state.cancelled) return state;
  return recordFact({ ...state, paused: { atMs: nowMs } }, nowMs, 'paused', BY_POLICY);
}

/** @param before the state in which the card that has just been given was not there yet */
export function onAnotherCard(before: CustomerState, state: CustomerState, nowMs: number): CustomerState {
  const isAnother = before.mandate?.setupIntentId !== state.mandate?.setupIntentId;
  return isAnother ? collectFailedCharges(state, nowMs) : state;
}

function hasFailed({ phase }: Charge): boolean {
  return phase.is === 'closed' && phase.as === 'failed';
}
