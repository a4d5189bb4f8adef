// Which charges have failed and wait for somebody to decide about them.
import type { Charge } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import { FAILED_CHARGES_REMEMBERED } from '../shared/state-limits.ts';

export function rememberFailure(
  state: CustomerState,
  { chargeId, decline }: Charge,
  nowMs: number,
): CustomerState {
  if (state.cancelled) return state; // nobody has to decide about it any more
  const others = state.failedCharges.filter((failed) => failed.chargeId !== chargeId);
  const declineCode = decline?.declineCode ?? decline?.code ?? null;
  const failedCharges = [...others, { chargeId, atMs: nowMs, declineCode }].slice(-FAILED_CHARGES_REMEMBERED);
  return { ...state, failedCharges };
}
