// The customer gives a card: from the request to the mandate. It charges nothing and asks Stripe nothing itself.

import type { Enrolment, EnrolmentStatus } from '../model/enrolment.ts';
import type { EventOf } from '../model/events.ts';
import type { CustomerState } from '../model/state.ts';
import { by, note } from '../shared/facts.ts';
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
    terms: request.terms ?? null,
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
    stripeCustomerId: state.stripeCustomerId ?? request.stripeCustomerId ?? null,
    currency: state.currency ?? request.currency ?? request.terms?.currency ?? null,
  };
  state = note(state, nowMs, 'enrolment_opened', {
    ...by(request),
    data: { enrolmentNumber: enrolment.number, comesBack: before.cancelled !== null },
  });
  return request.consent ? noteConsent(state, request, request.consent, nowMs) : state;
}

/** The customer agreed on our page. */
export function takeConsent(
  state: CustomerState,
  given: EventOf<'giveConsent'>,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.number !== given.enrolmentNumber || enrolment.consent)
    return state;
  const agreed = {
    ...state,
    enrolment: { ...enrolment, consent: given.consent, nextCheckAtMs: nowMs, checks: 0 },
  };
  return noteConsent(agreed, given, given.consent, nowMs);
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
  const given = { ...state, enrolment: { ...enrolment, status, closed: true } };
  const { number: enrolmentNumber, setupIntentId } = enrolment;
  return note(
    setupIntentId ? addAbandonedSetup(given, setupIntentId, nowMs) : given,
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

function noteConsent(
  state: CustomerState,
  asked: EventOf<'enrol' | 'giveConsent'>,
  consent: NonNullable<Enrolment['consent']>,
  nowMs: number,
): CustomerState {
  return note(state, nowMs, 'consent', {
    ...by(asked),
    data: { enrolmentNumber: state.enrolment?.number, ...consent, terms: state.enrolment?.terms ?? null },
  });
}
