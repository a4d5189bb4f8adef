// Everything a customer's life is going to do, each with its time: what runs now, what is waited for, what is shown.
import { cardFreeAt, isSpent } from './dunning.ts';
import { renewalAt } from './enrolment.ts';
import type { CustomerEvent, Step } from './events.ts';
import { covers } from './mandate.ts';
import { AWAITING_CARD_DEADLINE, STEP_UP_REMINDERS } from './policy.ts';
import type { Charge, CustomerState } from './state.ts';

/** `atMs` in epoch ms; in the past means now. */
interface Planned {
  readonly atMs: number;
  readonly step: Step;
}

/** In order of importance: of several that are due the first is done first. What the lane or a pause holds is absent. */
export function agenda(state: CustomerState, nowMs: number): readonly Planned[] {
  const looks = state.charges.flatMap((charge) => lookPlan(state, charge));
  const clocks = state.paused ? [] : state.charges.flatMap((charge) => clockPlan(charge));
  return [...looks, ...enrolmentPlan(state), ...clocks, ...attemptPlan(state, nowMs), ...reversalPlan(state)];
}

/** Whether attempts are held because an outcome is unknown or the customer is to authenticate another charge. */
export function laneHolder(state: CustomerState): Charge | undefined {
  return state.charges.find(isUnknown) ?? state.charges.find(({ phase }) => phase.is === 'awaiting_step_up');
}

/** Giving a charge up answers nothing: its attempt may still have been paid. */
function isUnknown({ phase, attempts }: Charge): boolean {
  if (phase.is === 'closing') return attempts.at(-1)?.outcome === 'unknown';
  return phase.is === 'unknown' || phase.is === 'attempting';
}

function enrolmentPlan(state: CustomerState): Planned[] {
  const plan: Planned[] = state.staleSetups.map(({ setupIntentId, lookAtMs }) => ({
    atMs: lookAtMs,
    step: { do: 'cancelSetup', setupIntentId },
  }));
  const { enrolment, mandate, stripeCustomerId } = state;
  if (mandate?.lookAtMs != null)
    plan.push({ atMs: mandate.lookAtMs, step: { do: 'readSetup', setupIntentId: mandate.setupIntentId } });
  if (!enrolment || enrolment.closed) return plan;
  const at = (step: Step): Planned => ({ atMs: enrolment.lookAtMs, step });
  const { number: enrolmentNumber, setupNumber, setupIntentId, looks: tries } = enrolment;
  if (stripeCustomerId === null) {
    const { openedAtMs } = enrolment;
    return [...plan, at({ do: 'openStripeCustomer', enrolmentNumber, tries, openedAtMs })];
  }
  if (setupIntentId === null) {
    const { terms, openedAtMs } = enrolment;
    const step: Step = {
      do: 'openSetup',
      enrolmentNumber,
      setupNumber,
      tries,
      stripeCustomerId,
      terms,
      openedAtMs,
    };
    return [...plan, at(step)];
  }
  if (enrolment.confirm === 'due' && enrolment.paymentMethodId) {
    const { paymentMethodId } = enrolment;
    return [
      ...plan,
      at({ do: 'confirmSetup', enrolmentNumber, setupNumber, tries, setupIntentId, paymentMethodId }),
    ];
  }
  // One that is too old is ended instead of read; had it been finished meanwhile, the answer says so.
  const renewAtMs = renewalAt(enrolment);
  const isOld = enrolment.status !== 'processing' && renewAtMs !== null && enrolment.lookAtMs >= renewAtMs;
  return [...plan, at({ do: isOld ? 'cancelSetup' : 'readSetup', setupIntentId })];
}

/** Questions to Stripe about what is open there; neither a pause nor the lane holds them. */
function lookPlan(state: CustomerState, charge: Charge): Planned[] {
  const { chargeId, intentId, lookAtMs, phase, attempts } = charge;
  if (lookAtMs === null || phase.is === 'closed') return [];
  if (intentId === null) {
    if (state.stripeCustomerId === null) return [];
    const { intentNumber, amount, currency, openedAtMs } = charge;
    const { stripeCustomerId } = state;
    const step: Step = {
      do: 'lookUpIntent',
      chargeId,
      intentNumber,
      amount,
      currency,
      stripeCustomerId,
      openedAtMs,
    };
    return [{ atMs: lookAtMs, step }];
  }
  const known = attempts.at(-1)?.outcome === 'processing' ? null : charge.stripeChargeId;
  const ask = phase.is === 'closing' ? 'cancelIntent' : 'readIntent';
  return [{ atMs: lookAtMs, step: { do: ask, chargeId, intentId, known } }];
}

function reversalPlan({ reversals }: CustomerState): Planned[] {
  return reversals.flatMap(({ kind, objectId, lookAtMs }) =>
    lookAtMs === null ? [] : [{ atMs: lookAtMs, step: { do: 'readReversal', reversal: kind, objectId } }],
  );
}

/** What time alone brings about. */
function clockPlan({ chargeId, phase }: Charge): Planned[] {
  const decide = (atMs: number, event: CustomerEvent): Planned => ({ atMs, step: { do: 'decide', event } });
  if (phase.is === 'awaiting_card')
    return [decide(phase.sinceMs + AWAITING_CARD_DEADLINE, { kind: 'cardWaitExpired', chargeId })];
  if (phase.is !== 'awaiting_step_up') return [];
  const plan = [decide(phase.deadlineMs, { kind: 'stepUpExpired', chargeId })];
  const reminder = STEP_UP_REMINDERS[phase.reminders];
  if (reminder !== undefined)
    plan.push(decide(phase.sinceMs + reminder, { kind: 'stepUpReminderDue', chargeId }));
  return plan;
}

/** Attempts, oldest due first: only with an active mandate that covers them, not while paused, and one at a time. */
function attemptPlan(state: CustomerState, nowMs: number): Planned[] {
  if (state.paused || state.cancelled || laneHolder(state)) return [];
  return state.charges
    .flatMap((charge) => {
      // News of its intent comes first: it may be paid already.
      if (charge.phase.is !== 'due' || charge.lookAtMs !== null) return [];
      return [planAttempt(state, charge, charge.phase.atMs, nowMs)];
    })
    .sort((one, other) => one.atMs - other.atMs);
}

function planAttempt(state: CustomerState, charge: Charge, dueAtMs: number, nowMs: number): Planned {
  const { mandate, stripeCustomerId } = state;
  const { chargeId, intentId, intentNumber, stripeChargeId: known } = charge;
  const fingerprint = mandate?.card.fingerprint ?? null;
  const freeAtMs = cardFreeAt(state.cards, fingerprint, nowMs);
  const { brakedUntilMs = 0 } = state;
  const isAgreed = mandate?.status === 'active' && covers(mandate, charge);
  const isPossible = isAgreed && stripeCustomerId !== null && !isSpent(charge);
  if (!isPossible || freeAtMs === null)
    return { atMs: dueAtMs, step: { do: 'decide', event: { kind: 'cardMissing', chargeId } } };
  const atMs = freeAtMs > nowMs ? Math.max(dueAtMs, freeAtMs) : dueAtMs;
  if (intentId === null) {
    const { amount, currency } = charge;
    return { atMs, step: { do: 'openIntent', chargeId, intentNumber, amount, currency, stripeCustomerId } };
  }
  const { paymentMethodId, stripeMandateId } = mandate;
  const attemptNumber = charge.attemptCount + 1;
  return {
    atMs: brakedUntilMs > nowMs ? Math.max(atMs, brakedUntilMs) : atMs,
    step: {
      do: 'confirmIntent',
      chargeId,
      intentId,
      intentNumber,
      attemptNumber,
      paymentMethodId,
      stripeMandateId,
      fingerprint,
      known,
    },
  };
}
