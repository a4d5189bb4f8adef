// A charge's PaymentIntent: made, or searched for where nobody saw that end.

import type { Charge, ChargePhase } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { recordFact } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { asIfNeverStarted, noteAttempt, unansweredInARow } from './attempts.ts';
import { checkLater } from './check-schedule.ts';
import { closed } from './close.ts';
import { dueAgain } from './due-again.ts';

/** Of a charge for which an intent was found that could be ours and does not fit. */
export const AMBIGUOUS_INTENT = 'ambiguous_payment_intent';

export function paymentIntentCreated(
  state: CustomerState,
  { chargeId, paymentIntentId }: Pick<EventOf<'paymentIntentCreated'>, 'chargeId' | 'paymentIntentId'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.paymentIntentId) return state;
  const phase: ChargePhase = charge.phase.is === 'finding_intent' ? { is: 'due', atMs: nowMs } : charge.phase;
  const nextCheckAtMs = charge.phase.is === 'closing' ? nowMs : null;
  const withIntent: Charge = {
    ...charge,
    paymentIntentId,
    phase,
    nextCheckAtMs,
    checks: 0,
  };
  return recordFact(putCharge(state, withIntent), nowMs, 'payment_intent_created', {
    chargeId,
    data: { paymentIntentId, intentNumber: charge.intentNumber },
  });
}

/**
 * The intent that was made for an attempt could not be claimed for its charge. Another one is read before anything is
 * asked of it; where there is none, the next attempt makes one under another number.
 */
export function claimRefused(
  state: CustomerState,
  { chargeId, paymentIntentId }: EventOf<'claimRefused'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting' || charge.paymentIntentId !== null) return state;
  const due = asIfNeverStarted(charge, nowMs);
  if (paymentIntentId === null) return putCharge(state, { ...due, intentNumber: due.intentNumber + 1 });
  return adopted(putCharge(state, due), chargeId, paymentIntentId, nowMs);
}

/** Nobody knows who made it and how far they came: it is read before anything is asked of it. */
function adopted(
  state: CustomerState,
  chargeId: string,
  paymentIntentId: string,
  nowMs: number,
): CustomerState {
  const known = paymentIntentCreated(state, { chargeId, paymentIntentId }, nowMs);
  const charge = findCharge(known, chargeId);
  return charge ? putCharge(known, { ...charge, nextCheckAtMs: nowMs }) : known;
}

/** The ledger and Stripe were asked for an intent whose creation, or whose attempt, nobody saw end. */
export function paymentIntentSearched(
  state: CustomerState,
  { chargeId, paymentIntentId, ambiguous = false }: EventOf<'paymentIntentSearched'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  // Where nobody waits for this answer, it has been taken in before.
  if (!charge || charge.paymentIntentId !== null || charge.nextCheckAtMs === null) return state;
  if (ambiguous) return ambiguousIntent(state, charge, nowMs);
  if (paymentIntentId !== null) return adopted(state, chargeId, paymentIntentId, nowMs);
  if (charge.phase.is === 'closing')
    return closed(state, charge, charge.phase.to, charge.phase.reason, nowMs);
  // There is none, and none can be confirmed under this number any more: another key may be used.
  const without: Charge = { ...charge, intentNumber: charge.intentNumber + 1, nextCheckAtMs: null };
  if (charge.phase.is === 'unknown') return attemptLeftNothing(state, without, nowMs);
  if (charge.phase.is !== 'finding_intent') return putCharge(state, without);
  const wait = backoffDelay(policyOf(state).unknownCheckBackoffMs, Math.max(0, charge.checks - 1));
  return putCharge(state, { ...without, phase: { is: 'due', atMs: nowMs + wait } });
}

/** Nothing of the attempt can have been confirmed: another may be made. */
function attemptLeftNothing(state: CustomerState, charge: Charge, nowMs: number): CustomerState {
  const wait = backoffDelay(policyOf(state).unknownCheckBackoffMs, unansweredInARow(charge) - 1);
  const due = dueAgain(state, charge, nowMs + wait, nowMs);
  return noteAttempt(due, charge.chargeId, nowMs, null, { paymentIntentId: null });
}

/**
 * One was found that could be ours and does not fit: an operator has to look. A charge that is still wanted is searched
 * for again on a retry. One that was given up never comes back: it ends once the search finds nothing alive.
 */
function ambiguousIntent(state: CustomerState, charge: Charge, nowMs: number): CustomerState {
  const code = AMBIGUOUS_INTENT;
  const { phase, chargeId } = charge;
  const isGivenUp = phase.is === 'closing';
  const isRecorded = isGivenUp ? charge.checks > 0 : phase.is === 'refused' && phase.code === code;
  const waiting = isGivenUp
    ? checkLater(state, charge, nowMs)
    : putCharge(state, { ...charge, phase: { is: 'refused', code }, nextCheckAtMs: null, checks: 0 });
  if (isRecorded) return waiting;
  return recordFact(waiting, nowMs, 'charge_refused', {
    chargeId,
    data: { code, step: 'findPaymentIntent', intentNumber: charge.intentNumber },
  });
}
