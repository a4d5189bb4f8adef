// Makes a charge due again, at once where another card than the one that has answered is on file.
import type { Charge } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import { chargeableCard } from '../shared/chargeable-card.ts';
import { putCharge } from '../shared/charges.ts';

/** Whether a card that may pay this charge has been given since its newest attempt. */
export function hasOtherCard(state: CustomerState, charge: Charge, nowMs: number): boolean {
  const { card } = chargeableCard(state, charge, nowMs);
  const newest = charge.attempts.at(-1);
  return card !== null && newest !== undefined && card.paymentMethodId !== newest.paymentMethodId;
}

/** Due at `atMs`, or at once where another card has been given meanwhile. */
export function dueAgain(state: CustomerState, charge: Charge, atMs: number, nowMs: number): CustomerState {
  const dueAtMs = hasOtherCard(state, charge, nowMs) ? nowMs : atMs;
  const due: Charge = { ...charge, phase: { is: 'due', atMs: dueAtMs }, nextCheckAtMs: null, checks: 0 };
  return putCharge(state, due);
}
