// What of a customer needs a person, and the decline that a person would ask about first.
import { hasOpenDispute } from './disputes/disputes.ts';
import type { CustomerState } from './model/state.ts';

/** In the order in which they are worth looking at. */
export const ATTENTION = ['unknown', 'refused', 'failed', 'disputed', 'no_card', 'step_up'] as const;

export type Attention = (typeof ATTENTION)[number];

/** Each stays until it has been dealt with: a failed charge until it is collected after all, waived, or its customer cancelled. */
export function needsAttention(state: CustomerState): readonly Attention[] {
  const isIn = (...phases: readonly string[]) => state.charges.some(({ phase }) => phases.includes(phase.is));
  const needed: { readonly [Kind in Attention]: boolean } = {
    unknown: isIn('unknown'),
    refused: isIn('refused'),
    failed: state.cancelled === null && state.failedCharges.length > 0,
    disputed: hasOpenDispute(state),
    no_card: isIn('awaiting_card'),
    step_up: isIn('awaiting_step_up'),
  };
  return ATTENTION.filter((kind) => needed[kind]);
}

/** The code of the newest decline of a charge that is open or has failed; null when none was declined. */
export function lastDeclineCode({ charges, failedCharges }: CustomerState): string | null {
  const open = charges.findLast(({ decline }) => decline !== null)?.decline;
  if (open) return open.declineCode ?? open.code;
  return failedCharges.findLast(({ declineCode }) => declineCode !== null)?.declineCode ?? null;
}
