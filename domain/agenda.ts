// What is to be done for a customer, at what time and in which order.
import { renewalAt } from './enrolment/enrolment.ts';
import type { Charge } from './model/charge.ts';
import type { Mandate } from './model/enrolment.ts';
import type { CustomerState } from './model/state.ts';
import type { Step, TimeEvent } from './model/steps.ts';
import { chargeableCard } from './shared/chargeable-card.ts';
import { isRefusedForCard } from './shared/missing-at-stripe.ts';
import { collectionOf, policyOf } from './shared/policy.ts';
import { DAY } from './shared/time.ts';

/** `atMs` in epoch ms; in the past means now. */
export interface Planned {
  readonly atMs: number;
  readonly step: Step;
}

/** In order of importance: of several that are due the first is done first. What a blocking charge or a pause holds up is absent. */
export function agenda(state: CustomerState, nowMs: number): readonly Planned[] {
  const checks = state.charges.flatMap((charge) => plannedChecks(state, charge));
  const clocks = state.paused ? [] : state.charges.flatMap((charge) => plannedDecisions(state, charge));
  return [
    ...checks,
    ...plannedEnrolmentSteps(state),
    ...clocks,
    ...plannedAttempts(state, nowMs),
    ...plannedMoneyBackReads(state),
  ];
}

/** Whether attempts are held because an outcome is unknown or the customer is to authenticate another charge. */
export function blockingCharge(state: CustomerState): Charge | undefined {
  return state.charges.find(isUnknown) ?? state.charges.find(({ phase }) => phase.is === 'awaiting_step_up');
}

/** Giving a charge up answers nothing: its attempt may still have been paid. */
function isUnknown({ phase, attempts }: Charge): boolean {
  if (phase.is === 'closing' || phase.is === 'replacing_intent')
    return attempts.at(-1)?.outcome === 'unknown';
  return phase.is === 'unknown' || phase.is === 'attempting';
}

function plannedEnrolmentSteps(state: CustomerState): Planned[] {
  const plan: Planned[] = state.abandonedSetups.map(({ setupIntentId, nextCheckAtMs }) => ({
    atMs: nextCheckAtMs,
    step: { do: 'cancelSetupIntent', setupIntentId },
  }));
  const { enrolment, mandate, stripeCustomerId } = state;
  const mandateReadAtMs = mandate && nextMandateRead(state, mandate);
  if (mandate && mandateReadAtMs !== null)
    plan.push({
      atMs: mandateReadAtMs,
      step: { do: 'readSetupIntent', setupIntentId: mandate.setupIntentId },
    });
  if (!enrolment || enrolment.closed) return plan;
  const planned = (step: Step): Planned => ({ atMs: enrolment.nextCheckAtMs, step });
  const { number: enrolmentNumber, setupNumber, setupIntentId, checks: tries } = enrolment;
  if (stripeCustomerId === null) {
    const { openedAtMs } = enrolment;
    return [...plan, planned({ do: 'createStripeCustomer', enrolmentNumber, tries, openedAtMs })];
  }
  if (setupIntentId === null) {
    const { terms, openedAtMs } = enrolment;
    const step: Step = {
      do: 'createSetupIntent',
      enrolmentNumber,
      setupNumber,
      tries,
      stripeCustomerId,
      terms,
      openedAtMs,
    };
    return [...plan, planned(step)];
  }
  if (enrolment.confirm === 'due' && enrolment.paymentMethodId) {
    const { paymentMethodId } = enrolment;
    return [
      ...plan,
      planned({
        do: 'confirmSetupIntent',
        enrolmentNumber,
        setupNumber,
        tries,
        setupIntentId,
        paymentMethodId,
      }),
    ];
  }
  // One that is too old is ended instead of read; had it been finished meanwhile, the answer says so.
  const renewAtMs = renewalAt(state, enrolment);
  const isOld =
    enrolment.status !== 'processing' && renewAtMs !== null && enrolment.nextCheckAtMs >= renewAtMs;
  return [...plan, planned({ do: isOld ? 'cancelSetupIntent' : 'readSetupIntent', setupIntentId })];
}

/** Events may be lost, so an active mandate is read from time to time without one. */
function nextMandateRead(state: CustomerState, mandate: Mandate): number | null {
  const { readAtMs, nextCheckAtMs, status } = mandate;
  if (nextCheckAtMs !== null) return nextCheckAtMs;
  return status === 'active' ? readAtMs + policyOf(state).mandateReadIntervalMs : null;
}

/** Checks of what is open at Stripe; neither a pause nor a blocking charge holds them up. */
function plannedChecks(state: CustomerState, charge: Charge): Planned[] {
  const { chargeId, paymentIntentId, nextCheckAtMs, phase, attempts } = charge;
  if (nextCheckAtMs === null || phase.is === 'closed') return [];
  if (paymentIntentId === null) {
    const { intentNumber, amount, currency, openedAtMs } = charge;
    const { stripeCustomerId } = state;
    const step: Step = {
      do: 'findPaymentIntent',
      chargeId,
      intentNumber,
      amount,
      currency,
      stripeCustomerId,
      openedAtMs,
    };
    return [{ atMs: nextCheckAtMs, step }];
  }
  const known = attempts.at(-1)?.outcome === 'processing' ? null : charge.stripeChargeId;
  const isToBeCancelled = phase.is === 'closing' || phase.is === 'replacing_intent';
  const question = isToBeCancelled ? 'cancelPaymentIntent' : 'readPaymentIntent';
  return [{ atMs: nextCheckAtMs, step: { do: question, chargeId, paymentIntentId, known } }];
}

function plannedMoneyBackReads({ refunds, disputes }: CustomerState): Planned[] {
  const plan = (objects: CustomerState['refunds'], step: (objectId: string) => Step): Planned[] =>
    objects.flatMap(({ objectId, nextCheckAtMs }) =>
      nextCheckAtMs === null ? [] : [{ atMs: nextCheckAtMs, step: step(objectId) }],
    );
  return [
    ...plan(refunds, (refundId) => ({ do: 'readRefund', refundId })),
    ...plan(disputes, (disputeId) => ({ do: 'readDispute', disputeId })),
  ];
}

/** What time alone brings about. */
function plannedDecisions(state: CustomerState, charge: Charge): Planned[] {
  const { chargeId, phase, nextCheckAtMs } = charge;
  const { card, stepUp } = collectionOf(state, charge);
  const decide = (atMs: number, event: TimeEvent): Planned => ({ atMs, step: { do: 'decide', event } });
  if (phase.is === 'awaiting_card')
    return [decide(phase.sinceMs + card.waitDays * DAY, { kind: 'cardWaitExpired', chargeId })];
  if (isRefusedForCard(phase) && nextCheckAtMs === null && state.mandate?.status === 'inactive')
    return [decide(0, { kind: 'cardMissing', chargeId })];
  if (phase.is !== 'awaiting_step_up') return [];
  const plan = [decide(phase.deadlineMs, { kind: 'stepUpExpired', chargeId })];
  const reminderDay = stepUp.reminderDays[phase.reminders];
  if (reminderDay !== undefined)
    plan.push(decide(phase.sinceMs + reminderDay * DAY, { kind: 'stepUpReminderDue', chargeId }));
  return plan;
}

/** Attempts, oldest due first: only with an active mandate that covers them, not while paused, and one at a time. */
function plannedAttempts(state: CustomerState, nowMs: number): Planned[] {
  if (state.paused || state.cancelled || blockingCharge(state)) return [];
  return state.charges
    .flatMap((charge) => {
      // One that is to be read or searched for first may be paid already.
      if (charge.phase.is !== 'due' || charge.nextCheckAtMs !== null) return [];
      return [planAttempt(state, charge, charge.phase.atMs, nowMs)];
    })
    .sort((one, other) => one.atMs - other.atMs);
}

function planAttempt(state: CustomerState, charge: Charge, dueAtMs: number, nowMs: number): Planned {
  const { chargeId, amount, currency, paymentIntentId, intentNumber, stripeChargeId: known } = charge;
  const { card } = chargeableCard(state, charge, nowMs);
  if (!card) return { atMs: dueAtMs, step: { do: 'decide', event: { kind: 'cardMissing', chargeId } } };
  const { fromMs, ...toConfirmWith } = card;
  const earliestMs = Math.max(fromMs, state.haltedUntilMs ?? 0);
  const attemptNumber = charge.attemptCount + 1;
  return {
    atMs: earliestMs > nowMs ? Math.max(dueAtMs, earliestMs) : dueAtMs,
    step: {
      do: 'attemptCharge',
      chargeId,
      paymentIntentId,
      intentNumber,
      attemptNumber,
      amount,
      currency,
      known,
      ...toConfirmWith,
    },
  };
}
