// What is owed still although collecting it has failed: remembered, collected after all, or waived.
import type { Charge, FailedCharge } from '../model/charge.ts';
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
  const { failedCharges } = without(state, chargeId);
  return { ...state, failedCharges: [...failedCharges, failed].slice(-FAILED_CHARGES_REMEMBERED) };
}

/**
 * It begins anew, under the same id, with attempts of its own. Its last intent is cancelled, and so read, before another
 * one is made: should it have been paid after all, nothing is asked for again.
 * @param because who wants it, or which card has come
 */
export function reopenFailedCharge(
  state: CustomerState,
  { atMs: failedAtMs, declineCode: _old, ...failed }: FailedCharge,
  because: Attribution | 'new_card',
  nowMs: number,
): CustomerState {
  const { chargeId, amount, currency, paymentIntentId } = failed;
  const due = { is: 'due', atMs: nowMs } as const;
  const charge: Charge = {
    ...failed,
    phase: paymentIntentId === null ? due : { is: 'replacing_intent', sinceMs: nowMs, resumeAs: due },
    attempts: [],
    decline: null,
    nextCheckAtMs: paymentIntentId === null ? null : nowMs,
    checks: 0,
  };
  const others = without(state, chargeId);
  const cause = because === 'new_card' ? 'new_card' : 'requested';
  return recordFact(withCharge(others, charge), nowMs, 'charge_reopened', {
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
  const { atMs: failedAtMs, declineCode: _its, ...owed } = failed;
  const waived: Charge = {
    ...owed,
    phase: { is: 'closed', as: 'waived', reason: null, atMs: nowMs },
    attempts: [],
    decline: null,
    nextCheckAtMs: null,
    checks: 0,
  };
  const others = without(state, chargeId);
  const { amount, currency } = owed;
  return recordFact(withCharge(others, waived), nowMs, 'charge_waived', {
    chargeId,
    ...by(because),
    data: { amount, currency, failedAtMs },
  });
}

/** Its failure may be still to be recorded: then it is here, as closed. */
function withCharge(state: CustomerState, charge: Charge): CustomerState {
  const others = state.charges.filter(({ chargeId }) => chargeId !== charge.chargeId);
  return { ...state, charges: [...others, charge] };
}

function without(state: CustomerState, chargeId: string): CustomerState {
  return { ...state, failedCharges: state.failedCharges.filter((failed) => failed.chargeId !== chargeId) };
}
