// The bank wants the customer: the wait for them, and what Stripe says of it meanwhile.

import type { Charge, PhaseOf } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { notify, recordFact } from '../shared/facts.ts';
import { omitUndefined } from '../shared/omit-undefined.ts';
import { collectionOf } from '../shared/policy.ts';
import { DAY } from '../shared/time.ts';
import { declined, recordDecline } from './after-decline.ts';
import { noteAttempt, recordAnswer, settleAttempt } from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { closeCharge, stepUpEnded } from './close.ts';
import { classifyDecline } from './decline-codes.ts';
import { dueAgain, hasOtherCard } from './due-again.ts';

/** What the customer is to do whose authentication the bank did not honour. */
export type StepUpAdvice = 'call_bank_or_use_another_card';
export const CALL_BANK: StepUpAdvice = 'call_bank_or_use_another_card';

/**
 * The answer was that the bank wants the customer: they get a notice, and the queue waits for them. Where another card
 * is on file, that one is attempted instead, and nobody is asked.
 */
export function stepUpStarts(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const next = isUnsent(charge, reading)
    ? noteAttempt(settleAttempt(state, charge, 'refused', null), charge.chargeId, nowMs, reading)
    : recordAnswer(state, charge, reading, 'step_up', reading.decline, nowMs);
  const withAnswer = findCharge(next, charge.chargeId) ?? charge;
  const timesAsked = withAnswer.attempts.filter(
    ({ outcome, onSession }) => outcome === 'step_up' && !onSession,
  ).length;
  const { deadlineDays, failures } = collectionOf(state, charge).stepUp;
  if (timesAsked > failures) return closeCharge(next, withAnswer, 'failed', 'authentication_failed', nowMs);
  const isAtBank = reading.status === 'requires_action';
  const isSuperseded = hasOtherCard(next, withAnswer, nowMs);
  if (isSuperseded && !isAtBank) return dueAgain(next, withAnswer, nowMs, nowMs);
  const deadlineMs = nowMs + deadlineDays * DAY;
  const waiting: Charge = {
    ...withAnswer,
    phase: {
      is: 'awaiting_step_up',
      sinceMs: nowMs,
      deadlineMs,
      reminders: 0,
      failures: Math.max(0, timesAsked - 1),
      isAtBank,
      lastFailure: isAtBank ? '' : failureIn(reading),
    },
    checks: 0,
  };
  const started = recordFact(checkLater(next, waiting, nowMs), nowMs, 'step_up_started', {
    chargeId: charge.chargeId,
    data: { deadlineMs, paymentIntentId: withAnswer.paymentIntentId, attempt: withAnswer.attemptCount },
  });
  return isSuperseded ? started : askCustomer(started, withAnswer, { deadlineMs, reminders: 0 }, '', nowMs);
}

/** The intent was read before it was confirmed, and the customer was at the bank: the attempt was never sent. */
function isUnsent({ phase, stripeChargeId }: Charge, reading: PaymentIntentReading): boolean {
  const isNewer = reading.stripeChargeId !== null && reading.stripeChargeId !== stripeChargeId;
  return phase.is === 'attempting' && reading.status === 'requires_action' && !isNewer;
}

/** The customer has not been at the bank yet: they are asked again. */
export function stepUpReminded(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'awaiting_step_up') return state;
  const { phase } = charge;
  const reminder = phase.reminders + 1;
  const name = `.reminder-${reminder}`;
  const reminded = putCharge(state, { ...charge, phase: { ...phase, reminders: reminder } });
  const recorded = recordFact(reminded, nowMs, 'step_up_reminded', { chargeId, data: { reminder } });
  return askCustomer(recorded, charge, { ...phase, reminders: reminder }, name, nowMs);
}

export function stepUpExpired(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  return charge?.phase.is === 'awaiting_step_up'
    ? closeCharge(state, charge, 'failed', 'step_up_expired', nowMs)
    : state;
}

/** @param name of this notice within the wait: empty for the first one, else it begins with a dot, which no id has in it */
function askCustomer(
  state: CustomerState,
  { chargeId, amount, currency, attemptCount }: Charge,
  wait: Pick<PhaseOf<'awaiting_step_up'>, 'deadlineMs' | 'reminders' | 'isBankToBeCalled'>,
  name: string,
  nowMs: number,
): CustomerState {
  const { deadlineMs, reminders: reminder } = wait;
  const noticeId = `step-up-${chargeId}-${attemptCount}${name}`;
  const advice = wait.isBankToBeCalled ? CALL_BANK : undefined;
  const data = { amount, currency, deadlineMs, reminder, ...omitUndefined({ advice }) };
  return notify(state, nowMs, 'charge.step_up_required', noticeId, { chargeId, data });
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
  return checkLater(state, { ...charge, phase: { ...phase, isAtBank: true } }, nowMs);
}

/** An intent that waits for the customer has been read, and is still unpaid. */
export function stepUpRead(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  phase: PhaseOf<'awaiting_step_up'>,
  nowMs: number,
): CustomerState {
  const { decline } = reading;
  const lastFailure = failureIn(reading);
  const isNew = lastFailure !== phase.lastFailure || phase.isAtBank;
  const newDecline = decline !== null && isNew ? decline : null;
  const isUnauthenticated = newDecline !== null && classifyDecline(newDecline) === 'step_up';
  const isSuperseded = hasOtherCard(state, charge, nowMs);
  if (reading.status === 'requires_confirmation' || isSuperseded) {
    // Authenticated but unpaid, or another card was given: the attempt is ours again.
    const isDeclined = newDecline !== null && !isUnauthenticated;
    const next = isDeclined ? recordDecline(state, charge, reading, newDecline, nowMs) : state;
    const ended = stepUpEnded(next, charge, isSuperseded ? 'another_card' : 'authenticated', nowMs);
    const withAnswer = findCharge(ended, charge.chargeId) ?? charge;
    const stripeChargeId = reading.stripeChargeId ?? withAnswer.stripeChargeId;
    return dueAgain(ended, { ...withAnswer, stripeChargeId }, nowMs, nowMs);
  }
  if (newDecline === null)
    return checkLater(state, { ...charge, phase: { ...phase, isAtBank: false } }, nowMs);
  // Authenticated, and then declined for another reason.
  if (!isUnauthenticated)
    return declined(stepUpEnded(state, charge, 'declined', nowMs), charge, reading, newDecline, nowMs);
  const failures = phase.failures + 1;
  const failed = recordFact(state, nowMs, 'step_up_failed', {
    chargeId: charge.chargeId,
    data: { failures, decline: newDecline, requestId: reading.requestId },
  });
  if (failures >= collectionOf(state, charge).stepUp.failures)
    return closeCharge(failed, charge, 'failed', 'authentication_failed', nowMs);
  const isBankToBeCalled = phase.isBankToBeCalled ?? (wasInVain(charge, reading) ? true : undefined);
  const waits: PhaseOf<'awaiting_step_up'> = {
    ...phase,
    failures,
    isAtBank: false,
    lastFailure,
    ...omitUndefined({ isBankToBeCalled }),
  };
  const waiting: Charge = {
    ...charge,
    stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
    phase: waits,
    checks: 0,
  };
  const next = checkLater(failed, waiting, nowMs);
  return isBankToBeCalled && !phase.isBankToBeCalled
    ? askCustomer(next, charge, waits, '.call-bank', nowMs)
    : next;
}

/**
 * The customer has authenticated, and the bank asks for it again: authenticating once more will not help, they have to
 * call the bank or use another card (docs.stripe.com/declines/codes).
 */
function wasInVain({ stripeChargeId }: Charge, reading: PaymentIntentReading): boolean {
  return reading.stripeChargeId !== stripeChargeId && reading.threeDSecureResult === 'authenticated';
}

/** Tells one failure from another. */
function failureIn({ stripeChargeId, decline }: PaymentIntentReading): string {
  return `${stripeChargeId ?? ''} ${decline?.declineCode ?? decline?.code ?? ''}`;
}
