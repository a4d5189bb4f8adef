// The bank wants the customer: the wait for them, and what Stripe says of it meanwhile. It never confirms.
import { accountFor } from './attempts.ts';
import { classifyDecline, isAuthenticationFailure } from './decline.ts';
import { bookDecline, declined } from './declined.ts';
import { closeCharge, stepUpEnded } from './ending.ts';
import type { IntentReading } from './events.ts';
import { lookLater } from './looks.ts';
import { STEP_UP_DEADLINE, STEP_UP_FAILURES } from './policy.ts';
import { findCharge, note, putCharge, tell } from './record.ts';
import type { Charge, ChargePhase, CustomerState } from './state.ts';

export function stepUpStarts(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
  seen: string,
): CustomerState {
  const asked = charge.attempts.filter(
    ({ outcome, onSession }) => outcome === 'step_up' && !onSession,
  ).length;
  if (asked > STEP_UP_FAILURES) return closeCharge(state, charge, 'failed', 'authentication_failed', nowMs);
  const deadlineMs = nowMs + STEP_UP_DEADLINE;
  const waiting: Charge = {
    ...charge,
    phase: {
      is: 'awaiting_step_up',
      sinceMs: nowMs,
      deadlineMs,
      reminders: 0,
      failures: Math.max(0, asked - 1),
      authenticating: false,
      seen,
    },
    looks: 0,
  };
  const noted = note(lookLater(state, waiting, nowMs), nowMs, 'step_up_started', {
    chargeId: charge.chargeId,
    data: { deadlineMs, paymentIntentId: charge.intentId, attempt: charge.attemptCount },
  });
  return tell(noted, nowMs, 'charge.step_up_required', `step-up-${charge.chargeId}-${charge.attemptCount}`, {
    chargeId: charge.chargeId,
    data: { amount: charge.amount, currency: charge.currency, deadlineMs, reminder: 0 },
  });
}

/** The customer is at the bank's page just now: no server-side confirm may touch the intent. */
export function atTheBank(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is !== 'awaiting_step_up') {
    const asked = accountFor(state, charge, reading, 'step_up', reading.decline, nowMs);
    const waiting = stepUpStarts(asked, findCharge(asked, charge.chargeId) ?? charge, nowMs, '');
    return putCharge(waiting, authenticating(findCharge(waiting, charge.chargeId) ?? charge));
  }
  return lookLater(state, authenticating(charge), nowMs);
}

/** A look at an intent that waits for the customer, and is still unpaid. */
export function stepUpSeen(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
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
    const told = news && !isUnauthenticated ? bookDecline(state, charge, reading, news, nowMs) : state;
    const ended = stepUpEnded(told, charge, hasOtherCard ? 'another_card' : 'authenticated', nowMs);
    const known = findCharge(ended, charge.chargeId) ?? charge;
    const stripeChargeId = reading.stripeChargeId ?? known.stripeChargeId;
    const due: ChargePhase = { is: 'due', atMs: nowMs };
    return putCharge(ended, { ...known, stripeChargeId, phase: due, lookAtMs: null, looks: 0 });
  }
  if (!news) return lookLater(state, { ...charge, phase: { ...phase, authenticating: false } }, nowMs);
  if (isUnauthenticated) {
    const failures = phase.failures + 1;
    const failed = note(state, nowMs, 'step_up_failed', {
      chargeId: charge.chargeId,
      data: { failures, decline: news, requestId: reading.requestId },
    });
    if (failures >= STEP_UP_FAILURES)
      return closeCharge(failed, charge, 'failed', 'authentication_failed', nowMs);
    const again: Charge = {
      ...charge,
      stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
      phase: { ...phase, failures, authenticating: false, seen },
      looks: 0,
    };
    return lookLater(failed, again, nowMs);
  }
  // Authenticated, and then declined for another reason.
  return declined(stepUpEnded(state, charge, 'declined', nowMs), charge, reading, news, nowMs);
}

function authenticating(charge: Charge): Charge {
  return charge.phase.is === 'awaiting_step_up'
    ? { ...charge, phase: { ...charge.phase, authenticating: true } }
    : charge;
}

export function seenOf({ stripeChargeId, decline }: IntentReading): string {
  return `${stripeChargeId ?? ''} ${decline?.declineCode ?? decline?.code ?? ''}`;
}
