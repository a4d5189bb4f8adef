// When Stripe is asked about a charge's intent the next time: at growing intervals.
import type { Charge, ChargePhase } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { policyOf } from '../shared/policy.ts';

/** Something of ours is held up until Stripe has answered. */
const URGENT: readonly ChargePhase['is'][] = ['finding_intent', 'unknown', 'closing', 'replacing_intent'];

export function checkLater(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
  notBeforeMs: number | null = null,
): CustomerState {
  const { checkBackoffMs, unknownCheckBackoffMs } = policyOf(state);
  const waits = URGENT.includes(charge.phase.is) ? unknownCheckBackoffMs : checkBackoffMs;
  const nextCheckAtMs = Math.max(nowMs + backoffDelay(waits, charge.checks), notBeforeMs ?? 0);
  return putCharge(state, { ...charge, checks: charge.checks + 1, nextCheckAtMs });
}

/** Ask Stripe about this charge's intent at once. */
export function checkNow(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge?.paymentIntentId || charge.phase.is === 'closed' || charge.phase.is === 'attempting')
    return state;
  const nextCheckAtMs = Math.min(charge.nextCheckAtMs ?? nowMs, nowMs);
  return putCharge(state, { ...charge, nextCheckAtMs, checks: 0 });
}
