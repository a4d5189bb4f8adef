// A charge that the ledger has accepted before its customer's workflow could judge it.
import { openCharge } from './charge/charge.ts';
import { closeCharge } from './charge/close.ts';
import type { EventOf } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { refuseAccepted, refuseCharge } from './refuse.ts';
import { findCharge } from './shared/charges.ts';

/**
 * Opens it as any other. What this state refuses, because the customer was cancelled meanwhile or agreed to less, is
 * opened and closed as failed with the refusal's code: the caller has a 202, so it ends on record and with a notice.
 */
export function openAcceptedCharge(
  state: CustomerState,
  request: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  const refusal = refuseCharge(state, request);
  if (refuseAccepted(refusal)) return state;
  const opened = openCharge(state, request, nowMs);
  const charge = findCharge(opened, request.chargeId);
  return refusal && charge ? closeCharge(opened, charge, 'failed', refusal.code, nowMs) : opened;
}
