// What becomes of a charge when Stripe refused a request about it, or did not answer one.

import type { Charge } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import type { Step } from '../model/steps.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { findCharge, putCharge } from '../shared/charges.ts';
import { recordFact } from '../shared/facts.ts';
import { missingAtStripe } from '../shared/missing-at-stripe.ts';
import { omitUndefined } from '../shared/omit-undefined.ts';
import { policyOf } from '../shared/policy.ts';
import { asIfNeverStarted, noteAttempt, settleAttempt } from './attempts.ts';
import { checkLater } from './check-schedule.ts';

/** Nobody knows whether the step happened. An attempt holds the customer's queue until Stripe has answered. */
export function chargeUnanswered(
  state: CustomerState,
  { step, requestId }: Pick<EventOf<'unanswered'>, 'step' | 'requestId'>,
  nowMs: number,
): CustomerState {
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  if (step.do !== 'attemptCharge') return checkLater(state, charge, nowMs);
  if (charge.phase.is !== 'attempting') return state;
  const unknown: Charge = {
    ...charge,
    phase: { is: 'unknown', sinceMs: nowMs },
    nextCheckAtMs: nowMs + backoffDelay(policyOf(state).unknownCheckBackoffMs, 0),
    checks: 1,
  };
  const settled = settleAttempt(state, unknown, 'unknown', null);
  return noteAttempt(settled, unknown.chargeId, nowMs, null, { requestId: requestId ?? null });
}

/** The charge has moved on since: the refusal is not about its present request. */
function isLate({ phase, intentNumber }: Charge, step: Step): boolean {
  if (step.do === 'attemptCharge') return phase.is !== 'attempting';
  return 'intentNumber' in step && step.intentNumber !== intentNumber;
}

/**
 * Stripe refused the request itself. After a confirm the intent is read first, for it may have been paid; after a
 * creation it is searched for, for an earlier try of the same request may have made it. Only when there is none is
 * another number taken: Stripe keeps its refusal under the old one's key (docs.stripe.com/api/idempotent_requests).
 */
export function chargeRefused(state: CustomerState, event: EventOf<'refused'>, nowMs: number): CustomerState {
  const { step, request, code, param, requestId } = event;
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  const isMissing = missingAtStripe(event) !== null;
  // A refused read tells nothing about the charge: what waited for its answer goes on waiting.
  const isQuestion =
    step.do === 'readPaymentIntent' ||
    step.do === 'cancelPaymentIntent' ||
    (step.do === 'findPaymentIntent' && charge.phase.is !== 'finding_intent');
  if (charge.phase.is === 'closing' || isQuestion) return checkLater(state, charge, nowMs);
  if (charge.phase.is === 'refused' || isLate(charge, step)) return state;
  const isCreation = step.do === 'attemptCharge' && request === 'create';
  // Its first parameters are kept under this key, so an intent may have been made with them.
  if (isCreation && code === 'idempotency_error') return chargeUnanswered(state, event, nowMs);
  // Without a customer at Stripe there is no intent to search for either.
  const isNumberUsedUp = isCreation && isMissing;
  const next: Charge = {
    ...(isCreation ? asIfNeverStarted(charge, nowMs) : charge),
    phase: isMissing ? { is: 'due', atMs: nowMs } : { is: 'refused', ...omitUndefined({ code, param }) },
    intentNumber: charge.intentNumber + (isNumberUsedUp ? 1 : 0),
    nextCheckAtMs: isNumberUsedUp ? null : nowMs,
    checks: 0,
  };
  const data = { code, step: step.do, ...omitUndefined({ request, param }), requestId: requestId ?? null };
  const settled =
    charge.phase.is === 'attempting' && !isCreation
      ? noteAttempt(settleAttempt(state, next, 'refused', null), charge.chargeId, nowMs, null, data)
      : putCharge(state, next);
  return isMissing
    ? settled
    : recordFact(settled, nowMs, 'charge_refused', { chargeId: charge.chargeId, data });
}
