// An unpaid intent that differs from what is owed is never confirmed: it is cancelled at Stripe, and only then is
// another one made.

import type { Charge, PhaseOf } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { recordFact } from '../shared/facts.ts';
import { declined } from './after-decline.ts';
import { isSettled, noteAttempt, recordAnswer, settleAttempt } from './attempts.ts';
import { stepUpEnded } from './close.ts';
import { classifyDecline } from './decline-codes.ts';

export type Difference = 'amount' | 'currency' | 'customer';

/** Somebody has changed it at Stripe, or its customer was deleted there and another one has been made since. */
export function differenceFromOwed(
  { stripeCustomerId }: CustomerState,
  { amount, currency }: Charge,
  reading: PaymentIntentReading,
): Difference | null {
  if (reading.amount !== amount) return 'amount';
  if (reading.currency !== currency) return 'currency';
  // While there is no customer at Stripe nothing is confirmed.
  const isOther = stripeCustomerId !== null && reading.stripeCustomerId !== stripeCustomerId;
  return isOther ? 'customer' : null;
}

export function replaceIntent(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  difference: Difference,
  nowMs: number,
): CustomerState {
  const { chargeId } = charge;
  const next = recordAnswerOf(state, charge, reading, nowMs);
  const withAnswer = findCharge(next, chargeId) ?? charge;
  const { phase } = withAnswer;
  // That answer was the last one this charge may have: it ends, and its intent is cancelled for that.
  if (phase.is === 'closing' || phase.is === 'closed') return next;
  const resumeAs: PhaseOf<'replacing_intent'>['resumeAs'] =
    phase.is === 'due' || phase.is === 'awaiting_card' || phase.is === 'refused'
      ? phase
      : { is: 'due', atMs: nowMs };
  const replacing: Charge = {
    ...withAnswer,
    phase: { is: 'replacing_intent', sinceMs: nowMs, resumeAs },
    nextCheckAtMs: nowMs,
    checks: 0,
  };
  return recordFact(putCharge(next, replacing), nowMs, 'payment_intent_differs', {
    chargeId,
    data: {
      difference,
      paymentIntentId: reading.paymentIntentId,
      owed: {
        amount: charge.amount,
        currency: charge.currency,
        stripeCustomerId: state.stripeCustomerId,
      },
      found: {
        amount: reading.amount,
        currency: reading.currency,
        stripeCustomerId: reading.stripeCustomerId,
      },
    },
  });
}

/** What the intent says about an attempt is recorded as usual; but nobody authenticates an intent that is replaced. */
function recordAnswerOf(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const { phase, chargeId } = charge;
  const { decline } = reading;
  const isNewer = reading.stripeChargeId !== null && reading.stripeChargeId !== charge.stripeChargeId;
  // It was not confirmed as it is, so an older decline is no answer to the attempt under way.
  if (decline && (isNewer || phase.is === 'processing')) {
    const ended = phase.is === 'awaiting_step_up' ? stepUpEnded(state, charge, 'replaced', nowMs) : state;
    return classifyDecline(decline) === 'step_up'
      ? recordAnswer(ended, charge, reading, 'step_up', decline, nowMs)
      : declined(ended, charge, reading, decline, nowMs);
  }
  if (phase.is === 'awaiting_step_up') return stepUpEnded(state, charge, 'replaced', nowMs);
  const newest = charge.attempts.at(-1);
  const isUnderWay = phase.is === 'attempting' || phase.is === 'unknown';
  if (!isUnderWay || !newest || isSettled(newest)) return state;
  const settled = settleAttempt(state, charge, 'refused', null);
  return noteAttempt(settled, chargeId, nowMs, reading, { code: 'payment_intent_differs' });
}
