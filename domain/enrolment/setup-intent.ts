// An enrolment's SetupIntent: made, read, failed and renewed.

import type { Enrolment, EnrolmentStatus } from '../model/enrolment.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import type { SetupIntentReading } from '../model/stripe-objects.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { notify, recordFact } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { abandonedSetupRead, addAbandonedSetup } from './abandoned-setup-intents.ts';
import { closeEnrolment, renewalAt } from './enrolment.ts';
import { mandateGiven, mandateRead } from './mandate.ts';

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

export function setupFailed(
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

export function isAbandoned({ abandonedSetups }: CustomerState, setupIntentId: string): boolean {
  return abandonedSetups.some((setup) => setup.setupIntentId === setupIntentId);
}

/** The mandate's own SetupIntent stays named in its enrolment, which is closed. */
export function isOpenSetup({ enrolment }: CustomerState, setupIntentId: string): boolean {
  return enrolment !== null && !enrolment.closed && enrolment.setupIntentId === setupIntentId;
}
