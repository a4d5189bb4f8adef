// A customer's life as a value: what to do next, and what comes of what happened. Pure: no clock, no I/O.
import { attemptHalted, attemptRateLimited, attemptStarted } from './charge/attempts.ts';
import {
  cancelCharge,
  cardMissing,
  cardWaitExpired,
  chargeOpened,
  chargeRefused,
  chargeUnanswered,
  retryCharge,
} from './charge/charge.ts';
import { checkNow } from './charge/checks.ts';
import { paymentIntentCreated, paymentIntentRead, paymentIntentSearched } from './charge/payment-intent.ts';
import { stepUpExpired, stepUpReminded } from './charge/step-up.ts';
import { openEnrolment, takeConsent } from './enrolment/enrolment.ts';
import {
  setupIntentCreated,
  setupIntentRead,
  setupIntentRefused,
  setupIntentUnanswered,
} from './enrolment/setup-intent.ts';
import { cancelCustomer, resume, upgrade } from './lifecycle.ts';
import type { CustomerEvent, EventOf } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { loaded } from './recovery.ts';
import {
  reversalKindOf,
  reversalRang,
  reversalRefused,
  reversalSeen,
  reversalUnanswered,
} from './refunds/refunds.ts';
import { by, note } from './shared/facts.ts';
import { PROCESSED_EVENTS_REMEMBERED } from './shared/policy.ts';

/**
 * What comes of `event`. Never throws for an event that does not fit: late and repeated ones change nothing.
 * @param nowMs the workflow's clock, epoch ms
 */
export function advance(state: CustomerState, event: CustomerEvent, nowMs: number): CustomerState {
  switch (event.kind) {
    case 'enrol':
      return openEnrolment(state, event, nowMs);
    case 'giveConsent':
      return takeConsent(state, event, nowMs);
    case 'openCharge':
      return chargeOpened(state, event, nowMs);
    case 'cancelCharge':
      return cancelCharge(state, event, nowMs);
    case 'retryCharge':
      return retryCharge(state, event, nowMs);
    case 'pause':
      return state.paused || state.cancelled
        ? state
        : note({ ...state, paused: { atMs: nowMs } }, nowMs, 'paused', by(event));
    case 'resume':
      return resume(state, event, nowMs);
    case 'cancelCustomer':
      return cancelCustomer(state, event, nowMs);
    case 'stripeEventReceived':
      return rang(state, event, nowMs);
    case 'stepUpCompleted':
      return checkNow(state, event.chargeId, nowMs);
    case 'attemptStarted':
      return event.step.do === 'confirmPaymentIntent' ? attemptStarted(state, event.step, nowMs) : state;
    case 'loaded':
      return loaded(state, event.snapshot && upgrade(event.snapshot), event.charges, nowMs);
    case 'recorded':
      return recorded(state, event.through, event.alreadyClosed);
    case 'noticeStarted':
      return { ...state, notices: state.notices.filter(({ noticeId }) => noticeId !== event.noticeId) };
    case 'stripeCustomerCreated':
      return { ...state, stripeCustomerId: state.stripeCustomerId ?? event.stripeCustomerId };
    case 'setupIntentCreated':
      return setupIntentCreated(state, event, nowMs);
    case 'setupIntentRead':
      return setupIntentRead(state, event.reading, nowMs);
    case 'paymentIntentCreated':
      return paymentIntentCreated(state, event, nowMs);
    case 'paymentIntentSearched':
      return paymentIntentSearched(state, event, nowMs);
    case 'paymentIntentRead':
      return paymentIntentRead(state, event, nowMs);
    case 'reversalSeen':
      return reversalSeen(state, event.reading, nowMs);
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
      return event satisfies never;
  }
}

/** The bell says what to look at, never what to believe. */
function rang(before: CustomerState, event: EventOf<'stripeEventReceived'>, nowMs: number): CustomerState {
  if (before.processedEventIds.includes(event.eventId)) return before;
  const state = {
    ...before,
    processedEventIds: [...before.processedEventIds, event.eventId].slice(-PROCESSED_EVENTS_REMEMBERED),
  };
  const reversal = reversalKindOf(event.type);
  if (reversal) return reversalRang(state, reversal, event.objectId, nowMs);
  const charge = state.charges.find(({ paymentIntentId }) => paymentIntentId === event.objectId);
  if (charge) {
    // Our own decline rings too: while a charge waits for its next attempt only other news is worth a look.
    const isEcho = event.type === 'payment_intent.payment_failed' || event.type === 'payment_intent.created';
    const isResting =
      charge.phase.is === 'due' || charge.phase.is === 'awaiting_card' || charge.phase.is === 'refused';
    return isEcho && isResting ? state : checkNow(state, charge.chargeId, nowMs);
  }
  const { enrolment, mandate } = state;
  if (enrolment && !enrolment.closed) {
    const isItsMandate = event.type.startsWith('mandate.') && event.objectId !== mandate?.stripeMandateId;
    if (enrolment.setupIntentId === event.objectId || isItsMandate) {
      if (enrolment.confirm !== 'done') return state;
      return {
        ...state,
        enrolment: { ...enrolment, nextCheckAtMs: Math.min(enrolment.nextCheckAtMs, nowMs), checks: 0 },
      };
    }
  }
  if (mandate && (mandate.stripeMandateId === event.objectId || mandate.paymentMethodId === event.objectId))
    return { ...state, mandate: { ...mandate, nextCheckAtMs: nowMs } };
  return state;
}

/** What is in the ledger may leave: facts, and charges that are over. */
function recorded(state: CustomerState, through: number, alreadyClosed: readonly string[]): CustomerState {
  const facts = state.facts.filter(({ sequence }) => sequence > through);
  const stillNoted = (chargeId: string) => facts.some((fact) => fact.chargeId === chargeId);
  const charges = state.charges.filter(
    ({ chargeId, phase }) =>
      !alreadyClosed.includes(chargeId) && (phase.is !== 'closed' || stillNoted(chargeId)),
  );
  return { ...state, facts, charges };
}

function refused(state: CustomerState, event: EventOf<'refused'>, nowMs: number): CustomerState {
  switch (event.step.do) {
    case 'createStripeCustomer':
    case 'createSetupIntent':
    case 'confirmSetupIntent':
    case 'readSetupIntent':
    case 'cancelSetupIntent':
      return setupIntentRefused(state, event.step, event.code, nowMs);
    case 'readReversal':
      return reversalRefused(state, event.step.objectId, event, nowMs);
    default:
      return chargeRefused(state, event, nowMs);
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
    case 'readReversal':
      return reversalUnanswered(state, step.objectId, nowMs);
    default:
      return chargeUnanswered(state, event, nowMs);
  }
}
