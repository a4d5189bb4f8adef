// One charge: owed, given up or tried again by people, left without an answer or a card. What Stripe's answers mean is
// intent.ts, step-up.ts and declined.ts.

import type { Charge } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { by, note } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { noteAttempt, settleAttempt } from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { cardNeeded, closeCharge } from './close.ts';

/** Something is owed. The same id again changes nothing; other terms were refused before this. */
export function chargeOpened(
  state: CustomerState,
  opened: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  if (findCharge(state, opened.chargeId)) return state;
  const dueAtMs = opened.dueAtMs ?? nowMs;
  const { chargeId, amount, currency } = opened;
  const charge = newCharge({ chargeId, amount, currency, openedAtMs: nowMs, dueAtMs, paymentIntentId: null });
  const added = {
    ...state,
    currency: state.currency ?? opened.currency,
    charges: [...state.charges, charge],
  };
  return note(added, nowMs, 'charge_opened', {
    chargeId: charge.chargeId,
    ...by(opened),
    data: { amount: charge.amount, currency: charge.currency, dueAtMs },
  });
}

/** As it stands before anything has been tried. */
export function newCharge(
  owed: Pick<Charge, 'chargeId' | 'amount' | 'currency' | 'openedAtMs' | 'dueAtMs' | 'paymentIntentId'>,
): Charge {
  return {
    ...owed,
    phase: { is: 'due', atMs: owed.dueAtMs },
    intentNumber: 1,
    stripeChargeId: null,
    attempts: [],
    attemptCount: 0,
    decline: null,
    nextCheckAtMs: null,
    checks: 0,
  };
}

export function cancelCharge(
  state: CustomerState,
  event: EventOf<'cancelCharge'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, event.chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.phase.is === 'closing') return state;
  const noted = note(state, nowMs, 'charge_cancel_requested', { ...by(event), chargeId: charge.chargeId });
  return closeCharge(noted, charge, 'cancelled', 'cancelled', nowMs);
}

export function retryCharge(
  state: CustomerState,
  event: EventOf<'retryCharge'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, event.chargeId);
  const { phase } = charge ?? {};
  const mayRetry =
    phase?.is === 'awaiting_card' || phase?.is === 'refused' || (phase?.is === 'due' && phase.atMs > nowMs);
  if (!charge || !mayRetry) return state;
  const due = putCharge(state, { ...charge, phase: { is: 'due', atMs: nowMs } });
  return note(due, nowMs, 'charge_retry_requested', { ...by(event), chargeId: charge.chargeId });
}

/** Nobody knows whether the step happened. A confirm holds the lane until Stripe has been asked. */
export function chargeUnanswered(
  state: CustomerState,
  { step, requestId }: EventOf<'unanswered'>,
  nowMs: number,
): CustomerState {
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  if (step.do === 'confirmPaymentIntent' && charge.phase.is === 'attempting') {
    const unknown = {
      ...charge,
      phase: { is: 'unknown', sinceMs: nowMs } as const,
      nextCheckAtMs: nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, 0),
      checks: 1,
    };
    const settled = settleAttempt(state, unknown, 'unknown', null);
    return noteAttempt(settled, unknown.chargeId, nowMs, null, { requestId: requestId ?? null });
  }
  if (step.do === 'createPaymentIntent' && charge.phase.is === 'due') {
    const opening = { ...charge, phase: { is: 'creating_intent' } as const };
    return putCharge(state, {
      ...opening,
      checks: charge.checks + 1,
      nextCheckAtMs: nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, charge.checks),
    });
  }
  return checkLater(state, charge, nowMs);
}

/** Stripe refused the request itself. After a confirm the intent is read first, for it may have been paid. */
export function chargeRefused(
  state: CustomerState,
  { step, code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  // A question that is refused teaches nothing: what waited for its answer goes on waiting.
  const isQuestion =
    step.do === 'readPaymentIntent' ||
    (step.do === 'findPaymentIntent' && charge.phase.is !== 'creating_intent');
  if (charge.phase.is === 'closing' || isQuestion) return checkLater(state, charge, nowMs);
  if (charge.phase.is === 'refused') return state;
  const nextCheckAtMs = step.do === 'confirmPaymentIntent' ? nowMs : null;
  // The card may be gone at Stripe without our having heard of it.
  const mandate =
    state.mandate && step.do === 'confirmPaymentIntent' ? { ...state.mandate, nextCheckAtMs } : state.mandate;
  let next: CustomerState = { ...state, mandate };
  const refused: Charge = { ...charge, phase: { is: 'refused', code }, nextCheckAtMs, checks: 0 };
  if (charge.phase.is === 'attempting') {
    next = settleAttempt(next, refused, 'refused', null);
    next = noteAttempt(next, charge.chargeId, nowMs, null, { code, requestId: requestId ?? null });
  } else {
    next = putCharge(next, refused);
  }
  return note(next, nowMs, 'charge_refused', {
    chargeId: charge.chargeId,
    data: { code, step: step.do, requestId: requestId ?? null },
  });
}

/** It fell due, and there is no card that may be asked. */
export function cardMissing(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'due' ? cardNeeded(state, charge, nowMs) : state;
}

/** Nobody has given another card in time. */
export function cardWaitExpired(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'awaiting_card'
    ? closeCharge(state, charge, 'failed', 'no_card', nowMs)
    : state;
}
