// What Stripe's word on a charge's PaymentIntent means, whoever asked for it and for what reason.

import type { Charge } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { recordFact } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { declined } from './after-decline.ts';
import { isSettled, noteAttempt, recordAnswer, settleAttempt, unansweredInARow } from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { closed, collected, stepUpEnded } from './close.ts';
import { classifyDecline } from './decline-codes.ts';
import { dueAgain } from './due-again.ts';
import { differenceFromOwed, replaceIntent } from './replace-intent.ts';
import { atTheBank, stepUpRead, stepUpStarts } from './step-up.ts';
import { recordUnrecordedAnswers } from './unrecorded-answers.ts';
import { withWholeDeclines } from './whole-decline.ts';

export function paymentIntentRead(
  earlier: CustomerState,
  { chargeId, reading: asRead }: EventOf<'paymentIntentRead'>,
  nowMs: number,
): CustomerState {
  const reading = withWholeDeclines(asRead);
  const before = findCharge(earlier, chargeId);
  if (!before || before.paymentIntentId !== reading.paymentIntentId || before.phase.is === 'closed')
    return earlier;
  const state = recordUnrecordedAnswers(earlier, before, reading, nowMs);
  const charge = findCharge(state, chargeId) ?? before;
  switch (reading.status) {
    case 'succeeded':
      return paid(state, charge, reading, nowMs);
    case 'processing':
      return processing(state, charge, reading, nowMs);
    case 'canceled':
      return canceled(state, charge, reading, nowMs);
    default:
      return open(state, charge, reading, nowMs);
  }
}

function paid(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const isSteppedUp = charge.phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'paid', nowMs) : state;
  const next = recordAnswer(authenticated, charge, reading, 'succeeded', null, nowMs);
  const reason = charge.phase.is === 'closing' ? `landed_after_${charge.phase.reason}` : null;
  return collected(next, findCharge(next, charge.chargeId) ?? charge, reading, reason, nowMs);
}

function processing(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const { phase } = charge;
  if (phase.is === 'closing') return checkLater(state, charge, nowMs);
  if (phase.is === 'processing' || phase.is === 'replacing_intent')
    return checkLater(state, charge, nowMs, reading.processingUntilMs);
  const isSteppedUp = phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'processing', nowMs) : state;
  const next = recordAnswer(authenticated, charge, reading, 'processing', null, nowMs);
  const withAnswer = findCharge(next, charge.chargeId) ?? charge;
  const waiting: Charge = { ...withAnswer, phase: { is: 'processing', sinceMs: nowMs }, checks: 0 };
  return checkLater(next, waiting, nowMs, reading.processingUntilMs);
}

/**
 * Nobody can pay this intent any more. Stripe cancels one by itself after too many confirms, and we cancel one that
 * differs from what is owed: then another is made. One that a person cancelled is a person's decision: the operator
 * has to look.
 */
function canceled(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const { phase, chargeId, intentNumber } = charge;
  if (phase.is === 'closing') return closed(state, charge, phase.to, phase.reason, nowMs);
  const isUnderWay = phase.is === 'attempting' || phase.is === 'unknown';
  const newest = charge.attempts.at(-1);
  const isAnswered = newest !== undefined && isSettled(newest);
  const ended = phase.is === 'awaiting_step_up' ? stepUpEnded(state, charge, 'canceled', nowMs) : state;
  const next =
    isUnderWay && !isAnswered ? recordAnswer(ended, charge, reading, 'refused', null, nowMs) : ended;
  const without: Charge = {
    ...(findCharge(next, chargeId) ?? charge),
    paymentIntentId: null,
    intentNumber: intentNumber + 1,
    stripeChargeId: null,
    nextCheckAtMs: null,
    checks: 0,
  };
  if (phase.is === 'replacing_intent') return putCharge(next, { ...without, phase: phase.resumeAs });
  if (reading.cancellationReason === 'automatic') {
    // What waits for its day or for a card goes on waiting; each further intent comes a little later.
    const waits = phase.is === 'due' || phase.is === 'awaiting_card';
    const atMs = nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, intentNumber - 1);
    return putCharge(next, { ...without, phase: waits ? phase : { is: 'due', atMs } });
  }
  const code = 'payment_intent_canceled';
  const refused = putCharge(next, { ...without, phase: { is: 'refused', code } });
  const { cancellationReason, paymentIntentId } = reading;
  return recordFact(refused, nowMs, 'charge_refused', {
    chargeId,
    data: { code, cancellationReason, paymentIntentId },
  });
}

/** Unpaid and open: declined, at the bank, or nothing has happened since we last knew. */
function open(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const { phase } = charge;
  if (phase.is === 'closing' || phase.is === 'replacing_intent') return checkLater(state, charge, nowMs);
  const difference = differenceFromOwed(state, charge, reading);
  if (difference) return replaceIntent(state, charge, reading, difference, nowMs);
  if (reading.status === 'requires_action') return atTheBank(state, charge, reading, nowMs);
  if (phase.is === 'awaiting_step_up') return stepUpRead(state, charge, reading, phase, nowMs);
  const isNewer = reading.stripeChargeId !== null && reading.stripeChargeId !== charge.stripeChargeId;
  const isAnswer = isNewer || phase.is === 'attempting' || phase.is === 'processing';
  if (reading.decline && isAnswer)
    return classifyDecline(reading.decline) === 'step_up'
      ? stepUpStarts(state, charge, reading, nowMs)
      : declined(state, charge, reading, reading.decline, nowMs);
  switch (phase.is) {
    case 'attempting':
    case 'unknown':
      return cameToNothing(state, charge, reading, nowMs);
    case 'processing':
      return checkLater(state, charge, nowMs);
    default:
      return putCharge(state, { ...charge, nextCheckAtMs: null });
  }
}

/** Stripe knows nothing of the confirm: another may be sent, under another number and so another key. */
function cameToNothing(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const wait = backoffDelay(policyOf(state).unknownCheckBackoffMs, unansweredInARow(charge) - 1);
  const due = dueAgain(state, charge, nowMs + wait, nowMs);
  const newest = charge.attempts.at(-1);
  if (newest && isSettled(newest)) return due;
  const { chargeId } = charge;
  const settled = settleAttempt(due, findCharge(due, chargeId) ?? charge, 'unknown', null);
  return noteAttempt(settled, chargeId, nowMs, reading);
}
