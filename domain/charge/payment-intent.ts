// A charge's PaymentIntent: made, looked for, and what Stripe's word on it means. It asks Stripe nothing itself.

import type { Charge, ChargePhase } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { IssuerAnswer, PaymentIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { note } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { blockAnsweringCard, declined } from './after-decline.ts';
import {
  isSettled,
  noteAttempt,
  recordAnswer,
  recordEarlierAnswer,
  settleAttempt,
  unansweredInARow,
} from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { closed, stepUpEnded } from './close.ts';
import { classifyDecline } from './decline-codes.ts';
import { atTheBank, stepUpRead, stepUpStarts } from './step-up.ts';

export function paymentIntentCreated(
  state: CustomerState,
  opened: EventOf<'paymentIntentCreated'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, opened.chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.paymentIntentId) return state;
  const withIntent = { ...charge, paymentIntentId: opened.paymentIntentId, checks: 0 };
  const phase: ChargePhase =
    charge.phase.is === 'creating_intent' ? { is: 'due', atMs: nowMs } : charge.phase;
  const nextCheckAtMs = charge.phase.is === 'closing' ? nowMs : null;
  return note(putCharge(state, { ...withIntent, phase, nextCheckAtMs }), nowMs, 'payment_intent_created', {
    chargeId: charge.chargeId,
    data: { paymentIntentId: opened.paymentIntentId, intentNumber: charge.intentNumber },
  });
}

/** Stripe was asked for an intent whose creation nobody saw end. */
export function paymentIntentSearched(
  state: CustomerState,
  found: EventOf<'paymentIntentSearched'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, found.chargeId);
  if (!charge || charge.paymentIntentId !== null || charge.phase.is === 'closed') return state;
  if (found.paymentIntentId !== null) {
    const { chargeId, paymentIntentId } = found;
    const opened = paymentIntentCreated(
      state,
      { kind: 'paymentIntentCreated', chargeId, paymentIntentId },
      nowMs,
    );
    // Nobody knows who made it and how far they came: it is read before anything is asked of it.
    return putCharge(opened, { ...(findCharge(opened, chargeId) ?? charge), nextCheckAtMs: nowMs });
  }
  if (charge.phase.is === 'closing')
    return closed(state, charge, charge.phase.to, charge.phase.reason, nowMs);
  if (charge.phase.is !== 'creating_intent') return putCharge(state, { ...charge, nextCheckAtMs: null });
  // Stripe has none: only now may another key be used, and it comes from the number.
  return putCharge(state, {
    ...charge,
    intentNumber: charge.intentNumber + 1,
    phase: {
      is: 'due',
      atMs: nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, Math.max(0, charge.checks - 1)),
    },
    nextCheckAtMs: null,
  });
}

/** Stripe's word on the charge's intent, whoever asked for it and why. */
export function paymentIntentRead(
  earlier: CustomerState,
  { chargeId, reading: { unrecordedAnswers = [], ...reading } }: EventOf<'paymentIntentRead'>,
  nowMs: number,
): CustomerState {
  const before = findCharge(earlier, chargeId);
  if (!before || before.paymentIntentId !== reading.paymentIntentId || before.phase.is === 'closed')
    return earlier;
  const state = unrecordedAnswersOf(before, reading, unrecordedAnswers).reduce(
    (next, answer) => recordEarlierAnswerOf(next, chargeId, { ...reading, ...answer }, nowMs),
    earlier,
  );
  const charge = findCharge(state, chargeId) ?? before;
  switch (reading.status) {
    case 'succeeded':
      return collected(state, charge, reading, nowMs);
    case 'processing':
      return inProcess(state, charge, reading, nowMs);
    case 'canceled':
      return intentCanceled(state, charge, reading, nowMs);
    case 'requires_action':
      return charge.phase.is === 'closing'
        ? checkLater(state, charge, nowMs)
        : atTheBank(state, charge, reading, nowMs);
    default:
      return unpaid(state, charge, reading, nowMs);
  }
}

/** Those nobody has accounted for, and that no decision hangs on any more: something newer has happened. */
function unrecordedAnswersOf(
  { phase, stripeChargeId, attempts }: Charge,
  reading: PaymentIntentReading,
  unrecordedAnswers: readonly IssuerAnswer[],
): readonly IssuerAnswer[] {
  // One that was under way is known, and how it ended is not.
  const newest = attempts.at(-1);
  const wasProcessing = newest?.outcome === 'processing' && newest.stripeChargeId === stripeChargeId;
  const isKnown = reading.stripeChargeId === stripeChargeId;
  const known = unrecordedAnswers.findLastIndex((answer) => answer.stripeChargeId === stripeChargeId);
  const unseen = isKnown ? [] : unrecordedAnswers.slice(wasProcessing ? Math.max(0, known) : known + 1);
  // What was given up is not decided about: of the newest answer too only the record is left.
  const isGivenUp = phase.is === 'closing' || reading.status === 'canceled';
  const isNews = reading.stripeChargeId !== null && (!isKnown || wasProcessing);
  const answers = isGivenUp && isNews && reading.decline ? [...unseen, reading] : unseen;
  // A run that comes back from the ledger may meet an intent again that it was done with.
  const isBooked = (answer: IssuerAnswer) =>
    attempts.some((attempt) => attempt.stripeChargeId === answer.stripeChargeId && isSettled(attempt));
  return answers.filter((answer) => !isBooked(answer));
}

function recordEarlierAnswerOf(
  state: CustomerState,
  chargeId: string,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  const { decline } = reading;
  if (!charge || !decline) return state;
  const kind = classifyDecline(decline);
  const outcome = kind === 'step_up' ? 'step_up' : 'declined';
  const booked = recordEarlierAnswer(state, charge, reading, decline, outcome, nowMs);
  return kind === 'hard' ? blockAnsweringCard(booked, chargeId, reading) : booked;
}

function collected(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const isSteppedUp = charge.phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'paid', nowMs) : state;
  const paid = recordAnswer(authenticated, charge, reading, 'succeeded', null, nowMs);
  const reason = charge.phase.is === 'closing' ? `landed_after_${charge.phase.reason}` : null;
  return closed(paid, findCharge(paid, charge.chargeId) ?? charge, 'succeeded', reason, nowMs);
}

function inProcess(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closing') return checkLater(state, charge, nowMs);
  if (charge.phase.is === 'processing') return checkLater(state, charge, nowMs, reading.processingUntilMs);
  const isSteppedUp = charge.phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'processing', nowMs) : state;
  const asked = recordAnswer(authenticated, charge, reading, 'processing', null, nowMs);
  const now = findCharge(asked, charge.chargeId) ?? charge;
  const waiting: Charge = { ...now, phase: { is: 'processing', sinceMs: nowMs }, checks: 0 };
  return checkLater(asked, waiting, nowMs, reading.processingUntilMs);
}

/**
 * Nobody can pay this intent any more. Stripe cancels one by itself after too many confirms: then another is made.
 * One that a person cancelled is a person's decision: the operator is asked.
 */
function intentCanceled(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closing')
    return closed(state, charge, charge.phase.to, charge.phase.reason, nowMs);
  const isUnderWay = charge.phase.is === 'attempting' || charge.phase.is === 'unknown';
  const newest = charge.attempts.at(-1);
  const isAnswered = newest !== undefined && isSettled(newest);
  const next =
    isUnderWay && !isAnswered ? recordAnswer(state, charge, reading, 'refused', null, nowMs) : state;
  const now = findCharge(next, charge.chargeId) ?? charge;
  const without: Charge = {
    ...now,
    paymentIntentId: null,
    intentNumber: now.intentNumber + 1,
    stripeChargeId: null,
    nextCheckAtMs: null,
    checks: 0,
  };
  if (reading.cancellationReason === 'automatic') {
    // What waits for its day or for a card goes on waiting; each further intent comes a little later.
    const isResting = charge.phase.is === 'due' || charge.phase.is === 'awaiting_card';
    const atMs = nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, charge.intentNumber - 1);
    return putCharge(next, { ...without, phase: isResting ? charge.phase : { is: 'due', atMs } });
  }
  const code = 'payment_intent_canceled';
  return note(putCharge(next, { ...without, phase: { is: 'refused', code } }), nowMs, 'charge_refused', {
    chargeId: charge.chargeId,
    data: { code, cancellationReason: reading.cancellationReason, paymentIntentId: reading.paymentIntentId },
  });
}

/** Unpaid and open: declined, or nothing has happened since we last knew. */
function unpaid(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closing') return checkLater(state, charge, nowMs);
  if (charge.phase.is === 'awaiting_step_up') return stepUpRead(state, charge, reading, charge.phase, nowMs);
  const isNews = reading.stripeChargeId !== null && reading.stripeChargeId !== charge.stripeChargeId;
  const isAnswer = isNews || charge.phase.is === 'attempting' || charge.phase.is === 'processing';
  if (reading.decline && isAnswer) {
    return classifyDecline(reading.decline) === 'step_up'
      ? stepUpStarts(state, charge, reading, nowMs)
      : declined(state, charge, reading, reading.decline, nowMs);
  }
  switch (charge.phase.is) {
    case 'attempting':
    case 'unknown': {
      // Stripe says nothing came of the confirm: another may be sent, under another number and so another key.
      const atMs = nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, unansweredInARow(charge) - 1);
      const again: Charge = { ...charge, phase: { is: 'due', atMs }, nextCheckAtMs: null, checks: 0 };
      const newest = charge.attempts.at(-1);
      if (newest && isSettled(newest)) return putCharge(state, again);
      const settled = settleAttempt(state, again, 'unknown', null);
      return noteAttempt(settled, charge.chargeId, nowMs, reading);
    }
    case 'processing':
      return checkLater(state, charge, nowMs);
    default:
      return putCharge(state, { ...charge, nextCheckAtMs: null });
  }
}
