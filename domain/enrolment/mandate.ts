// The permission to charge: given, read again, ended; and what a new card does for what is owed.
import type { Charge, ChargePhase, PhaseOf } from '../model/charge.ts';
import type { Card, Enrolment, Mandate, MandateStatus } from '../model/enrolment.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import type { SetupIntentReading } from '../model/stripe-objects.ts';
import { notify, recordFact } from '../shared/facts.ts';
import { carryBudgetOver } from '../shared/issuer-budgets.ts';
import { isRefusedForCard, missingAtStripe } from '../shared/missing-at-stripe.ts';
import { restartSetup } from './enrolment.ts';

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
    readAtMs: nowMs,
    nextCheckAtMs: null,
  };
  const succeeded: CustomerState = {
    ...state,
    mandate,
    enrolment: { ...enrolment, status: 'succeeded', closed: true, decline: null },
  };
  const recorded = recordFact(succeeded, nowMs, 'mandate', {
    data: {
      enrolmentNumber: enrolment.number,
      requestId: reading.requestId,
      stripeCustomerId: state.stripeCustomerId,
      ...mandate,
    },
  });
  const notified = notify(recorded, nowMs, 'customer.enrolled', `enrolled-${enrolment.number}`, {
    data: { brand: mandate.card.brand, last4: mandate.card.last4 },
  });
  return resumeWithCard(notified, nowMs);
}

/**
 * A refused request may teach that the card or the customer is gone at Stripe, whether or not there was an event; after
 * any other refused confirm the card is read. What has been given meanwhile is not touched.
 */
export function mandateAfterRefusal(
  state: CustomerState,
  event: Pick<EventOf<'refused'>, 'step' | 'request' | 'code' | 'param'>,
  nowMs: number,
): CustomerState {
  const { mandate } = state;
  const { step } = event;
  const missing = missingAtStripe(event);
  if (missing === 'card')
    return mandate && 'paymentMethodId' in step && step.paymentMethodId === mandate.paymentMethodId
      ? mandateBecomes(state, mandate, 'inactive', nowMs)
      : state;
  if (missing === null)
    return step.do === 'attemptCharge' && event.request !== 'create' ? readMandate(state, nowMs) : state;
  if (!('stripeCustomerId' in step) || step.stripeCustomerId !== state.stripeCustomerId) return state;
  return { ...restartSetup(endMandate(state, nowMs), nowMs), stripeCustomerId: null };
}

/** There is an event for it, its card or its Stripe customer. */
export function readMandate(state: CustomerState, nowMs: number): CustomerState {
  return state.mandate ? { ...state, mandate: { ...state.mandate, nextCheckAtMs: nowMs } } : state;
}

/** The customer has withdrawn the permission, or is gone at Stripe. */
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
  const read: Mandate = { ...mandate, readAtMs: nowMs, nextCheckAtMs: null };
  const next = cardRead(state, read, reading.card, nowMs);
  // Permission that has ended comes back by another enrolment only.
  return mandate.status === 'inactive' || !next.mandate
    ? next
    : mandateBecomes(next, next.mandate, status, nowMs);
}

/** The network may have given the card another expiry date or number: what is shown and counted follows. */
function cardRead(state: CustomerState, mandate: Mandate, card: Card | null, nowMs: number): CustomerState {
  const before = mandate.card;
  const isSame =
    card === null ||
    (card.brand === before.brand &&
      card.last4 === before.last4 &&
      card.expMonth === before.expMonth &&
      card.expYear === before.expYear &&
      card.country === before.country &&
      card.fingerprint === before.fingerprint);
  if (isSame) return { ...state, mandate };
  const updated = carryBudgetOver({ ...state, mandate: { ...mandate, card } }, before, card);
  return recordFact(updated, nowMs, 'card_updated', {
    data: { paymentMethodId: mandate.paymentMethodId, before, after: card },
  });
}

function mandateBecomes(
  state: CustomerState,
  mandate: Mandate,
  status: MandateStatus,
  nowMs: number,
): CustomerState {
  const changed = { ...state, mandate: { ...mandate, status } };
  if (status === mandate.status) return changed;
  return recordFact(changed, nowMs, 'mandate_status', {
    data: { setupIntentId: mandate.setupIntentId, stripeMandateId: mandate.stripeMandateId, status },
  });
}

/** Another card pays what the old one could not, at once; the intent of a charge that waits for the customer is read first. */
function resumeWithCard(state: CustomerState, nowMs: number): CustomerState {
  return {
    ...state,
    charges: state.charges.map((charge) => {
      const { phase } = charge;
      if (phase.is === 'awaiting_step_up') return { ...charge, nextCheckAtMs: nowMs, checks: 0 };
      if (phase.is === 'replacing_intent') {
        const resumeAs = dueWithCard(phase.resumeAs, charge, nowMs);
        return { ...charge, phase: { ...phase, resumeAs } };
      }
      return isWaiting(phase) ? { ...charge, phase: dueWithCard(phase, charge, nowMs) } : charge;
    }),
  };
}

type Waiting = PhaseOf<'due' | 'awaiting_card' | 'refused'>;

function isWaiting(phase: ChargePhase): phase is Waiting {
  return phase.is === 'due' || phase.is === 'awaiting_card' || phase.is === 'refused';
}

/** What has not been tried yet keeps its day. */
function dueWithCard(phase: Waiting, { attempts }: Charge, nowMs: number): Waiting {
  if (phase.is === 'awaiting_card' || isRefusedForCard(phase)) return { is: 'due', atMs: nowMs };
  return phase.is === 'due' && attempts.length > 0 ? { ...phase, atMs: Math.min(nowMs, phase.atMs) } : phase;
}
