// A customer's life as a value: what to do next, and what comes of what happened. Pure: no clock, no I/O.
import { agenda } from './agenda.ts';
import { attemptBegan, attemptBraked, attemptRateLimited } from './attempts.ts';
import {
  cancelCharge,
  cardMissing,
  cardWaitExpired,
  chargeOpened,
  chargeRefused,
  chargeUnanswered,
  retryCharge,
} from './charge.ts';
import { closeCharge } from './ending.ts';
import { closeEnrolment, openEnrolment, takeConsent } from './enrolment.ts';
import type { CustomerEvent, EventOf, Step } from './events.ts';
import { intentLookedUp, intentOpened, intentSeen } from './intent.ts';
import { lookNow } from './looks.ts';
import { endMandate } from './mandate.ts';
import { HEARD_EVENTS, LONGEST_SLEEP } from './policy.ts';
import { by, note } from './record.ts';
import { loaded } from './recovery.ts';
import {
  isRead,
  reversalKindOf,
  reversalRang,
  reversalRefused,
  reversalSeen,
  reversalUnanswered,
} from './reversals.ts';
import { setupOpened, setupRefused, setupSeen, setupUnanswered } from './setup.ts';
import type { Charge, CustomerState, FactKind } from './state.ts';
import { stepUpExpired, stepUpReminded } from './step-up.ts';

/** These ride along with the next thing recorded; every other fact is in the ledger before anything else happens. */
const CAN_WAIT: readonly FactKind[] = ['payment_intent_created', 'setup_intent_created'];

/** Somebody nobody has met yet; the first step asks the ledger whether that is so. */
export function newCustomer(customerId: string): CustomerState {
  return {
    version: 1,
    customerId,
    loaded: false,
    stripeCustomerId: null,
    currency: null,
    cancelled: null,
    paused: null,
    enrolment: null,
    mandate: null,
    staleSetups: [],
    charges: [],
    cards: [],
    reversals: [],
    facts: [],
    notices: [],
    heard: [],
    sequence: 0,
  };
}

/** Brings a state written by an older release to this one's shape. */
export function upgrade(state: CustomerState): CustomerState {
  return { ...state, reversals: state.reversals ?? [] };
}

/** What to do now, or until when to wait (epoch ms). Every state that is not over has a next time to wake. */
export function nextStep(state: CustomerState, nowMs: number): Step {
  if (!state.loaded) return { do: 'load' };
  if (state.facts.some(({ kind }) => !CAN_WAIT.includes(kind))) return { do: 'record' };
  const plan = agenda(state, nowMs);
  const due = plan.find(({ atMs }) => atMs <= nowMs);
  const notice = state.notices[0];
  if (notice && !(notice.again && due && isLook(due.step))) return { do: 'notify', notice };
  if (due) return due.step;
  if (state.facts.length > 0) return { do: 'record' };
  if (isOver(state)) return { do: 'end' };
  return { do: 'wait', untilMs: Math.min(nowMs + LONGEST_SLEEP, ...plan.map(({ atMs }) => atMs)) };
}

function isLook(step: Step): boolean {
  return step.do === 'readIntent' || step.do === 'lookUpIntent' || step.do === 'cancelIntent';
}

/** The customer is gone, and nothing of theirs is open anywhere. */
export function isOver(state: CustomerState): boolean {
  const { cancelled, charges, enrolment, reversals, staleSetups } = state;
  if (cancelled === null || (enrolment !== null && !enrolment.closed)) return false;
  return charges.length === 0 && staleSetups.length === 0 && reversals.every(isRead);
}

/** Whether a request that was accepted during `step` takes it back, as far as it has not been sent. */
export function takesBack(event: CustomerEvent, step: Step): boolean {
  if (step.do !== 'confirmIntent') return false;
  if (event.kind === 'cancelCharge') return event.chargeId === step.chargeId;
  return event.kind === 'cancelCustomer' || event.kind === 'pause';
}

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
    case 'stripeRang':
      return rang(state, event, nowMs);
    case 'customerSteppedUp':
      return lookNow(state, event.chargeId, nowMs);
    case 'began':
      return event.step.do === 'confirmIntent' ? attemptBegan(state, event.step, nowMs) : state;
    case 'loaded':
      return loaded(state, event.snapshot && upgrade(event.snapshot), event.charges, nowMs);
    case 'recorded':
      return recorded(state, event.through, event.alreadyClosed);
    case 'noticeHandedOver':
      return { ...state, notices: state.notices.filter(({ noticeId }) => noticeId !== event.noticeId) };
    case 'stripeCustomerOpened':
      return { ...state, stripeCustomerId: state.stripeCustomerId ?? event.stripeCustomerId };
    case 'setupOpened':
      return setupOpened(state, event, nowMs);
    case 'setupSeen':
      return setupSeen(state, event.reading, nowMs);
    case 'intentOpened':
      return intentOpened(state, event, nowMs);
    case 'intentLookedUp':
      return intentLookedUp(state, event, nowMs);
    case 'intentSeen':
      return intentSeen(state, event, nowMs);
    case 'reversalSeen':
      return reversalSeen(state, event.reading, nowMs);
    case 'braked':
      return attemptBraked(state, event.chargeId, nowMs);
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

/** The clocks that stood still while paused go on from where they were. */
function resume(state: CustomerState, event: EventOf<'resume'>, nowMs: number): CustomerState {
  if (!state.paused) return state;
  const pausedAtMs = state.paused.atMs;
  const charges = state.charges.map((charge): Charge => {
    const { phase } = charge;
    if (phase.is !== 'awaiting_step_up' && phase.is !== 'awaiting_card') return charge;
    // A wait that began during the pause has stood still since then only.
    const stoodStill = nowMs - Math.max(pausedAtMs, phase.sinceMs);
    const sinceMs = phase.sinceMs + stoodStill;
    return phase.is === 'awaiting_card'
      ? { ...charge, phase: { ...phase, sinceMs } }
      : { ...charge, phase: { ...phase, sinceMs, deadlineMs: phase.deadlineMs + stoodStill } };
  });
  return note({ ...state, paused: null, charges }, nowMs, 'resumed', by(event));
}

/** No new attempt from here on; what is open at Stripe is cancelled there and followed to its end. */
function cancelCustomer(
  before: CustomerState,
  event: EventOf<'cancelCustomer'>,
  nowMs: number,
): CustomerState {
  if (before.cancelled) return before;
  let state: CustomerState = { ...before, cancelled: { atMs: nowMs }, paused: null };
  state = note(state, nowMs, 'cancelled', by(event));
  state = endMandate(state, nowMs);
  state = closeEnrolment(state, 'expired', 'customer_cancelled', nowMs);
  for (const charge of state.charges)
    state = closeCharge(state, charge, 'cancelled', 'customer_cancelled', nowMs);
  return state;
}

/** The bell says what to look at, never what to believe. */
function rang(before: CustomerState, event: EventOf<'stripeRang'>, nowMs: number): CustomerState {
  if (before.heard.includes(event.eventId)) return before;
  const state = { ...before, heard: [...before.heard, event.eventId].slice(-HEARD_EVENTS) };
  const reversal = reversalKindOf(event.type);
  if (reversal) return reversalRang(state, reversal, event.objectId, nowMs);
  const charge = state.charges.find(({ intentId }) => intentId === event.objectId);
  if (charge) {
    // Our own decline rings too: while a charge waits for its next attempt only other news is worth a look.
    const isEcho = event.type === 'payment_intent.payment_failed' || event.type === 'payment_intent.created';
    const isResting =
      charge.phase.is === 'due' || charge.phase.is === 'awaiting_card' || charge.phase.is === 'refused';
    return isEcho && isResting ? state : lookNow(state, charge.chargeId, nowMs);
  }
  const { enrolment, mandate } = state;
  if (enrolment && !enrolment.closed) {
    const isItsMandate = event.type.startsWith('mandate.') && event.objectId !== mandate?.stripeMandateId;
    if (enrolment.setupIntentId === event.objectId || isItsMandate) {
      if (enrolment.confirm !== 'done') return state;
      return {
        ...state,
        enrolment: { ...enrolment, lookAtMs: Math.min(enrolment.lookAtMs, nowMs), looks: 0 },
      };
    }
  }
  if (mandate && (mandate.stripeMandateId === event.objectId || mandate.paymentMethodId === event.objectId))
    return { ...state, mandate: { ...mandate, lookAtMs: nowMs } };
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
    case 'openStripeCustomer':
    case 'openSetup':
    case 'confirmSetup':
    case 'readSetup':
    case 'cancelSetup':
      return setupRefused(state, event.step, event.code, nowMs);
    case 'readReversal':
      return reversalRefused(state, event.step.objectId, event, nowMs);
    default:
      return chargeRefused(state, event, nowMs);
  }
}

function unanswered(state: CustomerState, event: EventOf<'unanswered'>, nowMs: number): CustomerState {
  const { step } = event;
  switch (step.do) {
    case 'openStripeCustomer':
    case 'openSetup':
    case 'confirmSetup':
    case 'readSetup':
    case 'cancelSetup':
      return setupUnanswered(state, step, nowMs);
    case 'readReversal':
      return reversalUnanswered(state, step.objectId, nowMs);
    default:
      return chargeUnanswered(state, event, nowMs);
  }
}
