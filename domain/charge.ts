// One charge: owed, given up or tried again by people, left without an answer or a card. What Stripe's answers mean is
// intent.ts, step-up.ts and declined.ts.
import { noteAttempt, settleAttempt } from './attempts.ts';
import { cardNeeded, closeCharge } from './ending.ts';
import type { EventOf } from './events.ts';
import { lookDelay, lookLater } from './looks.ts';
import { UNKNOWN_LOOKS } from './policy.ts';
import { by, findCharge, note, putCharge } from './record.ts';
import type { Charge, CustomerState } from './state.ts';

/** Something is owed. The same id again changes nothing; other terms were refused before this. */
export function chargeOpened(
  state: CustomerState,
  opened: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  if (findCharge(state, opened.chargeId)) return state;
  const dueAtMs = opened.dueAtMs ?? nowMs;
  const { chargeId, amount, currency } = opened;
  const charge = newCharge({ chargeId, amount, currency, openedAtMs: nowMs, dueAtMs, intentId: null });
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
  owed: Pick<Charge, 'chargeId' | 'amount' | 'currency' | 'openedAtMs' | 'dueAtMs' | 'intentId'>,
): Charge {
  return {
    ...owed,
    phase: { is: 'due', atMs: owed.dueAtMs },
    intentNumber: 1,
    stripeChargeId: null,
    attempts: [],
    attemptCount: 0,
    decline: null,
    lookAtMs: null,
    looks: 0,
  };
}

export function cancelCharge(
  state: CustomerState,
  event: EventOf<'cancelCharge'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, event.chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.phase.is === 'closing') return state;
  const noted = note(state, nowMs, 'charge_cancel', { ...by(event), chargeId: charge.chargeId });
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
  return note(due, nowMs, 'charge_retry', { ...by(event), chargeId: charge.chargeId });
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
  if (step.do === 'confirmIntent' && charge.phase.is === 'attempting') {
    const unknown = {
      ...charge,
      phase: { is: 'unknown', sinceMs: nowMs } as const,
      lookAtMs: nowMs + lookDelay(UNKNOWN_LOOKS, 0),
      looks: 1,
    };
    const settled = settleAttempt(state, unknown, 'unknown', null);
    return noteAttempt(settled, unknown.chargeId, nowMs, null, { requestId: requestId ?? null });
  }
  if (step.do === 'openIntent' && charge.phase.is === 'due') {
    const opening = { ...charge, phase: { is: 'opening' } as const };
    return putCharge(state, {
      ...opening,
      looks: charge.looks + 1,
      lookAtMs: nowMs + lookDelay(UNKNOWN_LOOKS, charge.looks),
    });
  }
  return lookLater(state, charge, nowMs);
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
    step.do === 'readIntent' || (step.do === 'lookUpIntent' && charge.phase.is !== 'opening');
  if (charge.phase.is === 'closing' || isQuestion) return lookLater(state, charge, nowMs);
  if (charge.phase.is === 'refused') return state;
  const lookAtMs = step.do === 'confirmIntent' ? nowMs : null;
  // The card may be gone at Stripe without our having heard of it.
  const mandate =
    state.mandate && step.do === 'confirmIntent' ? { ...state.mandate, lookAtMs } : state.mandate;
  let next: CustomerState = { ...state, mandate };
  const refused: Charge = { ...charge, phase: { is: 'refused', code }, lookAtMs, looks: 0 };
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
