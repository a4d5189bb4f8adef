// The list of a charge's attempts: started, answered, counted on their card.

import type { Attempt, AttemptOutcome, Charge, ChargePhase, Decline } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { StepOf } from '../model/steps.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge, putCharge, reachedIssuer } from '../shared/charges.ts';
import { recordFact } from '../shared/facts.ts';
import { countAttempt } from '../shared/issuer-budgets.ts';
import { policyOf } from '../shared/policy.ts';
import { ATTEMPTS_REMEMBERED } from '../shared/state-limits.ts';

/** Where the newest attempt stands in the list. */
const NEWEST = -1;

/** It is about to be made: its number and card are fixed before Stripe can hear of it. */
export function attemptStarted(
  state: CustomerState,
  step: StepOf<'attemptCharge'>,
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

/** What the attempt under way asks of Stripe, from a state in which it has been started; null where none is. */
export function attemptUnderWay(state: CustomerState, chargeId: string): StepOf<'attemptCharge'> | null {
  const charge = findCharge(state, chargeId);
  const attempt = charge?.attempts.at(-1);
  const { stripeCustomerId } = state;
  if (charge?.phase.is !== 'attempting' || !attempt || stripeCustomerId === null) return null;
  const { paymentIntentId, amount, currency, stripeChargeId: known } = charge;
  const { number: attemptNumber, intentNumber, paymentMethodId, stripeMandateId, fingerprint } = attempt;
  return {
    do: 'attemptCharge',
    chargeId,
    paymentIntentId,
    intentNumber,
    attemptNumber,
    paymentMethodId,
    stripeMandateId,
    fingerprint,
    known,
    amount,
    currency,
    stripeCustomerId,
  };
}

/** The kill switch was on before anything was confirmed. */
export function attemptHalted(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting') return state;
  const due = asIfNeverStarted(charge, charge.attempts.at(-1)?.atMs ?? nowMs);
  return { ...putCharge(state, due), haltedUntilMs: nowMs + policyOf(state).killSwitchCheckMs };
}

/** Stripe turned the request away unread: a wait, and no attempt. */
export function attemptRateLimited(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting') return state;
  return putCharge(state, asIfNeverStarted(charge, nowMs + policyOf(state).rateLimitPauseMs));
}

/** Nothing was confirmed: the number is free again, and with it the idempotency key. */
export function asIfNeverStarted(charge: Charge, dueAtMs: number): Charge {
  return {
    ...charge,
    attempts: charge.attempts.slice(0, -1),
    attemptCount: charge.attemptCount - 1,
    phase: { is: 'due', atMs: dueAtMs },
  };
}

/** In these phases an answer belongs to the newest attempt, as long as that is not settled. */
const ANSWERS_NEWEST: readonly ChargePhase['is'][] = [
  'attempting',
  'unknown',
  'processing',
  'refused',
  'replacing_intent',
  'closing',
];

/** Records Stripe's answer on the attempt under way, or on one that the customer made at the bank. */
export function recordAnswer(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  outcome: AttemptOutcome,
  decline: Decline | null,
  nowMs: number,
): CustomerState {
  const withAnswer: Charge = {
    ...charge,
    stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
    decline: declineOf(charge, outcome, decline),
  };
  const newest = charge.attempts.at(-1);
  if (newest && ANSWERS_NEWEST.includes(charge.phase.is) && !isSettled(newest)) {
    const answer = { outcome, decline, ...madeAs(reading.stripeChargeId) };
    const settled = settleAt(state, withAnswer, NEWEST, answer);
    return noteAttempt(settled, charge.chargeId, nowMs, reading);
  }
  const unrecorded: Attempt = {
    number: charge.attemptCount + 1,
    intentNumber: charge.intentNumber,
    atMs: nowMs,
    ...cardOf(state, charge, reading),
    stripeMandateId: null,
    outcome,
    decline,
    // The customer can be at the bank only after an attempt of ours; where none is on record, a lost run has made it.
    onSession: newest !== undefined,
    ...madeAs(reading.stripeChargeId),
  };
  const next = countAttempt(putCharge(state, withAttempt(withAnswer, unrecorded)), charge, unrecorded);
  return noteAttempt(next, charge.chargeId, nowMs, reading);
}

/** The card that has answered: Stripe's word, else the one that was asked last, else the one on file. */
function cardOf(
  { mandate }: CustomerState,
  { attempts }: Charge,
  { paymentMethodId, fingerprint }: PaymentIntentReading,
): Pick<Attempt, 'paymentMethodId' | 'fingerprint'> {
  if (paymentMethodId !== null) {
    const sameCard = attempts.findLast((attempt) => attempt.paymentMethodId === paymentMethodId);
    return { paymentMethodId, fingerprint: fingerprint ?? sameCard?.fingerprint ?? null };
  }
  const newest = attempts.at(-1);
  if (newest) return { paymentMethodId: newest.paymentMethodId, fingerprint: newest.fingerprint };
  return {
    paymentMethodId: mandate?.paymentMethodId ?? '',
    fingerprint: mandate?.card.fingerprint ?? null,
  };
}

/**
 * Records an answer that a newer one hides: on the oldest attempt since the last settled one that has no answer, else on
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
  const unanswered = attempts[index];
  if (!unanswered && charge.phase.is === 'attempting') {
    const data = { number: null, atMs: nowMs, outcome, decline, onSession: true, answer: reading };
    return recordFact(state, nowMs, 'attempt', { chargeId, data });
  }
  if (!unanswered) return recordAnswer(state, charge, reading, outcome, decline, nowMs);
  const { stripeChargeId } = reading;
  const answer = { outcome, decline, ...madeAs(stripeChargeId) };
  const answered: Charge = { ...charge, decline: declineOf(charge, outcome, decline), stripeChargeId };
  const settled = settleAt(state, answered, index, answer);
  return noteAt(settled, chargeId, index, nowMs, { answer: reading });
}

/** That the bank wants the customer is no decline of the charge. */
function declineOf(charge: Charge, outcome: AttemptOutcome, decline: Decline | null): Decline | null {
  return outcome === 'step_up' ? charge.decline : (decline ?? charge.decline);
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
  const attempt = charge.attempts.at(index);
  if (!attempt) return putCharge(state, charge);
  const settled: Attempt = { ...attempt, ...answer };
  const { outcome } = attempt;
  const isFirstWord = outcome === null || outcome === 'unknown' || outcome === 'refused';
  const isCounted = isFirstWord && reachedIssuer(settled);
  const changed = putCharge(state, { ...charge, attempts: charge.attempts.with(index, settled) });
  return isCounted ? countAttempt(changed, charge, settled) : changed;
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
  return attempt ? recordFact(state, nowMs, 'attempt', { chargeId, data: { ...attempt, ...more } }) : state;
}

export function unansweredInARow(charge: Charge): number {
  const answered = charge.attempts.findLastIndex(({ outcome }) => outcome !== 'unknown' && outcome !== null);
  return charge.attempts.length - 1 - answered;
}

/** Whether Stripe's last word on it is known: an unknown or processing one may still turn out otherwise. */
export function isSettled({ outcome }: Attempt): boolean {
  return outcome === 'succeeded' || outcome === 'declined' || outcome === 'step_up';
}

/**
 * Those that never reached the issuer are forgotten first, then those that the customer made: the calendar and what a
 * charge may be asked for count the others.
 */
function withAttempt(charge: Charge, attempt: Attempt): Charge {
  const attempts = [...charge.attempts];
  if (attempts.length >= ATTEMPTS_REMEMBERED) {
    const unsent = attempts.findIndex((earlier) => !reachedIssuer(earlier));
    const forgotten = unsent === -1 ? attempts.findIndex(({ onSession }) => onSession) : unsent;
    attempts.splice(Math.max(0, forgotten), 1);
  }
  return { ...charge, attempts: [...attempts, attempt], attemptCount: charge.attemptCount + 1 };
}
