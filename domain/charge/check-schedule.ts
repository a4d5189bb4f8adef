// When Stripe is asked again about what it holds open: later and later. It asks nothing itself.
import type { Charge } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { policyOf } from '../shared/policy.ts';

export function checkLater(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
  notBeforeMs: number | null = null,
): CustomerState {
  const { checkBackoffMs, unknownCheckBackoffMs } = policyOf(state);
  const waits = ['creating_intent', 'unknown', 'closing'].includes(charge.phase.is)
    ? unknownCheckBackoffMs
    : checkBackoffMs;
  const nextCheckAtMs = Math.max(nowMs + backoffDelay(waits, charge.checks), notBeforeMs ?? 0);
  return putCharge(state, { ...charge, checks: charge.checks + 1, nextCheckAtMs });
}

/** Ask Stripe about this charge's intent at once. */
export function checkNow(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge?.paymentIntentId || charge.phase.is === 'closed' || charge.phase.is === 'attempting')
    return state;
  return putCharge(state, {
    ...charge,
    nextCheckAtMs: Math.min(charge.nextCheckAtMs ?? nowMs, nowMs),
    checks: 0,
  });
}
