// Finds, replaces and counts a customer’s charges.
import type { Attempt, Charge } from '../model/charge.ts';
import type { CollectionPolicy } from '../model/policy.ts';
import type { CustomerState } from '../model/state.ts';

export function findCharge(state: CustomerState, chargeId: string): Charge | undefined {
  return state.charges.find((charge) => charge.chargeId === chargeId);
}

/** Replaces one charge by its id. */
export function putCharge(state: CustomerState, changed: Charge): CustomerState {
  return {
    ...state,
    charges: state.charges.map((charge) => (charge.chargeId === changed.chargeId ? changed : charge)),
  };
}

/** How often we have asked the issuer for this charge. What never reached it does not count, nor what the customer tried. */
export function issuerAttempts(charge: Pick<Charge, 'attempts'>): number {
  return charge.attempts.filter((attempt) => reachedIssuer(attempt) && !attempt.onSession).length;
}

/** Whether we have asked the issuer for this charge as often as we allow, on whatever cards. */
export function isSpent(
  charge: Pick<Charge, 'attempts'>,
  { attempts }: Pick<CollectionPolicy, 'attempts'>,
): boolean {
  return issuerAttempts(charge) >= attempts;
}

/** Whether the issuer was asked, as far as is known; one under way counts, and one that Stripe itself blocked does not. */
export function reachedIssuer({ outcome, decline }: Attempt): boolean {
  return outcome !== 'unknown' && outcome !== 'refused' && decline?.blockedFor === undefined;
}
