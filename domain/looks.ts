// When Stripe is asked again about what it holds open: later and later. It asks nothing itself.
import { LOOKS, UNKNOWN_LOOKS } from './policy.ts';
import { findCharge, putCharge } from './record.ts';
import type { Charge, CustomerState } from './state.ts';

/** The wait before look number `looks` (0-based); the last one repeats. */
export function lookDelay(waits: readonly number[], looks: number): number {
  return waits[Math.min(looks, waits.length - 1)] ?? 0;
}

export function lookLater(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
  notBeforeMs: number | null = null,
): CustomerState {
  const waits = ['opening', 'unknown', 'closing'].includes(charge.phase.is) ? UNKNOWN_LOOKS : LOOKS;
  const lookAtMs = Math.max(nowMs + lookDelay(waits, charge.looks), notBeforeMs ?? 0);
  return putCharge(state, { ...charge, looks: charge.looks + 1, lookAtMs });
}

/** Ask Stripe about this charge's intent at once. */
export function lookNow(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge?.intentId || charge.phase.is === 'closed' || charge.phase.is === 'attempting') return state;
  return putCharge(state, { ...charge, lookAtMs: Math.min(charge.lookAtMs ?? nowMs, nowMs), looks: 0 });
}
