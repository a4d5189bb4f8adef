// The permission to charge: given, ended, and what a new card does for what is owed. It asks Stripe nothing itself.
import type { Enrolment, Mandate, MandateStatus } from '../model/enrolment.ts';
import type { SetupIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import { note, tell } from '../shared/facts.ts';

export function mandateGiven(
  state: CustomerState,
  enrolment: Enrolment,
  reading: SetupIntentReading,
  nowMs: number,
): CustomerState {
  if (!enrolment.consent || !reading.paymentMethodId || !reading.card) return state;
  const mandate: Mandate = {
    status: reading.stripeMandateStatus === 'inactive' || !reading.attached ? 'inactive' : 'active',
    stripeMandateId: reading.stripeMandateId,
    setupIntentId: reading.setupIntentId,
    setupAttemptId: reading.setupAttemptId,
    paymentMethodId: reading.paymentMethodId,
    card: reading.card,
    threeDSecure: reading.threeDSecure,
    consent: enrolment.consent,
    terms: enrolment.terms,
    nextCheckAtMs: null,
  };
  const succeeded: CustomerState = {
    ...state,
    mandate,
    enrolment: { ...enrolment, status: 'succeeded', closed: true, decline: null },
  };
  const noted = note(succeeded, nowMs, 'mandate', {
    data: {
      enrolmentNumber: enrolment.number,
      requestId: reading.requestId,
      stripeCustomerId: state.stripeCustomerId,
      ...mandate,
    },
  });
  const told = tell(noted, nowMs, 'customer.enrolled', `enrolled-${enrolment.number}`, {
    data: { brand: mandate.card.brand, last4: mandate.card.last4 },
  });
  return resumeWithCard(told, nowMs);
}

/** There is an event for it, its card or its Stripe customer. */
export function readMandate(state: CustomerState, nowMs: number): CustomerState {
  return state.mandate ? { ...state, mandate: { ...state.mandate, nextCheckAtMs: nowMs } } : state;
}

/** The customer has taken the permission back. */
export function endMandate(state: CustomerState, nowMs: number): CustomerState {
  return state.mandate ? mandateBecomes(state, state.mandate, 'inactive', nowMs) : state;
}

export function mandateRead(
  state: CustomerState,
  mandate: Mandate,
  reading: SetupIntentReading,
  nowMs: number,
): CustomerState {
  const status = reading.attached ? (reading.stripeMandateStatus ?? 'active') : 'inactive';
  const looked = { ...mandate, nextCheckAtMs: null };
  // Permission that has ended comes back by another enrolment only.
  return mandate.status === 'inactive'
    ? { ...state, mandate: looked }
    : mandateBecomes(state, looked, status, nowMs);
}

function mandateBecomes(
  state: CustomerState,
  mandate: Mandate,
  status: MandateStatus,
  nowMs: number,
): CustomerState {
  const changed = { ...state, mandate: { ...mandate, status } };
  if (status === mandate.status) return changed;
  return note(changed, nowMs, 'mandate_status', {
    data: { setupIntentId: mandate.setupIntentId, stripeMandateId: mandate.stripeMandateId, status },
  });
}

/** Another card pays what the old one owed, at once; a charge at the bank is first looked at. */
function resumeWithCard(state: CustomerState, nowMs: number): CustomerState {
  return {
    ...state,
    charges: state.charges.map((charge) => {
      if (charge.phase.is === 'awaiting_card') return { ...charge, phase: { is: 'due', atMs: nowMs } };
      if (charge.phase.is === 'due' && charge.attempts.length > 0)
        return { ...charge, phase: { is: 'due', atMs: Math.min(nowMs, charge.phase.atMs) } };
      if (charge.phase.is === 'awaiting_step_up') return { ...charge, nextCheckAtMs: nowMs, checks: 0 };
      return charge;
    }),
  };
}
