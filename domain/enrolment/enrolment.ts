// The customer is asked for a card: from the request to the end of the enrolment.

import type { Enrolment, EnrolmentStatus } from '../model/enrolment.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { by, recordFact } from '../shared/facts.ts';
import { policyOf } from '../shared/policy.ts';
import { addAbandonedSetup } from './abandoned-setup-intents.ts';

/**
 * Whether this request is the one that is there already. With consent in it the request can be told from a later one
 * for good; without, only while it is open: asking for our page again later means another card.
 */
function isSameRequest(state: CustomerState, request: EventOf<'enrol'>): boolean {
  const { enrolment } = state;
  if (enrolment?.requestId !== request.requestId) return false;
  return !enrolment.closed || (request.consent !== undefined && state.cancelled === null);
}

/** A new card is asked for. An unfinished enrolment is given up, a cancelled customer comes back. */
export function openEnrolment(
  before: CustomerState,
  request: EventOf<'enrol'>,
  nowMs: number,
): CustomerState {
  if (isSameRequest(before, request)) return before;
  let state = closeEnrolment(before, 'expired', 'replaced', nowMs);
  const enrolment: Enrolment = {
    number: (before.enrolment?.number ?? 0) + 1,
    requestId: request.requestId,
    status: 'pending',
    paymentMethodId: request.paymentMethodId ?? null,
    consent: request.consent ?? null,
    // A new card is given under what was agreed before, unless the customer agrees to something else with it.
    terms: request.terms ?? before.mandate?.terms ?? null,
    openedAtMs: nowMs,
    setupNumber: 1,
    setupIntentId: null,
    setupOpenedAtMs: null,
    confirm: request.paymentMethodId === undefined ? 'done' : 'due',
    closed: false,
    failures: 0,
    setupAttemptId: null,
    decline: null,
    nextCheckAtMs: nowMs,
    checks: 0,
  };
  state = {
    ...state,
    enrolment,
    cancelled: null,
    ...identityOf(state, request),
  };
  state = recordFact(state, nowMs, 'enrolment_opened', {
    ...by(request),
    data: { enrolmentNumber: enrolment.number, comesBack: before.cancelled !== null },
  });
  return request.consent ? recordConsent(state, request, request.consent, nowMs) : state;
}

/** Frozen by the first card that was given; an enrolment from which nothing came holds on to nothing. */
function identityOf(
  { mandate, stripeCustomerId, currency }: CustomerState,
  request: EventOf<'enrol'>,
): Pick<CustomerState, 'stripeCustomerId' | 'currency'> {
  const wanted = {
    stripeCustomerId: request.stripeCustomerId ?? null,
    currency: request.currency ?? request.terms?.currency ?? null,
  };
  return mandate
    ? {
        stripeCustomerId: stripeCustomerId ?? wanted.stripeCustomerId,
        currency: currency ?? wanted.currency,
      }
    : {
        stripeCustomerId: wanted.stripeCustomerId ?? stripeCustomerId,
        currency: wanted.currency ?? currency,
      };
}

/** Its SetupIntent was for a Stripe customer that is gone: another is made for the next one. */
export function restartSetup(state: CustomerState, nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.setupIntentId === null) return state;
  const restarted: Enrolment = {
    ...enrolment,
    status: 'pending',
    setupNumber: enrolment.setupNumber + 1,
    setupIntentId: null,
    setupOpenedAtMs: null,
    setupAttemptId: null,
    confirm: enrolment.confirm === 'unanswered' ? 'due' : enrolment.confirm,
    nextCheckAtMs: nowMs,
    checks: enrolment.checks + 1,
  };
  return { ...addAbandonedSetup(state, enrolment.setupIntentId, nowMs), enrolment: restarted };
}

/** The customer agreed on our page. */
export function takeConsent(
  state: CustomerState,
  event: EventOf<'giveConsent'>,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.number !== event.enrolmentNumber || enrolment.consent)
    return state;
  const withConsent = {
    ...state,
    enrolment: { ...enrolment, consent: event.consent, nextCheckAtMs: nowMs, checks: 0 },
  };
  return recordConsent(withConsent, event, event.consent, nowMs);
}

/** Gives an open enrolment up; its SetupIntent is cancelled at Stripe. Does nothing to a closed one. */
export function closeEnrolment(
  state: CustomerState,
  status: Extract<EnrolmentStatus, 'failed' | 'expired'>,
  reason: string,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed) return state;
  const closed = { ...state, enrolment: { ...enrolment, status, closed: true } };
  const { number: enrolmentNumber, setupIntentId } = enrolment;
  return recordFact(
    setupIntentId ? addAbandonedSetup(closed, setupIntentId, nowMs) : closed,
    nowMs,
    'enrolment_closed',
    {
      data: { enrolmentNumber, status, reason },
    },
  );
}

/** When the current SetupIntent is too old to be finished (docs.stripe.com/api/setup_intents: do not keep them). */
export function renewalAt(state: CustomerState, { setupOpenedAtMs }: Enrolment): number | null {
  return setupOpenedAtMs === null ? null : setupOpenedAtMs + policyOf(state).setupRenewalMs;
}

/** There is an event for it. One whose card is still to be sent is not read for it: that comes first. */
export function readOpenEnrolment(state: CustomerState, nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.confirm !== 'done') return state;
  const nextCheckAtMs = Math.min(enrolment.nextCheckAtMs, nowMs);
  return { ...state, enrolment: { ...enrolment, nextCheckAtMs, checks: 0 } };
}

function recordConsent(
  state: CustomerState,
  request: EventOf<'enrol' | 'giveConsent'>,
  consent: NonNullable<Enrolment['consent']>,
  nowMs: number,
): CustomerState {
  return recordFact(state, nowMs, 'consent', {
    ...by(request),
    data: { enrolmentNumber: state.enrolment?.number, ...consent, terms: state.enrolment?.terms ?? null },
  });
}
