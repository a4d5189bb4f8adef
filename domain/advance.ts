// What comes of an event for a customer: each kind is passed to the file that decides about it.
import { openAcceptedCharge } from './accepted-charge.ts';
import { attemptHalted, attemptRateLimited, attemptStarted } from './charge/attempts.ts';
import { cancelCharge, openCharge, retryCharge } from './charge/charge.ts';
import { checkNow } from './charge/check-schedule.ts';
import { waiveFailedCharge } from './charge/failed-charges.ts';
import { claimRefused, paymentIntentCreated, paymentIntentSearched } from './charge/payment-intent.ts';
import { paymentIntentRead } from './charge/payment-intent-read.ts';
import { chargeRefused, chargeUnanswered } from './charge/refused-or-unanswered.ts';
import { stepUpExpired, stepUpReminded } from './charge/step-up.ts';
import { cardMissing, cardWaitExpired } from './charge/waiting-for-card.ts';
import { disputeRead } from './disputes/disputes.ts';
import { atTheEndOfTheRoad, onAnotherCard } from './end-of-road.ts';
import { openEnrolment, readOpenEnrolment, takeConsent } from './enrolment/enrolment.ts';
import { mandateAfterRefusal, readMandate } from './enrolment/mandate.ts';
import { setupIntentRefused, setupIntentUnanswered } from './enrolment/refused-or-unanswered.ts';
import { setupIntentCreated, setupIntentRead } from './enrolment/setup-intent.ts';
import { cancelCustomer, resume } from './lifecycle.ts';
import type { CustomerEvent, EventOf, TimedEvent } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { loaded } from './recovery.ts';
import { refundRead } from './refunds/refunds.ts';
import { digestOfState } from './sent-state.ts';
import { findCharge } from './shared/charges.ts';
import { by, recordFact } from './shared/facts.ts';
import { keepIdentity } from './shared/keep-identity.ts';
import { follow, readLater, takeRefusal } from './shared/refund-or-dispute.ts';
import { PROCESSED_EVENTS_REMEMBERED } from './shared/state-limits.ts';
import { subjectOf } from './shared/stripe-events.ts';
import { supersedeFacts } from './superseded-facts.ts';

/**
 * What comes of `event`. Never throws for an event that does not fit: late, repeated and unknown ones change nothing.
 * @param nowMs the workflow's clock, epoch ms
 * @returns `state` itself, the same object, where nothing has changed
 */
export function advance(state: CustomerState, event: CustomerEvent, nowMs: number): CustomerState {
  return keepIdentity(state, atTheEndOfTheRoad(state, stateAfter(state, event, nowMs), nowMs));
}

function stateAfter(state: CustomerState, event: CustomerEvent, nowMs: number): CustomerState {
  switch (event.kind) {
    case 'enrol':
      return openEnrolment(state, event, nowMs);
    case 'giveConsent':
      return takeConsent(state, event, nowMs);
    case 'openCharge':
      return event.inLedger === 'accepted'
        ? openAcceptedCharge(state, event, nowMs)
        : openCharge(state, event, nowMs);
    case 'cancelCharge':
      return cancelCharge(state, event, nowMs);
    case 'retryCharge':
      return retryCharge(state, event, nowMs);
    case 'waiveCharge':
      return waiveFailedCharge(state, event, nowMs);
    case 'pause':
      return state.paused || state.cancelled
        ? state
        : recordFact({ ...state, paused: { atMs: nowMs } }, nowMs, 'paused', by(event));
    case 'resume':
      return resume(state, event, nowMs);
    case 'cancelCustomer':
      return cancelCustomer(state, event, nowMs);
    case 'stripeEventReceived':
      return stripeEventReceived(state, event, nowMs);
    case 'stepUpCompleted':
      return checkNow(state, event.chargeId, nowMs);
    case 'attemptStarted':
      return attemptStarted(state, event.step, nowMs);
    case 'chargeAttempted':
      return chargeAttempted(state, event, nowMs);
    case 'claimRefused':
      return claimRefused(state, event, nowMs);
    case 'alreadyClosed':
      return { ...state, charges: state.charges.filter(({ chargeId }) => chargeId !== event.chargeId) };
    case 'overtaken':
      return overtaken(state, event, nowMs);
    case 'loaded':
      return loaded(state, event, nowMs);
    case 'recorded':
      return recorded(state, event);
    case 'stripeCustomerCreated':
      return stripeCustomerCreated(state, event.stripeCustomerId, nowMs);
    case 'setupIntentCreated':
      return setupIntentCreated(state, event, nowMs);
    case 'setupIntentRead':
      return onAnotherCard(state, setupIntentRead(state, event.reading, nowMs), nowMs);
    case 'paymentIntentCreated':
      return paymentIntentCreated(state, event, nowMs);
    case 'paymentIntentSearched':
      return paymentIntentSearched(state, event, nowMs);
    case 'paymentIntentRead':
      return paymentIntentRead(state, event, nowMs);
    case 'refundRead':
      return refundRead(state, event.reading, nowMs);
    case 'disputeRead':
      return disputeRead(state, event.reading, nowMs);
    case 'halted':
      return attemptHalted(state, event.chargeId, nowMs);
    case 'rateLimited':
      return attemptRateLimited(state, event.chargeId, nowMs);
    case 'refused':
      return refused(state, event, nowMs);
    case 'unanswered':
      return unanswered(state, event, nowMs);
    case 'cardMissing':
      return cardMissing(state, event.chargeId, nowMs);
    case 'cardWaitExpired':
      return cardWaitExpired(state, event.chargeId, nowMs);
    case 'stepUpReminderDue':
      return stepUpReminded(state, event.chargeId, nowMs);
    case 'stepUpExpired':
      return stepUpExpired(state, event.chargeId, nowMs);
    default:
      // Another release may answer with more than this one knows, and a person who completes an activity with anything.
      event satisfies never;
      return state;
  }
}

/** An event says what is to be read, never what is to be believed. */
function stripeEventReceived(
  before: CustomerState,
  event: EventOf<'stripeEventReceived'>,
  nowMs: number,
): CustomerState {
  const subject = subjectOf(event.type);
  if (subject === null || before.processedEventIds.includes(event.eventId)) return before;
  const { objectId } = event;
  const state = {
    ...before,
    processedEventIds: [...before.processedEventIds, event.eventId].slice(-PROCESSED_EVENTS_REMEMBERED),
  };
  switch (subject) {
    case 'refund':
      return follow(state, 'refunds', objectId, nowMs);
    case 'dispute':
      return follow(state, 'disputes', objectId, nowMs);
    case 'payment_intent':
      return paymentIntentEventReceived(state, event, nowMs);
    case 'setup_intent':
      return state.enrolment?.setupIntentId === objectId ? readOpenEnrolment(state, nowMs) : state;
    case 'mandate':
      // The mandate of a card that is being given is not known yet.
      return state.mandate?.stripeMandateId === objectId
        ? readMandate(state, nowMs)
        : readOpenEnrolment(state, nowMs);
    case 'payment_method':
      return state.mandate?.paymentMethodId === objectId ? readMandate(state, nowMs) : state;
    case 'customer':
      return state.stripeCustomerId === objectId ? readMandate(state, nowMs) : state;
    default:
      return subject satisfies never;
  }
}

function paymentIntentEventReceived(
  state: CustomerState,
  { type, objectId }: EventOf<'stripeEventReceived'>,
  nowMs: number,
): CustomerState {
  const charge = state.charges.find(({ paymentIntentId }) => paymentIntentId === objectId);
  if (!charge) return state;
  // Stripe tells of our own decline too: while a charge waits for its next attempt only other events matter.
  const isEcho = type === 'payment_intent.payment_failed';
  const waits =
    charge.phase.is === 'due' || charge.phase.is === 'awaiting_card' || charge.phase.is === 'refused';
  return isEcho && waits ? state : checkNow(state, charge.chargeId, nowMs);
}

/** Intents that were made for another customer are read before anything else: they are replaced. */
function stripeCustomerCreated(state: CustomerState, stripeCustomerId: string, nowMs: number): CustomerState {
  if (state.stripeCustomerId !== null) return state;
  const known = { ...state, stripeCustomerId };
  return state.charges.reduce<CustomerState>((next, { chargeId }) => checkNow(next, chargeId, nowMs), known);
}

/** What comes of events, each at its own time (epoch ms by the workflow's clock). */
export function advanceAll(state: CustomerState, events: readonly TimedEvent[]): CustomerState {
  return events.reduce((next, { event, atMs }) => advance(next, event, atMs), state);
}

/**
 * The attempt's activity has advanced the same state by the same events, and put on record what came of it. What this
 * code makes of them counts, also where that is something else.
 */
function chargeAttempted(
  state: CustomerState,
  { chargeId, events, recorded: theirs }: EventOf<'chargeAttempted'>,
  nowMs: number,
): CustomerState {
  if (findCharge(state, chargeId)?.phase.is !== 'attempting') return state;
  const next = advanceAll(state, events);
  if (theirs === null) return next;
  const isAgreed = digestOfState(next) === theirs.digest;
  const superseded = {
    after: state.sequence,
    through: theirs.through,
    chargeId,
    cause: 'decided_otherwise',
  } as const;
  return recorded(isAgreed ? next : supersedeFacts(next, superseded, nowMs), { kind: 'recorded', ...theirs });
}

/** An attempt that was given up has written its facts all the same, before this customer's could be written. */
function overtaken(
  state: CustomerState,
  { after, through, chargeId }: EventOf<'overtaken'>,
  nowMs: number,
): CustomerState {
  const isInTheWay = state.facts.some(({ sequence }) => sequence > after && sequence <= through);
  if (!isInTheWay) return state;
  return supersedeFacts(state, { after, through, chargeId, cause: 'late_attempt' }, nowMs);
}

/** What is in the ledger may leave: facts, and charges that are over. */
function recorded(
  state: CustomerState,
  { through, alreadyClosed, policy = state.policy }: EventOf<'recorded'>,
): CustomerState {
  const facts = state.facts.filter(({ sequence }) => sequence > through);
  const isStillConcerned = (chargeId: string) => facts.some((fact) => fact.chargeId === chargeId);
  const charges = state.charges.filter(
    ({ chargeId, phase }) =>
      !alreadyClosed.includes(chargeId) && (phase.is !== 'closed' || isStillConcerned(chargeId)),
  );
  return { ...state, facts, charges, policy };
}

function refused(state: CustomerState, event: EventOf<'refused'>, nowMs: number): CustomerState {
  switch (event.step.do) {
    case 'createStripeCustomer':
    case 'createSetupIntent':
    case 'confirmSetupIntent':
    case 'readSetupIntent':
    case 'cancelSetupIntent':
      return setupIntentRefused(state, event.step, event, nowMs);
    case 'readRefund':
      return takeRefusal(state, 'refunds', event.step.refundId, event, nowMs);
    case 'readDispute':
      return takeRefusal(state, 'disputes', event.step.disputeId, event, nowMs);
    default:
      return chargeRefused(mandateAfterRefusal(state, event, nowMs), event, nowMs);
  }
}

function unanswered(state: CustomerState, event: EventOf<'unanswered'>, nowMs: number): CustomerState {
  const { step } = event;
  switch (step.do) {
    case 'createStripeCustomer':
    case 'createSetupIntent':
    case 'confirmSetupIntent':
    case 'readSetupIntent':
    case 'cancelSetupIntent':
      return setupIntentUnanswered(state, step, nowMs);
    case 'readRefund':
      return readLater(state, 'refunds', step.refundId, nowMs);
    case 'readDispute':
      return readLater(state, 'disputes', step.disputeId, nowMs);
    default:
      return chargeUnanswered(state, event, nowMs);
  }
}
