// One charge, from owed to over: what each answer of Stripe's means for it. It asks Stripe nothing itself.
import { classifyDecline, isAuthenticationFailure } from './decline.ts';
import { countAttempt, isSpent, issuerAttempts, markDead, nextRetry, reachedIssuer } from './dunning.ts';
import type { EventOf, IntentReading, Step, StepOf } from './events.ts';
import {
  ATTEMPTS_REMEMBERED,
  BRAKE_LOOK,
  LOOKS,
  STEP_UP_DEADLINE,
  STEP_UP_FAILURES,
  UNKNOWN_LOOKS,
} from './policy.ts';
import { findCharge, lookDelay, note, putCharge, tell } from './record.ts';
import type { Attempt, AttemptOutcome, Charge, ChargePhase, CustomerState, Decline } from './state.ts';

/** Something is owed. The same id again changes nothing; other terms were refused before this. */
export function chargeOpened(
  state: CustomerState,
  opened: EventOf<'openCharge'>,
  nowMs: number,
): CustomerState {
  if (findCharge(state, opened.chargeId)) return state;
  const dueAtMs = opened.dueAtMs ?? nowMs;
  const charge: Charge = {
    chargeId: opened.chargeId,
    amount: opened.amount,
    currency: opened.currency,
    openedAtMs: nowMs,
    dueAtMs,
    phase: { is: 'due', atMs: dueAtMs },
    intentNumber: 1,
    intentId: null,
    stripeChargeId: null,
    attempts: [],
    attemptCount: 0,
    decline: null,
    lookAtMs: null,
    looks: 0,
  };
  const added = {
    ...state,
    currency: state.currency ?? opened.currency,
    charges: [...state.charges, charge],
  };
  return note(added, nowMs, 'charge_opened', {
    chargeId: charge.chargeId,
    who: opened.who,
    ...(opened.why === undefined ? {} : { why: opened.why }),
    data: { amount: charge.amount, currency: charge.currency, dueAtMs },
  });
}

/** The confirm is about to be sent: its number and card are fixed before Stripe can hear of it. */
export function attemptBegan(
  state: CustomerState,
  step: StepOf<'confirmIntent'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, step.chargeId);
  if (charge?.phase.is !== 'due') return state;
  const attempt: Attempt = {
    number: step.attemptNumber,
    intentNumber: step.intentNumber,
    atMs: nowMs,
    paymentMethodId: step.paymentMethodId,
    stripeMandateId: step.stripeMandateId,
    fingerprint: step.fingerprint,
    outcome: null,
    decline: null,
    onSession: false,
  };
  return putCharge(state, {
    ...withAttempt(charge, attempt),
    phase: { is: 'attempting' },
    lookAtMs: null,
    looks: 0,
  });
}

/** The emergency brake was on before anything was sent: as if the attempt had never begun, its number is free again. */
export function attemptBraked(state: CustomerState, chargeId: string, nowMs: number): CustomerState {
  const charge = findCharge(state, chargeId);
  if (charge?.phase.is !== 'attempting') return state;
  const due: Charge = {
    ...charge,
    attempts: charge.attempts.slice(0, -1),
    attemptCount: charge.attemptCount - 1,
    phase: { is: 'due', atMs: charge.attempts.at(-1)?.atMs ?? nowMs },
  };
  return { ...putCharge(state, due), brakedUntilMs: nowMs + BRAKE_LOOK };
}

/** Stripe's word on the charge's intent, whoever asked for it and why. */
export function intentSeen(
  state: CustomerState,
  { chargeId, reading }: EventOf<'intentSeen'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  if (!charge || charge.intentId !== reading.intentId || charge.phase.is === 'closed') return state;
  switch (reading.status) {
    case 'succeeded':
      return collected(state, charge, reading, nowMs);
    case 'processing':
      return inProcess(state, charge, reading, nowMs);
    case 'canceled':
      return intentCanceled(state, charge, reading, nowMs);
    case 'requires_action':
      return charge.phase.is === 'closing'
        ? lookLater(state, charge, nowMs)
        : atTheBank(state, charge, reading, nowMs);
    default:
      return unpaid(state, charge, reading, nowMs);
  }
}

/** Nobody knows whether the step happened. A confirm holds the lane until Stripe has been asked. */
export function chargeUnanswered(state: CustomerState, step: Step, nowMs: number): CustomerState {
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  if (step.do === 'confirmIntent' && charge.phase.is === 'attempting') {
    const unknown = {
      ...charge,
      phase: { is: 'unknown', sinceMs: nowMs } as const,
      lookAtMs: nowMs + lookDelay(UNKNOWN_LOOKS, 0),
      looks: 1,
    };
    return noteAttempt(settleAttempt(state, unknown, 'unknown', null), unknown.chargeId, nowMs, null);
  }
  if (step.do === 'openIntent' && charge.phase.is === 'due') {
    const opening = { ...charge, phase: { is: 'opening' } as const };
    return putCharge(state, {
      ...opening,
      looks: charge.looks + 1,
      lookAtMs: nowMs + lookDelay(UNKNOWN_LOOKS, charge.looks),
    });
  }
  return lookLater(state, charge, nowMs);
}

/** Stripe refused the request itself. After a confirm the intent is read first, for it may have been paid. */
export function chargeRefused(
  state: CustomerState,
  { step, code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  if (!('chargeId' in step)) return state;
  const charge = findCharge(state, step.chargeId);
  if (!charge || charge.phase.is === 'closed') return state;
  // A question that is refused teaches nothing: what waited for its answer goes on waiting.
  if (charge.phase.is === 'closing' || step.do === 'readIntent') return lookLater(state, charge, nowMs);
  if (charge.phase.is === 'refused') return state;
  const lookAtMs = step.do === 'confirmIntent' ? nowMs : null;
  // The card may be gone at Stripe without our having heard of it.
  const mandate =
    state.mandate && step.do === 'confirmIntent' ? { ...state.mandate, lookAtMs } : state.mandate;
  let next: CustomerState = { ...state, mandate };
  const refused: Charge = { ...charge, phase: { is: 'refused', code }, lookAtMs, looks: 0 };
  if (charge.phase.is === 'attempting') {
    next = settleAttempt(next, refused, 'refused', null);
    next = noteAttempt(next, charge.chargeId, nowMs, null, { code, requestId: requestId ?? null });
  } else {
    next = putCharge(next, refused);
  }
  return note(next, nowMs, 'charge_refused', {
    chargeId: charge.chargeId,
    data: { code, step: step.do, requestId: requestId ?? null },
  });
}

export function intentOpened(
  state: CustomerState,
  opened: EventOf<'intentOpened'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, opened.chargeId);
  if (!charge || charge.phase.is === 'closed' || charge.intentId) return state;
  const withIntent = { ...charge, intentId: opened.intentId, looks: 0 };
  const phase: ChargePhase = charge.phase.is === 'opening' ? { is: 'due', atMs: nowMs } : charge.phase;
  const lookAtMs = charge.phase.is === 'closing' ? nowMs : null;
  return note(putCharge(state, { ...withIntent, phase, lookAtMs }), nowMs, 'payment_intent_created', {
    chargeId: charge.chargeId,
    data: { paymentIntentId: opened.intentId, intentNumber: charge.intentNumber },
  });
}

/** Stripe was asked for an intent whose creation nobody saw end. */
export function intentLookedUp(
  state: CustomerState,
  found: EventOf<'intentLookedUp'>,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, found.chargeId);
  if (charge?.phase.is !== 'opening' && charge?.phase.is !== 'closing') return state;
  if (found.intentId !== null) {
    const { chargeId, intentId } = found;
    const opened = intentOpened(state, { kind: 'intentOpened', chargeId, intentId }, nowMs);
    // Nobody knows who made it and how far they came: it is read before anything is asked of it.
    return putCharge(opened, { ...(findCharge(opened, chargeId) ?? charge), lookAtMs: nowMs });
  }
  if (charge.phase.is === 'closing')
    return closed(state, charge, charge.phase.to, charge.phase.reason, nowMs);
  // Stripe has none: only now may another key be used, and it comes from the number.
  return putCharge(state, {
    ...charge,
    intentNumber: charge.intentNumber + 1,
    phase: { is: 'due', atMs: nowMs + lookDelay(UNKNOWN_LOOKS, Math.max(0, charge.looks - 1)) },
    lookAtMs: null,
  });
}

/** Ends a charge that is not to be collected: at once, or after its intent is cancelled at Stripe. */
export function closeCharge(
  state: CustomerState,
  charge: Charge,
  to: 'failed' | 'cancelled',
  reason: string,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closed' || charge.phase.is === 'closing') return state;
  if (charge.phase.is === 'awaiting_step_up')
    return closeCharge(
      stepUpEnded(state, charge, reason === 'step_up_expired' ? 'expired' : reason, nowMs),
      { ...charge, phase: { is: 'due', atMs: nowMs } },
      to,
      reason,
      nowMs,
    );
  // An intent may exist that nobody has seen: it is looked for before the charge may end.
  const mayHaveIntent = charge.intentId !== null || charge.phase.is === 'opening';
  if (!mayHaveIntent) return closed(state, charge, to, reason, nowMs);
  const closing: ChargePhase = { is: 'closing', to, reason };
  return putCharge(state, { ...charge, phase: closing, lookAtMs: nowMs, looks: 0 });
}

/** There is no card that may pay this: the charge waits for another one. */
export function waitForCard(state: CustomerState, charge: Charge, nowMs: number): CustomerState {
  const waiting: Charge = { ...charge, phase: { is: 'awaiting_card', sinceMs: nowMs }, lookAtMs: null };
  const noted = note(putCharge(state, waiting), nowMs, 'charge_waits_for_card', {
    chargeId: charge.chargeId,
    data: { decline: charge.decline },
  });
  return tell(
    noted,
    nowMs,
    'charge.awaiting_card',
    `awaiting-card-${charge.chargeId}-${charge.attemptCount}`,
    about(charge),
  );
}

function collected(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  nowMs: number,
): CustomerState {
  const isSteppedUp = charge.phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'paid', nowMs) : state;
  const paid = accountFor(authenticated, charge, reading, 'succeeded', null, nowMs);
  const reason = charge.phase.is === 'closing' ? `landed_after_${charge.phase.reason}` : null;
  return closed(paid, findCharge(paid, charge.chargeId) ?? charge, 'succeeded', reason, nowMs);
}

function inProcess(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closing') return lookLater(state, charge, nowMs);
  if (charge.phase.is === 'processing') return lookLater(state, charge, nowMs, reading.processingUntilMs);
  const isSteppedUp = charge.phase.is === 'awaiting_step_up';
  const authenticated = isSteppedUp ? stepUpEnded(state, charge, 'processing', nowMs) : state;
  const asked = accountFor(authenticated, charge, reading, 'processing', null, nowMs);
  const now = findCharge(asked, charge.chargeId) ?? charge;
  const waiting: Charge = { ...now, phase: { is: 'processing', sinceMs: nowMs }, looks: 0 };
  return lookLater(asked, waiting, nowMs, reading.processingUntilMs);
}

/**
 * Nobody can pay this intent any more. Stripe cancels one by itself after too many confirms: then another is made.
 * One that a person cancelled is a person's decision: the operator is asked.
 */
function intentCanceled(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closing')
    return closed(state, charge, charge.phase.to, charge.phase.reason, nowMs);
  const isDone = charge.phase.is === 'attempting' || charge.phase.is === 'unknown';
  const next = isDone ? accountFor(state, charge, reading, 'refused', null, nowMs) : state;
  const now = findCharge(next, charge.chargeId) ?? charge;
  const without: Charge = {
    ...now,
    intentId: null,
    intentNumber: now.intentNumber + 1,
    stripeChargeId: null,
    lookAtMs: null,
    looks: 0,
  };
  if (reading.cancellationReason === 'automatic') {
    // What waits for its day or for a card goes on waiting; each further intent comes a little later.
    const isResting = charge.phase.is === 'due' || charge.phase.is === 'awaiting_card';
    const atMs = nowMs + lookDelay(UNKNOWN_LOOKS, charge.intentNumber - 1);
    return putCharge(next, { ...without, phase: isResting ? charge.phase : { is: 'due', atMs } });
  }
  const code = 'payment_intent_canceled';
  return note(putCharge(next, { ...without, phase: { is: 'refused', code } }), nowMs, 'charge_refused', {
    chargeId: charge.chargeId,
    data: { code, cancellationReason: reading.cancellationReason, paymentIntentId: reading.intentId },
  });
}

/** The customer is at the bank's page just now: no server-side confirm may touch the intent. */
function atTheBank(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  nowMs: number,
): CustomerState {
  if (charge.phase.is !== 'awaiting_step_up') {
    const asked = accountFor(state, charge, reading, 'step_up', reading.decline, nowMs);
    const waiting = stepUpStarts(asked, findCharge(asked, charge.chargeId) ?? charge, nowMs, '');
    return putCharge(waiting, authenticating(findCharge(waiting, charge.chargeId) ?? charge));
  }
  return lookLater(state, authenticating(charge), nowMs);
}

/** Unpaid and open: declined, or nothing has happened since we last knew. */
function unpaid(state: CustomerState, charge: Charge, reading: IntentReading, nowMs: number): CustomerState {
  if (charge.phase.is === 'closing') return lookLater(state, charge, nowMs);
  if (charge.phase.is === 'awaiting_step_up') return stepUpSeen(state, charge, reading, charge.phase, nowMs);
  const isNews = reading.stripeChargeId !== null && reading.stripeChargeId !== charge.stripeChargeId;
  if (reading.decline && (isNews || charge.phase.is === 'attempting'))
    return declined(state, charge, reading, reading.decline, nowMs);
  switch (charge.phase.is) {
    case 'attempting':
    case 'unknown': {
      // Stripe says nothing came of the confirm: another may be sent, under another number and so another key.
      const atMs = nowMs + lookDelay(UNKNOWN_LOOKS, unansweredInARow(charge) - 1);
      const again: Charge = { ...charge, phase: { is: 'due', atMs }, lookAtMs: null, looks: 0 };
      const settled = settleAttempt(state, again, 'unknown', null);
      return noteAttempt(settled, charge.chargeId, nowMs, reading);
    }
    case 'processing':
      return reading.decline
        ? declined(state, charge, reading, reading.decline, nowMs)
        : lookLater(state, charge, nowMs);
    default:
      return putCharge(state, { ...charge, lookAtMs: null });
  }
}

function declined(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const asked = bookDecline(state, charge, reading, decline, nowMs);
  return afterDecline(asked, findCharge(asked, charge.chargeId) ?? charge, decline, seenOf(reading), nowMs);
}

/** The issuer was asked and said no; a card it never wants to see again is remembered. */
function bookDecline(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  decline: Decline,
  nowMs: number,
): CustomerState {
  const kind = classifyDecline(decline);
  const outcome = kind === 'step_up' ? 'step_up' : 'declined';
  const asked = accountFor(state, charge, reading, outcome, decline, nowMs);
  if (kind !== 'hard') return asked;
  const fingerprint = findCharge(asked, charge.chargeId)?.attempts.at(-1)?.fingerprint ?? null;
  return { ...asked, cards: markDead(asked.cards, fingerprint) };
}

function afterDecline(
  state: CustomerState,
  charge: Charge,
  decline: Decline,
  seen: string,
  nowMs: number,
): CustomerState {
  switch (classifyDecline(decline)) {
    case 'step_up':
      return stepUpStarts(state, charge, nowMs, seen);
    case 'hard':
    case 'new_card':
      return isSpent(charge)
        ? closeCharge(state, charge, 'failed', 'declined', nowMs)
        : waitForCard(state, charge, nowMs);
    default: {
      const atMs = nextRetry(charge, state.mandate?.card.country ?? null, nowMs);
      if (atMs === null) return closeCharge(state, charge, 'failed', 'declined', nowMs);
      return putCharge(state, { ...charge, phase: { is: 'due', atMs }, lookAtMs: null, looks: 0 });
    }
  }
}

function stepUpStarts(state: CustomerState, charge: Charge, nowMs: number, seen: string): CustomerState {
  const asked = charge.attempts.filter(
    ({ outcome, onSession }) => outcome === 'step_up' && !onSession,
  ).length;
  if (asked > STEP_UP_FAILURES) return closeCharge(state, charge, 'failed', 'authentication_failed', nowMs);
  const deadlineMs = nowMs + STEP_UP_DEADLINE;
  const waiting: Charge = {
    ...charge,
    phase: {
      is: 'awaiting_step_up',
      sinceMs: nowMs,
      deadlineMs,
      reminders: 0,
      failures: Math.max(0, asked - 1),
      authenticating: false,
      seen,
    },
    looks: 0,
  };
  const noted = note(lookLater(state, waiting, nowMs), nowMs, 'step_up_started', {
    chargeId: charge.chargeId,
    data: { deadlineMs, paymentIntentId: charge.intentId, attempt: charge.attemptCount },
  });
  return tell(noted, nowMs, 'charge.step_up_required', `step-up-${charge.chargeId}-${charge.attemptCount}`, {
    chargeId: charge.chargeId,
    data: { amount: charge.amount, currency: charge.currency, deadlineMs, reminder: 0 },
  });
}

/** A look at an intent that waits for the customer, and is still unpaid. */
function stepUpSeen(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  phase: Extract<ChargePhase, { is: 'awaiting_step_up' }>,
  nowMs: number,
): CustomerState {
  const { decline } = reading;
  const seen = seenOf(reading);
  const card = state.mandate?.status === 'active' ? state.mandate.paymentMethodId : null;
  const hasOtherCard = card !== null && card !== charge.attempts.at(-1)?.paymentMethodId;
  const news = decline !== null && (seen !== phase.seen || phase.authenticating) ? decline : null;
  const isUnauthenticated =
    news !== null && (isAuthenticationFailure(news) || classifyDecline(news) === 'step_up');
  if (reading.status === 'requires_confirmation' || hasOtherCard) {
    // Authenticated but unpaid, or another card was given: the attempt is ours again.
    const told = news && !isUnauthenticated ? bookDecline(state, charge, reading, news, nowMs) : state;
    const ended = stepUpEnded(told, charge, hasOtherCard ? 'another_card' : 'authenticated', nowMs);
    const known = findCharge(ended, charge.chargeId) ?? charge;
    const stripeChargeId = reading.stripeChargeId ?? known.stripeChargeId;
    const due: ChargePhase = { is: 'due', atMs: nowMs };
    return putCharge(ended, { ...known, stripeChargeId, phase: due, lookAtMs: null, looks: 0 });
  }
  if (!news) return lookLater(state, { ...charge, phase: { ...phase, authenticating: false } }, nowMs);
  if (isUnauthenticated) {
    const failures = phase.failures + 1;
    const failed = note(state, nowMs, 'step_up_failed', {
      chargeId: charge.chargeId,
      data: { failures, decline: news, requestId: reading.requestId },
    });
    if (failures >= STEP_UP_FAILURES)
      return closeCharge(failed, charge, 'failed', 'authentication_failed', nowMs);
    const again: Charge = {
      ...charge,
      stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
      phase: { ...phase, failures, authenticating: false, seen },
      looks: 0,
    };
    return lookLater(failed, again, nowMs);
  }
  // Authenticated, and then declined for another reason.
  return declined(stepUpEnded(state, charge, 'declined', nowMs), charge, reading, news, nowMs);
}

function stepUpEnded(state: CustomerState, charge: Charge, how: string, nowMs: number): CustomerState {
  return note(state, nowMs, 'step_up_ended', { chargeId: charge.chargeId, data: { how } });
}

/** The charge is over; it stays here until that is in the ledger. */
function closed(
  state: CustomerState,
  charge: Charge,
  as: 'succeeded' | 'failed' | 'cancelled',
  reason: string | null,
  nowMs: number,
): CustomerState {
  const over: Charge = { ...charge, phase: { is: 'closed', as, reason, atMs: nowMs }, lookAtMs: null };
  const noted = note(putCharge(state, over), nowMs, 'charge_closed', {
    chargeId: charge.chargeId,
    data: {
      as,
      reason,
      amount: charge.amount,
      currency: charge.currency,
      paymentIntentId: charge.intentId,
      stripeChargeId: charge.stripeChargeId,
      decline: as === 'failed' ? charge.decline : null,
    },
  });
  if (as === 'cancelled') return noted;
  const kind = as === 'succeeded' ? 'charge.succeeded' : 'charge.failed';
  return tell(noted, nowMs, kind, `${as}-${charge.chargeId}`, {
    ...about(charge),
    data: { ...about(charge).data, reason },
  });
}

/** Books Stripe's answer on the attempt under way, or on one that the customer made at the bank. */
function accountFor(
  state: CustomerState,
  charge: Charge,
  reading: IntentReading,
  outcome: AttemptOutcome,
  decline: Decline | null,
  nowMs: number,
): CustomerState {
  const known: Charge = {
    ...charge,
    stripeChargeId: reading.stripeChargeId ?? charge.stripeChargeId,
    decline: decline ?? charge.decline,
  };
  const newest = charge.attempts.at(-1);
  const isOurs =
    ['attempting', 'unknown', 'processing', 'refused', 'closing'].includes(charge.phase.is) &&
    newest &&
    !isSettled(newest);
  if (isOurs) {
    return noteAttempt(settleAttempt(state, known, outcome, decline), charge.chargeId, nowMs, reading);
  }
  const unheard: Attempt = {
    number: charge.attemptCount + 1,
    intentNumber: charge.intentNumber,
    atMs: nowMs,
    paymentMethodId: newest?.paymentMethodId ?? state.mandate?.paymentMethodId ?? '',
    stripeMandateId: null,
    fingerprint: newest ? newest.fingerprint : (state.mandate?.card.fingerprint ?? null),
    outcome,
    decline,
    // The customer can be at the bank only after an attempt of ours; without one on record a run that is gone made it.
    onSession: newest !== undefined,
  };
  return noteAttempt(
    { ...putCharge(state, withAttempt(known, unheard)), cards: countAttempt(state.cards, unheard) },
    charge.chargeId,
    nowMs,
    reading,
  );
}

/** Whether Stripe's last word on it is known: an unknown or processing one may still turn out otherwise. */
function isSettled({ outcome }: Attempt): boolean {
  return outcome === 'succeeded' || outcome === 'declined' || outcome === 'step_up';
}

function settleAttempt(
  state: CustomerState,
  charge: Charge,
  outcome: AttemptOutcome,
  decline: Decline | null,
): CustomerState {
  const newest = charge.attempts.at(-1);
  if (!newest) return putCharge(state, charge);
  const settled: Attempt = { ...newest, outcome, decline };
  const isFirstWord = newest.outcome === null || newest.outcome === 'unknown' || newest.outcome === 'refused';
  const isCounted = isFirstWord && reachedIssuer(settled);
  const changed = putCharge(state, { ...charge, attempts: [...charge.attempts.slice(0, -1), settled] });
  return isCounted ? { ...changed, cards: countAttempt(state.cards, settled) } : changed;
}

function noteAttempt(
  state: CustomerState,
  chargeId: string,
  nowMs: number,
  reading: IntentReading | null,
  more: { readonly [key: string]: unknown } = {},
): CustomerState {
  const attempt = findCharge(state, chargeId)?.attempts.at(-1);
  return attempt
    ? note(state, nowMs, 'attempt', { chargeId, data: { ...attempt, ...more, answer: reading } })
    : state;
}

/** Those that never reached the issuer are forgotten first: the calendar and the budget count the others. */
function withAttempt(charge: Charge, attempt: Attempt): Charge {
  const attempts = [...charge.attempts];
  const leastMissed = attempts.findIndex((old) => !reachedIssuer(old));
  if (attempts.length >= ATTEMPTS_REMEMBERED) attempts.splice(Math.max(0, leastMissed), 1);
  return { ...charge, attempts: [...attempts, attempt], attemptCount: charge.attemptCount + 1 };
}

function lookLater(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
  notBeforeMs: number | null = null,
): CustomerState {
  const waits = charge.phase.is === 'unknown' || charge.phase.is === 'closing' ? UNKNOWN_LOOKS : LOOKS;
  const lookAtMs = Math.max(nowMs + lookDelay(waits, charge.looks), notBeforeMs ?? 0);
  return putCharge(state, { ...charge, looks: charge.looks + 1, lookAtMs });
}

function authenticating(charge: Charge): Charge {
  return charge.phase.is === 'awaiting_step_up'
    ? { ...charge, phase: { ...charge.phase, authenticating: true } }
    : charge;
}

function unansweredInARow(charge: Charge): number {
  const known = charge.attempts.findLastIndex(({ outcome }) => outcome !== 'unknown' && outcome !== null);
  return charge.attempts.length - 1 - known;
}

function seenOf({ stripeChargeId, decline }: IntentReading): string {
  return `${stripeChargeId ?? ''} ${decline?.declineCode ?? decline?.code ?? ''}`;
}

function about(charge: Charge): {
  readonly chargeId: string;
  readonly data: { readonly [key: string]: string | number | null };
} {
  return {
    chargeId: charge.chargeId,
    data: {
      amount: charge.amount,
      currency: charge.currency,
      declineCode: charge.decline?.declineCode ?? charge.decline?.code ?? null,
      attempts: issuerAttempts(charge),
    },
  };
}
