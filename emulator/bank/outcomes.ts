// The script of a card: what the bank will answer to its next charges, set by the control API.
import type { Outcome } from '../store/records.ts';
import type { World } from '../store/world.ts';

/** Replaces what is scripted for this payment method; an empty list takes the script away. */
export function setOutcomes(world: World, paymentMethodId: string, outcomes: Outcome[]): void {
  if (outcomes.length === 0) world.store.outcomes.delete(paymentMethodId);
  else world.store.outcomes.put(paymentMethodId, { outcomes });
}

/** Takes the next scripted outcome, or null when the card is on its own. */
export function takeOutcome(world: World, paymentMethodId: string): Outcome | null {
  const [next, ...rest] = world.store.outcomes.get(paymentMethodId)?.outcomes ?? [];
  if (next === undefined) return null;
  setOutcomes(world, paymentMethodId, rest);
  return next;
}
