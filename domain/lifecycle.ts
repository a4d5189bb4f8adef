// A customer as a whole: new, paused, resumed, cancelled, over.
import { closeCharge } from './charge/close.ts';
import { closeEnrolment } from './enrolment/enrolment.ts';
import { endMandate } from './enrolment/mandate.ts';
import type { Charge } from './model/charge.ts';
import type { EventOf } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { by, recordFact } from './shared/facts.ts';
import { DEFAULT_POLICY } from './shared/policy.ts';
import { isRead } from './shared/refund-or-dispute.ts';

/** A customer of whom nothing is known yet; the first step asks the ledger whether that is so. */
export function newCustomer(customerId: string): CustomerState {
  return {
    version: 1,
    customerId,
    loaded: false,
    policy: DEFAULT_POLICY,
    stripeCustomerId: null,
    currency: null,
    cancelled: null,
    paused: null,
    enrolment: null,
    mandate: null,
    abandonedSetups: [],
    charges: [],
    failedCharges: [],
    issuerBudgets: [],
    refunds: [],
    disputes: [],
    facts: [],
    processedEventIds: [],
    sequence: 0,
  };
}

/** The customer was cancelled, and nothing of theirs is open anywhere. */
export function isOver(state: CustomerState): boolean {
  const { cancelled, charges, enrolment, abandonedSetups, refunds, disputes } = state;
  if (cancelled === null || (enrolment !== null && !enrolment.closed)) return false;
  return charges.length === 0 && abandonedSetups.length === 0 && [...refunds, ...disputes].every(isRead);
}

/** The clocks that were stopped by the pause go on from where they were. */
export function resume(state: CustomerState, event: EventOf<'resume'>, nowMs: number): CustomerState {
  if (!state.paused) return state;
  const pausedAtMs = state.paused.atMs;
  const charges = state.charges.map((charge): Charge => {
    const { phase } = charge;
    if (phase.is !== 'awaiting_step_up' && phase.is !== 'awaiting_card') return charge;
    // A wait that began during the pause has stood still since then only.
    const stoodStill = nowMs - Math.max(pausedAtMs, phase.sinceMs);
    const sinceMs = phase.sinceMs + stoodStill;
    return phase.is === 'awaiting_card'
      ? { ...charge, phase: { ...phase, sinceMs } }
      : { ...charge, phase: { ...phase, sinceMs, deadlineMs: phase.deadlineMs + stoodStill } };
  });
  return recordFact({ ...state, paused: null, charges }, nowMs, 'resumed', by(event));
}

/** No new attempt from here on; what is open at Stripe is cancelled there and followed to its end. */
export function cancelCustomer(
  before: CustomerState,
  event: EventOf<'cancelCustomer'>,
  nowMs: number,
): CustomerState {
  if (before.cancelled) return before;
  let state: CustomerState = { ...before, cancelled: { atMs: nowMs }, paused: null };
  state = recordFact(state, nowMs, 'cancelled', by(event));
  state = endMandate(state, nowMs);
  state = closeEnrolment(state, 'expired', 'customer_cancelled', nowMs);
  for (const charge of state.charges)
    state = closeCharge(state, charge, 'cancelled', 'customer_cancelled', nowMs);
  return state;
}
