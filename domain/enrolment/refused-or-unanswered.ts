// What becomes of an enrolment when Stripe refused a request about it, or did not answer one.

import type { Decline } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import type { Step, StepOf } from '../model/steps.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { policyOf } from '../shared/policy.ts';
import { HOUR } from '../shared/time.ts';
import { abandonedSetupUnanswered, dropAbandonedSetup } from './abandoned-setup-intents.ts';
import { closeEnrolment } from './enrolment.ts';
import { isAbandoned, isOpenSetup, setupFailed } from './setup-intent.ts';

/** Steps of an enrolment; a SetupIntent they name may also be an abandoned one or the mandate's. */
type SetupIntentStep = StepOf<
  | 'createStripeCustomer'
  | 'createSetupIntent'
  | 'confirmSetupIntent'
  | 'readSetupIntent'
  | 'cancelSetupIntent'
>;

/** Stripe refused a request about a SetupIntent, or about the customer it is for. */
export function setupIntentRefused(
  state: CustomerState,
  step: SetupIntentStep,
  { code }: Pick<EventOf<'refused'>, 'code'>,
  nowMs: number,
): CustomerState {
  if ('setupIntentId' in step && !isOpenSetup(state, step.setupIntentId))
    return otherSetupRefused(state, step, nowMs);
  if (!isOfOpenEnrolment(state, step)) return state;
  switch (step.do) {
    case 'confirmSetupIntent':
      return confirmRefused(state, code, nowMs);
    case 'cancelSetupIntent':
      return enrolmentUnanswered(state, step.do, nowMs);
    case 'createSetupIntent':
      // Another customer has been made since: that one is not missing.
      if (step.stripeCustomerId !== state.stripeCustomerId) return state;
      if (code === 'resource_missing') return customerMissing(state, step.do, nowMs);
  }
  return enrolmentFailed(state, code, nowMs);
}

/** About a SetupIntent that nobody will finish, or the mandate's: there is nothing more to ask about it. */
function otherSetupRefused(
  state: CustomerState,
  step: StepOf<'confirmSetupIntent' | 'readSetupIntent' | 'cancelSetupIntent'>,
  nowMs: number,
): CustomerState {
  const { mandate } = state;
  if (step.do === 'cancelSetupIntent') return dropAbandonedSetup(state, step.setupIntentId);
  if (step.do !== 'readSetupIntent' || mandate?.setupIntentId !== step.setupIntentId) return state;
  return { ...state, mandate: { ...mandate, readAtMs: nowMs, nextCheckAtMs: null } };
}

/**
 * After a card was given once, somebody has deleted the customer at Stripe: another one is made. Otherwise the request
 * named a customer that never was, and the next one may name another.
 */
function customerMissing(state: CustomerState, step: Step['do'], nowMs: number): CustomerState {
  const without = { ...state, stripeCustomerId: null };
  return state.mandate
    ? enrolmentUnanswered(without, step, nowMs)
    : enrolmentFailed(without, 'resource_missing', nowMs);
}

function enrolmentFailed(state: CustomerState, code: string, nowMs: number): CustomerState {
  const { enrolment } = state;
  const withReason = { ...state, enrolment: enrolment && { ...enrolment, decline: ofCode(code) } };
  return closeEnrolment(withReason, 'failed', code, nowMs);
}

/** Nobody knows whether the step happened: ask again later, about whichever SetupIntent it was. */
export function setupIntentUnanswered(
  state: CustomerState,
  step: SetupIntentStep,
  nowMs: number,
): CustomerState {
  if ('setupIntentId' in step && !isOpenSetup(state, step.setupIntentId)) {
    const { mandate } = state;
    if (isAbandoned(state, step.setupIntentId))
      return abandonedSetupUnanswered(state, step.setupIntentId, nowMs);
    return mandate?.setupIntentId === step.setupIntentId
      ? { ...state, mandate: { ...mandate, nextCheckAtMs: nowMs + HOUR } }
      : state;
  }
  return isOfOpenEnrolment(state, step) ? enrolmentUnanswered(state, step.do, nowMs) : state;
}

/** A step of an enrolment that has been replaced says nothing about the present one. */
function isOfOpenEnrolment({ enrolment }: CustomerState, step: SetupIntentStep): boolean {
  if (!enrolment || enrolment.closed) return false;
  return !('enrolmentNumber' in step) || step.enrolmentNumber === enrolment.number;
}

/** No answer about the open enrolment: ask again later, with another key where something was to be made. */
function enrolmentUnanswered(state: CustomerState, step: Step['do'], nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed) return state;
  const checks = enrolment.checks + 1;
  const confirm = step === 'confirmSetupIntent' ? 'unanswered' : enrolment.confirm;
  return {
    ...state,
    enrolment: {
      ...enrolment,
      confirm,
      checks,
      nextCheckAtMs: nowMs + backoffDelay(policyOf(state).enrolmentCheckBackoffMs, checks - 1),
    },
  };
}

/** Stripe refused the card given with the request before trying it: the customer may still use our page. */
function confirmRefused(state: CustomerState, code: string, nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.confirm === 'done') return state;
  return setupFailed(state, { ...enrolment, confirm: 'done', decline: ofCode(code) }, null, nowMs);
}

/** Stripe's own error: no issuer has spoken. */
function ofCode(code: string): Decline {
  return { code, declineCode: null, adviceCode: null, networkDeclineCode: null, networkAdviceCode: null };
}
