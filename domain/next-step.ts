// What to do for a customer now, or until when to wait.
import { agenda } from './agenda.ts';
import { isOver } from './lifecycle.ts';
import type { CustomerEvent } from './model/events.ts';
import type { Fact, FactKind } from './model/facts.ts';
import type { CustomerState } from './model/state.ts';
import type { Step } from './model/steps.ts';
import { LONGEST_SLEEP } from './shared/state-limits.ts';

/** These ride along with the next thing recorded; every other fact is in the ledger before anything else happens. */
const CAN_WAIT: readonly FactKind[] = ['payment_intent_created', 'setup_intent_created'];

/** What to do now, or until when to wait (epoch ms). Every state that is not over has a next time to wake. */
export function nextStep(state: CustomerState, nowMs: number): Step {
  if (!state.loaded) return { do: 'load' };
  if (mustBeRecorded(state)) return { do: 'record' };
  const plan = agenda(state, nowMs);
  const due = plan.find(({ atMs }) => atMs <= nowMs);
  // What is decided here may be told to people, so what it is about has to be true in the ledger too.
  if (due?.step.do === 'decide' && state.facts.some(isClaimedOpening)) return { do: 'record' };
  if (due) return due.step;
  if (!state.facts.every(isClaimedOpening)) return { do: 'record' };
  if (isOver(state)) return { do: 'end' };
  return { do: 'wait', untilMs: Math.min(nowMs + LONGEST_SLEEP, ...plan.map(({ atMs }) => atMs)) };
}

/** Whether anything has happened that is to be in the ledger before anything else happens. */
export function mustBeRecorded({ facts }: CustomerState): boolean {
  return !facts.every((fact) => CAN_WAIT.includes(fact.kind) || isClaimedOpening(fact));
}

/**
 * The claim in the ledger says the same, so this may wait also while the customer rests. Whether the charge has been over
 * for long, and a late message has opened it again, the attempt asks the ledger.
 */
function isClaimedOpening({ kind, data }: Fact): boolean {
  return kind === 'charge_opened' && data.claimed === true;
}

/** Whether a request that was accepted during `step` withdraws it, as far as it has not been sent. */
export function withdraws(event: CustomerEvent, step: Step): boolean {
  if (step.do !== 'attemptCharge') return false;
  if (event.kind === 'cancelCharge') return event.chargeId === step.chargeId;
  return event.kind === 'cancelCustomer' || event.kind === 'pause';
}
