// What becomes of a charge after its issuer said no: another card that is on file, another day, another card, or the
// end.

import type { Charge, Decline } from '../model/charge.ts';
import type { CollectionPolicy } from '../model/policy.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge, issuerAttempts } from '../shared/charges.ts';
import { notify } from '../shared/facts.ts';
import { blockCard } from '../shared/issuer-budgets.ts';
import { collectionOf } from '../shared/policy.ts';
import { recordAnswer } from './attempts.ts';
import { cardNeeded, closeCharge } from './close.ts';
import { sentenceForCustomer } from './customer-words.ts';
import { classifyDecline } from './decline-codes.ts';
import { dueAgain, hasOtherCard } from './due-again.ts';
import { nextRetry } from './retry-schedule.ts';

/** @param decline of any class but `step_up` */
export function declined(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const next = recordDecline(state, charge, reading, decline, nowMs);
  const withAnswer = findCharge(next, charge.chargeId) ?? charge;
  if (hasOtherCard(next, withAnswer, nowMs)) return dueAgain(next, withAnswer, nowMs, nowMs);
  const kind = classifyDecline(decline);
  if (kind === 'hard' || kind === 'new_card' || kind === 'blocked')
    return cardNeeded(next, withAnswer, nowMs);
  const policy = collectionOf(next, withAnswer);
  const atMs = nextRetry(withAnswer, next.mandate?.card.country ?? null, policy, nowMs);
  return atMs === null
    ? closeCharge(next, withAnswer, 'failed', 'declined', nowMs)
    : retriedLater(next, withAnswer, { atMs, decline, policy }, nowMs);
}

/** Tried again at `atMs`; the merchant learns of it where the charge's policy says so. */
function retriedLater(
  state: CustomerState,
  charge: Charge,
  {
    atMs,
    decline,
    policy,
  }: { readonly atMs: number; readonly decline: Decline; readonly policy: CollectionPolicy },
  nowMs: number,
): CustomerState {
  const due = dueAgain(state, charge, atMs, nowMs);
  const { chargeId, amount, currency, attempts, attemptCount } = charge;
  const declines = attempts.filter(({ outcome }) => outcome === 'declined').length;
  if (policy.declineNotices === 'none' || (policy.declineNotices === 'first' && declines > 1)) return due;
  const data = {
    amount,
    currency,
    declineCode: decline.declineCode ?? decline.code,
    customerMessage: sentenceForCustomer(decline),
    attempts: issuerAttempts(charge),
    nextAttemptAtMs: atMs,
  };
  return notify(due, nowMs, 'charge.declined', `declined-${chargeId}-${attemptCount}`, { chargeId, data });
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
export function recordDecline(
  state: CustomerState,
  charge: Charge,
  reading: PaymentIntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const next = recordAnswer(state, charge, reading, 'declined', decline, nowMs);
  return classifyDecline(decline) === 'hard' ? blockAnsweringCard(next, charge.chargeId, reading) : next;
}

/** The card that gave this answer is never asked again. */
export function blockAnsweringCard(
  state: CustomerState,
  chargeId: string,
  { stripeChargeId }: Pick<PaymentIntentReading, 'stripeChargeId'>,
): CustomerState {
  const attempts = findCharge(state, chargeId)?.attempts ?? [];
  const answered =
    attempts.findLast((attempt) => attempt.stripeChargeId === stripeChargeId) ?? attempts.at(-1);
  return answered ? blockCard(state, answered) : state;
}
