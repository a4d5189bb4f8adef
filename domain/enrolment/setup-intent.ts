// An enrolment's SetupIntent: made, unanswered, and what Stripe's word on it means. It asks Stripe nothing itself.

import type { Decline } from '../model/charge.ts';
import type { Enrolment, EnrolmentStatus } from '../model/enrolment.ts';
import type { EventOf } from '../model/events.ts';
import type { SetupIntentReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import type { Step, StepOf } from '../model/steps.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { notify, recordFact } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { HOUR } from '../shared/time.ts';
import {
  abandonedSetupRead,
  abandonedSetupUnanswered,
  addAbandonedSetup,
  dropAbandonedSetup,
} from './abandoned-setup-intents.ts';
import { closeEnrolment, renewalAt } from './enrolment.ts';
import { mandateGiven, mandateRead } from './mandate.ts';

/** Steps of an enrolment; a SetupIntent they name may also be an abandoned one or the mandate's. */
type SetupIntentStep = StepOf<
  | 'createStripeCustomer'
  | 'createSetupIntent'
  | 'confirmSetupIntent'
  | 'readSetupIntent'
  | 'cancelSetupIntent'
>;

export function setupIntentCreated(
  state: CustomerState,
  created: EventOf<'setupIntentCreated'>,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (enrolment?.setupIntentId === created.setupIntentId) return state;
  if (enrolment?.number !== created.enrolmentNumber || enrolment.closed || enrolment.setupIntentId) {
    // The customer asked for something else meanwhile: nobody will use this one.
    return addAbandonedSetup(state, created.setupIntentId, nowMs);
  }
  const withSetupIntent: Enrolment = {
    ...enrolment,
    setupIntentId: created.setupIntentId,
    setupOpenedAtMs: nowMs,
    status: enrolment.confirm === 'due' ? 'pending' : 'awaiting_customer',
    nextCheckAtMs:
      enrolment.confirm === 'due' ? nowMs : nowMs + backoffDelay(policyOf(state).checkBackoffMs, 0),
    checks: 0,
  };
  return recordFact({ ...state, enrolment: withSetupIntent }, nowMs, 'setup_intent_created', {
    data: {
      enrolmentNumber: enrolment.number,
      setupIntentId: created.setupIntentId,
      stripeCustomerId: state.stripeCustomerId,
    },
  });
}

/** Any SetupIntent of this customer has been read: the open one, an abandoned one, or the mandate's. */
export function setupIntentRead(
  state: CustomerState,
  reading: SetupIntentReading,
  nowMs: number,
): CustomerState {
  if (isAbandoned(state, reading.setupIntentId)) return abandonedSetupRead(state, reading, nowMs);
  if (state.enrolment?.setupIntentId === reading.setupIntentId && !state.enrolment.closed)
    return enrolmentRead(state, state.enrolment, reading, nowMs);
  if (state.mandate?.setupIntentId === reading.setupIntentId)
    return mandateRead(state, state.mandate, reading, nowMs);
  return state;
}

function enrolmentRead(
  state: CustomerState,
  enrolment: Enrolment,
  reading: SetupIntentReading,
  nowMs: number,
): CustomerState {
  const checks = enrolment.checks + 1;
  const read: Enrolment = {
    ...enrolment,
    confirm: 'done',
    checks,
    nextCheckAtMs: nowMs + backoffDelay(policyOf(state).checkBackoffMs, checks - 1),
  };
  const isNewTry = reading.setupAttemptId !== null && reading.setupAttemptId !== enrolment.setupAttemptId;
  const keeps = (status: EnrolmentStatus) => ({ ...state, enrolment: { ...read, status } });
  switch (reading.status) {
    case 'succeeded':
      if (!read.consent || !reading.paymentMethodId || !reading.card) {
        // Finished, but nobody has agreed to anything: when it is old it is replaced, like one nobody finishes.
        const isOld = nowMs >= (renewalAt(state, enrolment) ?? nowMs);
        return isOld ? renewSetup(state, read, nowMs) : keeps('awaiting_customer');
      }
      if (reading.stripeMandateStatus === 'pending') return keeps('processing');
      return mandateGiven({ ...state, enrolment: read }, read, reading, nowMs);
    case 'canceled':
      return renewSetup(state, read, nowMs);
    case 'processing':
      return keeps('processing');
    case 'requires_payment_method':
      if (reading.decline && (isNewTry || enrolment.confirm === 'due'))
        return setupFailed(state, failedBy(read, reading), reading, nowMs);
      // Stripe knows of no try with the request's card: it never arrived, so it is sent again.
      // Somebody waits; tries that stay unanswered are spaced by their own waits.
      if (enrolment.confirm !== 'done')
        return { ...state, enrolment: { ...read, confirm: 'due', nextCheckAtMs: nowMs } };
      return keeps(enrolment.status === 'failed' ? 'failed' : 'awaiting_customer');
    default:
      return keeps('awaiting_customer');
  }
}

/** A try is accounted for once it has failed: while the customer is at the bank it is there, and nothing is known of it. */
function failedBy(enrolment: Enrolment, { decline, setupAttemptId }: SetupIntentReading): Enrolment {
  return { ...enrolment, decline, setupAttemptId: setupAttemptId ?? enrolment.setupAttemptId };
}

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

/** Of one that nobody will finish, or the mandate's: nothing more can be learnt of it. */
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

/** An enrolment that was replaced meanwhile is none of the present one's business. */
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

function setupFailed(
  state: CustomerState,
  enrolment: Enrolment,
  reading: SetupIntentReading | null,
  nowMs: number,
): CustomerState {
  const failures = enrolment.failures + 1;
  const failed = recordFact(
    { ...state, enrolment: { ...enrolment, failures, status: 'failed' } },
    nowMs,
    'setup_failed',
    {
      data: {
        enrolmentNumber: enrolment.number,
        setupIntentId: enrolment.setupIntentId,
        setupAttemptId: enrolment.setupAttemptId,
        threeDSecure: reading?.threeDSecure ?? null,
        decline: enrolment.decline,
        requestId: reading?.requestId ?? null,
        failures,
      },
    },
  );
  return failures < policyOf(state).setupFailures
    ? failed
    : closeEnrolment(failed, 'failed', 'too_many_failures', nowMs);
}

function renewSetup(state: CustomerState, enrolment: Enrolment, nowMs: number): CustomerState {
  if (enrolment.setupNumber >= policyOf(state).setupsPerEnrolment) {
    return closeEnrolment(
      { ...state, enrolment: { ...enrolment, setupIntentId: null } },
      'expired',
      'unfinished',
      nowMs,
    );
  }
  const setupNumber = enrolment.setupNumber + 1;
  const renewed: Enrolment = {
    ...enrolment,
    setupNumber,
    setupIntentId: null,
    setupOpenedAtMs: null,
    setupAttemptId: null,
    status: 'pending',
    nextCheckAtMs: nowMs,
    checks: 0,
  };
  return notify(
    { ...state, enrolment: renewed },
    nowMs,
    'customer.enrolment_waiting',
    `enrolment-${enrolment.number}-waiting-${setupNumber}`,
    { data: { enrolmentNumber: enrolment.number } },
  );
}

function isAbandoned({ abandonedSetups }: CustomerState, setupIntentId: string): boolean {
  return abandonedSetups.some((setup) => setup.setupIntentId === setupIntentId);
}

/** The mandate's own SetupIntent stays named in its enrolment, which is closed. */
function isOpenSetup({ enrolment }: CustomerState, setupIntentId: string): boolean {
  return enrolment !== null && !enrolment.closed && enrolment.setupIntentId === setupIntentId;
}

/** Stripe's own error: no issuer has spoken. */
function ofCode(code: string): Decline {
  return { code, declineCode: null, adviceCode: null, networkDeclineCode: null, networkAdviceCode: null };
}
