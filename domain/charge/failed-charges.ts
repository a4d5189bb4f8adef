// What is owed still although collecting it has failed: remembered, collected after all, or waived.
import type { Charge, ChargePhase, FailedCharge } from '../model/charge.ts';
import type { Attribution } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { by, recordFact } from '../shared/facts.ts';
import { omitUndefined } from '../shared/omit-undefined.ts';
import { collectionOf } from '../shared/policy.ts';
import { FAILED_CHARGES_REMEMBERED } from '../shared/state-limits.ts';

export function findFailedCharge(state: CustomerState, chargeId: string): FailedCharge | undefined {
  return state.failedCharges.find((failed) => failed.chargeId === chargeId);
}

export function rememberFailure(state: CustomerState, charge: Charge, nowMs: number): CustomerState {
  const { chargeId, amount, currency, openedAtMs, dueAtMs, policy, corrections, decline } = charge;
  const { intentNumber, paymentIntentId, stripeChargeId, attemptCount } = charge;
  const failed: FailedCharge = {
    chargeId,
    amount,
    currency,
    openedAtMs,
    dueAtMs,
    ...omitUndefined({ policy, corrections }),
    intentNumber,
    paymentIntentId,
    stripeChargeId,
    attemptCount,
    atMs: nowMs,
    declineCode: decline?.declineCode ?? decline?.code ?? null,
  };
  const others = state.failedCharges.filter((other) => other.chargeId !== chargeId);
  return { ...state, failedCharges: [...others, failed].slice(-FAILED_CHARGES_REMEMBERED) };
}

/**
 * It begins anew, under the same id, with attempts of its own. Its last intent is cancelled, and so read, before another
 * one is made: should it have been paid after all, nothing is asked for again.
 * @param because who wants it, or which card has come
 */
export function reopenFailedCharge(
  state: CustomerState,
  failed: FailedCharge,
  because: Attribution | 'new_card',
  nowMs: number,
): CustomerState {
  const { chargeId, amount, currency, atMs: failedAtMs, paymentIntentId } = failed;
  const due = { is: 'due', atMs: nowMs } as const;
  const begun =
    paymentIntentId === null
      ? becomes(state, failed, due, null)
      : becomes(state, failed, { is: 'replacing_intent', sinceMs: nowMs, resumeAs: due }, nowMs);
  const cause = because === 'new_card' ? 'new_card' : 'requested';
  return recordFact(begun, nowMs, 'charge_reopened', {
    chargeId,
    ...(because === 'new_card' ? {} : by(because)),
    data: { cause, amount, currency, failedAtMs },
  });
}

/** Another card has come: it is asked for what has failed before, where the charge's policy says so. */
export function collectFailedCharges(state: CustomerState, nowMs: number): CustomerState {
  return state.failedCharges
    .filter((failed) => collectionOf(state, failed).failedCharges === 'collect_on_new_card')
    .reduce((next, failed) => reopenFailedCharge(next, failed, 'new_card', nowMs), state);
}

/** It is owed no longer. The charge is over, and stays here until that is in the ledger. */
export function waiveFailedCharge(
  state: CustomerState,
  { chargeId, ...because }: Attribution & { readonly chargeId: string },
  nowMs: number,
): CustomerState {
  const failed = findFailedCharge(state, chargeId);
  if (!failed) return state;
  const { amount, currency, atMs: failedAtMs } = failed;
  const waived = becomes(state, failed, { is: 'closed', as: 'waived', reason: null, atMs: nowMs }, null);
  return recordFact(waived, nowMs, 'charge_waived', {
    chargeId,
    ...by(because),
    data: { amount, currency, failedAtMs },
  });
}

/** It is among the charges again, in this phase. Its failure may be still to be recorded: then it is there as closed. */
function becomes(
  state: CustomerState,
  { atMs: _atMs, declineCode: _declineCode, ...owed }: FailedCharge,
  phase: ChargePhase,
  nextCheckAtMs: number | null,
): CustomerState {
  const charge: Charge = { ...owed, phase, attempts: [], decline: null, nextCheckAtMs, checks: 0 };
  const isOther = ({ chargeId }: { readonly chargeId: string }) => chargeId !== owed.chargeId;
  return {
    ...state,
    failedCharges: state.failedCharges.filter(isOther),
    charges: [...state.charges.filter(isOther), charge],
  };
}
