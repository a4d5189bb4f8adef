// The book of a charge's attempts: begun, answered, counted on their card. What an answer means is not decided here.

import type { Attempt, AttemptOutcome, Charge, Decline } from '../model/charge.ts';
import type { PaymentIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import type { StepOf } from '../model/steps.ts';
import { findCharge, putCharge, reachedIssuer } from '../shared/charges.ts';
import { note } from '../shared/facts.ts';
import { countAttempt } from '../shared/issuer-budgets.ts';
import { policyOf } from '../shared/policy.ts';
import { ATTEMPTS_REMEMBERED } from '../shared/state-limits.ts';

/** Where the newest attempt stands in the list. */
const NEWEST = -1;

/** The confirm is about to be sent: its number and card are fixed before Stripe can hear of it. */
export function attemptStarted(
  state: CustomerState,
  step: StepOf<'confirmPaymentIntent'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, step.chargeId);
  if (charge?.phase.is !== 'due') return state;
  const attempt: Attempt = {
    number: step.attemptNumber,
    intentNumber: step.intentNumber,
    atMs: nowMs,
    paymentMethodId: step.paymentMethodId,
    stripeMandateId: step.stripeMandateId,
    fingerprint: step.fingerprint,
    outcome: null,
    decline: null,
    onSession: false,
  };
  return putCharge(state, {
    ...withAttempt(charge, attempt),
    phase: { is: 'attempting' },
    nextCheckAtMs: null,
    checks: 0,
  });
}

/** The emergency brake was on before anything was sent. */
export function attemptHalted(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting') return state;
  const due = asIfNeverBegun(charge, charge.attempts.at(-1)?.atMs ?? nowMs);
  return { ...putCharge(state, due), haltedUntilMs: nowMs + policyOf(state).killSwitchCheckMs };
}

/** Stripe turned the request away unread: a wait, and no attempt. */
export function attemptRateLimited(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting') return state;
  return putCharge(state, asIfNeverBegun(charge, nowMs + policyOf(state).rateLimitPauseMs));
}

/** The number is free again, and with it the idempotency key. */
function asIfNeverBegun(charge: Charge, dueAtMs: number): Charge {
  return {
    ...charge,
    attempts: charge.attempts.slice(0, -1),
    attemptCount: charge.attemptCount - 1,
    phase: { is: 'due', atMs: dueAtMs },
  };
}

/** Books Stripe's answer on the attempt under way, or on one that the customer made at the bank. */
export function recordAnswer(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  outcome: AttemptOutcome,
  decline: Decline | null,
  nowMs: number,
): CustomerState {
  const known: Charge = {
    ...charge,
    stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
    decline: decline ?? charge.decline,
  };
  const newest = charge.attempts.at(-1);
  const isOurs =
    ['attempting', 'unknown', 'processing', 'refused', 'closing'].includes(charge.phase.is) &&
    newest &&
    !isSettled(newest);
  if (isOurs) {
    const answer = { outcome, decline, ...madeAs(reading.stripeChargeId) };
    return noteAttempt(settleAt(state, known, NEWEST, answer), charge.chargeId, nowMs, reading);
  }
  const unheard: Attempt = {
    number: charge.attemptCount + 1,
    intentNumber: charge.intentNumber,
    atMs: nowMs,
    paymentMethodId: newest?.paymentMethodId ?? state.mandate?.paymentMethodId ?? '',
    stripeMandateId: null,
    fingerprint: newest ? newest.fingerprint : (state.mandate?.card.fingerprint ?? null),
    outcome,
    decline,
    // The customer can be at the bank only after an attempt of ours; without one on record a run that is gone made it.
    onSession: newest !== undefined,
    ...madeAs(reading.stripeChargeId),
  };
  return noteAttempt(
    countAttempt(putCharge(state, withAttempt(known, unheard)), unheard),
    charge.chargeId,
    nowMs,
    reading,
  );
}

/**
 * Books an answer that a newer one hides: on the oldest attempt since the last settled one that nobody answered, else on
 * one that the customer made. An attempt under way is left for its own answer, and the list is not touched under it.
 */
export function recordEarlierAnswer(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  outcome: 'declined' | 'step_up',
  nowMs: number,
): CustomerState {
  const { attempts, chargeId } = charge;
  const lastSettled = attempts.findLastIndex(isSettled);
  const index = attempts.findIndex((attempt, at) => at > lastSettled && attempt.outcome !== null);
  const asked = attempts[index];
  if (!asked && charge.phase.is === 'attempting') {
    const data = { number: null, atMs: nowMs, outcome, decline, onSession: true, answer: reading };
    return note(state, nowMs, 'attempt', { chargeId, data });
  }
  if (!asked) return recordAnswer(state, charge, reading, outcome, decline, nowMs);
  const { stripeChargeId } = reading;
  const answer = { outcome, decline, ...madeAs(stripeChargeId) };
  const settled = settleAt(state, { ...charge, decline, stripeChargeId }, index, answer);
  return noteAt(settled, chargeId, index, nowMs, { answer: reading });
}

function madeAs(stripeChargeId: string | null): Pick<Attempt, 'stripeChargeId'> {
  return stripeChargeId === null ? {} : { stripeChargeId };
}

export function settleAttempt(
  state: CustomerState,
  charge: Charge,
  outcome: AttemptOutcome,
  decline: Decline | null,
): CustomerState {
  return settleAt(state, charge, NEWEST, { outcome, decline });
}

/** Counts it on its card with the first word that comes from the issuer. */
function settleAt(
  state: CustomerState,
  charge: Charge,
  index: number,
  answer: Pick<Attempt, 'outcome' | 'decline' | 'stripeChargeId'>,
): CustomerState {
  const asked = charge.attempts.at(index);
  if (!asked) return putCharge(state, charge);
  const settled: Attempt = { ...asked, ...answer };
  const isFirstWord = asked.outcome === null || asked.outcome === 'unknown' || asked.outcome === 'refused';
  const isCounted = isFirstWord && reachedIssuer(settled);
  const changed = putCharge(state, { ...charge, attempts: charge.attempts.with(index, settled) });
  return isCounted ? countAttempt(changed, settled) : changed;
}

export function noteAttempt(
  state: CustomerState,
  chargeId: string,
  nowMs: number,
  reading: PaymentIntentReading | null,
  more: { readonly [key: string]: unknown } = {},
): CustomerState {
  return noteAt(state, chargeId, NEWEST, nowMs, { ...more, answer: reading });
}

function noteAt(
  state: CustomerState,
  chargeId: string,
  index: number,
  nowMs: number,
  more: { readonly [key: string]: unknown },
): CustomerState {
  const attempt = findCharge(state, chargeId)?.attempts.at(index);
  return attempt ? note(state, nowMs, 'attempt', { chargeId, data: { ...attempt, ...more } }) : state;
}

export function unansweredInARow(charge: Charge): number {
  const known = charge.attempts.findLastIndex(({ outcome }) => outcome !== 'unknown' && outcome !== null);
  return charge.attempts.length - 1 - known;
}

/** Whether Stripe's last word on it is known: an unknown or processing one may still turn out otherwise. */
export function isSettled({ outcome }: Attempt): boolean {
  return outcome === 'succeeded' || outcome === 'declined' || outcome === 'step_up';
}

/** Those that never reached the issuer are forgotten first: the calendar and the budget count the others. */
function withAttempt(charge: Charge, attempt: Attempt): Charge {
  const attempts = [...charge.attempts];
  const leastMissed = attempts.findIndex((old) => !reachedIssuer(old));
  if (attempts.length >= ATTEMPTS_REMEMBERED) attempts.splice(Math.max(0, leastMissed), 1);
  return { ...charge, attempts: [...attempts, attempt], attemptCount: charge.attemptCount + 1 };
}
