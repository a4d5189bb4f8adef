// One charge as people act on it: opened, corrected, tried again, given up.

import type { Charge } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { by, recordFact } from '../shared/facts.ts';
import { omitUndefined } from '../shared/omit-undefined.ts';
import { closeCharge } from './close.ts';
import { findFailedCharge, reopenFailedCharge } from './failed-charges.ts';
import { AMBIGUOUS_INTENT } from './payment-intent.ts';

/** Something is owed. The same id with the same terms changes nothing; other terms only put right what Stripe refused. */
export function openCharge(
  state: CustomerState,
  request: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  const existing = findCharge(state, request.chargeId);
  if (existing) return correctCharge(state, existing, request, nowMs);
  if (findFailedCharge(state, request.chargeId)) return state;
  const dueAtMs = request.dueAtMs ?? nowMs;
  const { chargeId, amount, currency, policy } = request;
  const owed = { chargeId, amount, currency, openedAtMs: nowMs, dueAtMs, paymentIntentId: null };
  const charge = newCharge({ ...owed, ...omitUndefined({ policy }) });
  const added = {
    ...state,
    currency: state.currency ?? currency,
    charges: [...state.charges, charge],
  };
  const claimed = request.inLedger === undefined ? undefined : true;
  const data = { amount, currency, dueAtMs, ...omitUndefined({ policy, claimed }) };
  return recordFact(added, nowMs, 'charge_opened', { chargeId, ...by(request), data });
}

/** As it stands before anything has been tried. */
export function newCharge(
  owed: Pick<
    Charge,
    'chargeId' | 'amount' | 'currency' | 'openedAtMs' | 'dueAtMs' | 'paymentIntentId' | 'policy'
  >,
): Charge {
  return {
    ...owed,
    phase: { is: 'due', atMs: owed.dueAtMs },
    intentNumber: 1,
    stripeChargeId: null,
    attempts: [],
    attemptCount: 0,
    decline: null,
    nextCheckAtMs: null,
    checks: 0,
  };
}

/** Whether its terms may still be put right: Stripe refused it, and there is no intent that could be paid. */
export function isCorrectable({ phase, paymentIntentId }: Charge): boolean {
  return phase.is === 'refused' && phase.code !== AMBIGUOUS_INTENT && paymentIntentId === null;
}

/** Whether this request asks for nothing else than what is owed already. */
export function hasTerms(
  charge: Charge,
  { amount, currency, dueAtMs, correction = 0 }: EventOf<'openCharge'>,
): boolean {
  return (
    charge.amount === amount &&
    charge.currency === currency &&
    (dueAtMs === undefined || dueAtMs === charge.dueAtMs) &&
    correction <= (charge.corrections ?? 0)
  );
}

function correctCharge(
  state: CustomerState,
  charge: Charge,
  request: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  const { chargeId, amount, currency, dueAtMs = charge.dueAtMs } = request;
  if (!isCorrectable(charge) || hasTerms(charge, request)) return state;
  const corrections = Math.max(charge.corrections ?? 0, request.correction ?? 0);
  const corrected: Charge = {
    ...charge,
    amount,
    currency,
    dueAtMs,
    corrections,
    phase: { is: 'due', atMs: Math.max(dueAtMs, nowMs) },
  };
  const data = { amount, currency, dueAtMs, corrections };
  return recordFact(putCharge(state, corrected), nowMs, 'charge_corrected', {
    chargeId,
    ...by(request),
    data,
  });
}

export function cancelCharge(
  state: CustomerState,
  event: EventOf<'cancelCharge'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, event.chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.phase.is === 'closing') return state;
  const requested = recordFact(state, nowMs, 'charge_cancel_requested', {
    ...by(event),
    chargeId: charge.chargeId,
  });
  return closeCharge(requested, charge, 'cancelled', 'cancelled', nowMs);
}

export function retryCharge(
  state: CustomerState,
  event: EventOf<'retryCharge'>,
  nowMs: number,
): CustomerState {
  const failed = findFailedCharge(state, event.chargeId);
  if (failed) return reopenFailedCharge(state, failed, event, nowMs);
  const charge = findCharge(state, event.chargeId);
  const { phase } = charge ?? {};
  const mayRetry =
    phase?.is === 'awaiting_card' || phase?.is === 'refused' || (phase?.is === 'due' && phase.atMs > nowMs);
  if (!charge || !mayRetry) return state;
  // An operator has looked at what did not fit: it is searched for again before an intent is made.
  const isAmbiguous = phase?.is === 'refused' && phase.code === AMBIGUOUS_INTENT;
  const due = putCharge(state, {
    ...charge,
    ...(isAmbiguous
      ? { phase: { is: 'finding_intent' }, nextCheckAtMs: nowMs, checks: 0 }
      : { phase: { is: 'due', atMs: nowMs } }),
  });
  return recordFact(due, nowMs, 'charge_retry_requested', { ...by(event), chargeId: charge.chargeId });
}
