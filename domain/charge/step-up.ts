// The bank wants the customer: the wait for them, and what Stripe says of it meanwhile. It never confirms.

import type { Charge, ChargePhase } from '../model/charge.ts';
import type { PaymentIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { note, tell } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { declined, recordDecline } from './after-decline.ts';
import { recordAnswer } from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { closeCharge, stepUpEnded } from './close.ts';
import { classifyDecline, isAuthenticationFailure } from './decline-codes.ts';

/** The answer was that the bank wants the customer: they are asked, and the lane waits for them. */
export function stepUpStarts(
  before: CustomerState,
  known: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const state = recordAnswer(before, known, reading, 'step_up', reading.decline, nowMs);
  const charge = findCharge(state, known.chargeId) ?? known;
  const asked = charge.attempts.filter(
    ({ outcome, onSession }) => outcome === 'step_up' && !onSession,
  ).length;
  const { stepUpDeadlineMs, stepUpFailures } = policyOf(state);
  if (asked > stepUpFailures) return closeCharge(state, charge, 'failed', 'authentication_failed', nowMs);
  const isAtTheBank = reading.status === 'requires_action';
  const deadlineMs = nowMs + stepUpDeadlineMs;
  const waiting: Charge = {
    ...charge,
    phase: {
      is: 'awaiting_step_up',
      sinceMs: nowMs,
      deadlineMs,
      reminders: 0,
      failures: Math.max(0, asked - 1),
      authenticating: isAtTheBank,
      seen: isAtTheBank ? '' : seenOf(reading),
    },
    checks: 0,
  };
  const noted = note(checkLater(state, waiting, nowMs), nowMs, 'step_up_started', {
    chargeId: charge.chargeId,
    data: { deadlineMs, paymentIntentId: charge.paymentIntentId, attempt: charge.attemptCount },
  });
  return askCustomer(noted, charge, deadlineMs, 0, nowMs);
}

/** The customer has not been at the bank yet: they are asked again. */
export function stepUpReminded(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'awaiting_step_up') return state;
  const { phase } = charge;
  const reminder = phase.reminders + 1;
  const reminded = putCharge(state, { ...charge, phase: { ...phase, reminders: reminder } });
  const noted = note(reminded, nowMs, 'step_up_reminded', { chargeId, data: { reminder } });
  return askCustomer(noted, charge, phase.deadlineMs, reminder, nowMs);
}

export function stepUpExpired(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'awaiting_step_up'
    ? closeCharge(state, charge, 'failed', 'step_up_expired', nowMs)
    : state;
}

/** @param reminder 0 for the first asking */
function askCustomer(
  state: CustomerState,
  { chargeId, amount, currency, attemptCount }: Charge,
  deadlineMs: number,
  reminder: number,
  nowMs: number,
): CustomerState {
  // No id has a dot in it, so that no charge's asking is named like another's reminder.
  const noticeId = `step-up-${chargeId}-${attemptCount}${reminder === 0 ? '' : `.reminder-${reminder}`}`;
  const data = { amount, currency, deadlineMs, reminder };
  return tell(state, nowMs, 'charge.step_up_required', noticeId, { chargeId, data });
}

/** The customer is at the bank's page just now: no server-side confirm may touch the intent. */
export function atTheBank(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const { phase } = charge;
  if (phase.is !== 'awaiting_step_up') return stepUpStarts(state, charge, reading, nowMs);
  return checkLater(state, { ...charge, phase: { ...phase, authenticating: true } }, nowMs);
}

/** A look at an intent that waits for the customer, and is still unpaid. */
export function stepUpRead(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  phase: Extract<ChargePhase, { is: 'awaiting_step_up' }>,
  nowMs: number,
): CustomerState {
  const { decline } = reading;
  const seen = seenOf(reading);
  const card = state.mandate?.status === 'active' ? state.mandate.paymentMethodId : null;
  const hasOtherCard = card !== null && card !== charge.attempts.at(-1)?.paymentMethodId;
  const news = decline !== null && (seen !== phase.seen || phase.authenticating) ? decline : null;
  const isUnauthenticated =
    news !== null && (isAuthenticationFailure(news) || classifyDecline(news) === 'step_up');
  if (reading.status === 'requires_confirmation' || hasOtherCard) {
    // Authenticated but unpaid, or another card was given: the attempt is ours again.
    const told = news && !isUnauthenticated ? recordDecline(state, charge, reading, news, nowMs) : state;
    const ended = stepUpEnded(told, charge, hasOtherCard ? 'another_card' : 'authenticated', nowMs);
    const known = findCharge(ended, charge.chargeId) ?? charge;
    const stripeChargeId = reading.stripeChargeId ?? known.stripeChargeId;
    const due: ChargePhase = { is: 'due', atMs: nowMs };
    return putCharge(ended, { ...known, stripeChargeId, phase: due, nextCheckAtMs: null, checks: 0 });
  }
  if (!news) return checkLater(state, { ...charge, phase: { ...phase, authenticating: false } }, nowMs);
  if (isUnauthenticated) {
    const failures = phase.failures + 1;
    const failed = note(state, nowMs, 'step_up_failed', {
      chargeId: charge.chargeId,
      data: { failures, decline: news, requestId: reading.requestId },
    });
    if (failures >= policyOf(state).stepUpFailures)
      return closeCharge(failed, charge, 'failed', 'authentication_failed', nowMs);
    const again: Charge = {
      ...charge,
      stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
      phase: { ...phase, failures, authenticating: false, seen },
      checks: 0,
    };
    return checkLater(failed, again, nowMs);
  }
  // Authenticated, and then declined for another reason.
  return declined(stepUpEnded(state, charge, 'declined', nowMs), charge, reading, news, nowMs);
}

/** Tells one failure from another. */
function seenOf({ stripeChargeId, decline }: PaymentIntentReading): string {
  return `${stripeChargeId ?? ''} ${decline?.declineCode ?? decline?.code ?? ''}`;
}
