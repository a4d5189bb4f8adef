// What people are shown of a customer's life. Derived from the state; it holds nothing of its own.

import type { AttemptOutcome, Charge, Decline } from './model/charge.ts';
import type { Card, Enrolment, EnrolmentStatus, Mandate, MandateStatus } from './model/enrolment.ts';
import type { CustomerState } from './model/state.ts';
import { agenda, blockingCharge } from './next-step.ts';

export type CustomerStatus =
  | 'cancelled'
  | 'paused'
  | 'awaiting_mandate'
  | 'awaiting_step_up'
  | 'past_due'
  | 'active';

export type ChargeStatus =
  | 'scheduled'
  | 'held'
  | 'attempting'
  | 'processing'
  | 'awaiting_step_up'
  | 'retrying'
  | 'awaiting_card'
  | 'unknown'
  | 'refused'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

/** All times are epoch milliseconds UTC; amounts are minor units. */
export interface ChargeView {
  readonly chargeId: string;
  readonly status: ChargeStatus;
  readonly amount: number;
  readonly currency: string;
  readonly attempts: readonly {
    readonly number: number;
    readonly atMs: number;
    readonly outcome: AttemptOutcome;
    readonly declineCode?: string;
    readonly adviceCode?: string;
  }[];
  readonly paymentIntentId?: string;
  /** Of the last decline; `reason` says why a charge that ended ended (e.g. `step_up_expired`). */
  readonly decline?: { readonly code: string; readonly declineCode?: string; readonly adviceCode?: string };
  readonly reason?: string;
  readonly stepUp?: { readonly deadlineMs: number; readonly reminders: number; readonly failures: number };
  readonly dueAtMs: number;
  readonly nextAttemptAtMs?: number;
}

export interface EnrolmentView {
  readonly number: number;
  readonly requestId: string;
  readonly setupIntentId?: string;
  readonly status: EnrolmentStatus;
  /** Nothing more can come of it; one that has failed is open until its tries are used up. Absent in old records. */
  readonly closed?: boolean;
  /** False: our page collects it first, and the client secret is not given out before. */
  readonly hasConsent: boolean;
  readonly decline?: { readonly code: string; readonly declineCode?: string };
}

export interface CustomerView {
  readonly customerId: string;
  readonly stripeCustomerId: string | null;
  readonly status: CustomerStatus;
  readonly enrolment?: EnrolmentView;
  readonly card?: Omit<Card, 'fingerprint'>;
  readonly mandate?: {
    readonly status: MandateStatus;
    readonly stripeMandateId: string | null;
    readonly setupIntentId: string;
    readonly paymentMethodId: string;
    readonly acceptedAtMs: number;
  };
  /** Sum of what is due and not yet collected, in `currency`. */
  readonly amountDue: number;
  readonly currency: string | null;
  readonly nextActionAtMs?: number;
  /** Open charges only; closed ones are the ledger's. */
  readonly charges: readonly ChargeView[];
}

/** The whole customer, as of `nowMs` (epoch ms). */
export function viewOf(state: CustomerState, nowMs: number): CustomerView {
  const { enrolment, mandate } = state;
  const nextActionAtMs = nextActionAt(state, nowMs);
  return {
    customerId: state.customerId,
    stripeCustomerId: state.stripeCustomerId,
    status: statusOf(state),
    ...(enrolment ? { enrolment: enrolmentView(enrolment) } : {}),
    ...(mandate ? { card: cardView(mandate.card), mandate: mandateView(mandate) } : {}),
    amountDue: amountDue(state, nowMs),
    currency: state.currency,
    ...(nextActionAtMs === null ? {} : { nextActionAtMs }),
    charges: state.charges.map((charge) => chargeView(state, charge, nowMs)),
  };
}

/** In this order: what rules out the most comes first. */
export function statusOf(state: CustomerState): CustomerStatus {
  if (state.cancelled) return 'cancelled';
  if (state.paused) return 'paused';
  if (state.mandate?.status !== 'active') return 'awaiting_mandate';
  const phases = state.charges.map(({ phase, attempts }) => ({ is: phase.is, attempts }));
  if (phases.some(({ is }) => is === 'awaiting_step_up')) return 'awaiting_step_up';
  const isPastDue = phases.some(
    ({ is, attempts }) =>
      is === 'awaiting_card' ||
      is === 'refused' ||
      (is === 'due' && attempts.some(({ outcome }) => outcome === 'declined')),
  );
  return isPastDue ? 'past_due' : 'active';
}

/** One charge, as of `nowMs` (epoch ms). */
export function chargeView(state: CustomerState, charge: Charge, nowMs: number): ChargeView {
  const { phase, decline } = charge;
  const nextAttemptAtMs = nextAttemptAt(state, charge, nowMs);
  return {
    chargeId: charge.chargeId,
    status: chargeStatus(state, charge, nowMs),
    amount: charge.amount,
    currency: charge.currency,
    attempts: charge.attempts.map(({ number, atMs, outcome, decline: reason }) => ({
      number,
      atMs,
      outcome: outcome ?? 'unknown',
      ...(reason ? { declineCode: reason.declineCode ?? reason.code } : {}),
      ...(reason?.adviceCode ? { adviceCode: reason.adviceCode } : {}),
    })),
    ...(charge.paymentIntentId ? { paymentIntentId: charge.paymentIntentId } : {}),
    ...(decline ? { decline: declineView(decline) } : {}),
    ...(phase.is === 'closed' && phase.reason ? { reason: phase.reason } : {}),
    ...(phase.is === 'closing' || phase.is === 'refused'
      ? { reason: phase.is === 'closing' ? phase.reason : phase.code }
      : {}),
    ...(phase.is === 'awaiting_step_up'
      ? { stepUp: { deadlineMs: phase.deadlineMs, reminders: phase.reminders, failures: phase.failures } }
      : {}),
    dueAtMs: charge.dueAtMs,
    ...(nextAttemptAtMs === null ? {} : { nextAttemptAtMs }),
  };
}

function chargeStatus(state: CustomerState, charge: Charge, nowMs: number): ChargeStatus {
  const { phase, attempts } = charge;
  switch (phase.is) {
    case 'closed':
      return phase.as;
    case 'due': {
      const isHalted = (state.haltedUntilMs ?? 0) > nowMs;
      const isHeld = phase.atMs <= nowMs && (isHalted || blockingCharge(state) !== undefined);
      if (isHeld) return 'held';
      return attempts.length > 0 ? 'retrying' : 'scheduled';
    }
    case 'creating_intent':
      return 'attempting';
    case 'closing':
      // Not over before Stripe says so: until then the money may still come.
      return attempts.at(-1)?.outcome === 'processing' ? 'processing' : 'unknown';
    default:
      return phase.is;
  }
}

function nextAttemptAt(state: CustomerState, charge: Charge, nowMs: number): number | null {
  const planned = agenda(state, nowMs).find(
    ({ step }) =>
      (step.do === 'createPaymentIntent' || step.do === 'confirmPaymentIntent') &&
      step.chargeId === charge.chargeId,
  );
  return planned?.atMs ?? null;
}

function nextActionAt(state: CustomerState, nowMs: number): number | null {
  const plan = agenda(state, nowMs);
  return plan.length === 0 ? null : Math.max(nowMs, Math.min(...plan.map(({ atMs }) => atMs)));
}

function amountDue(state: CustomerState, nowMs: number): number {
  return state.charges
    .filter(({ phase, dueAtMs }) => phase.is !== 'closed' && phase.is !== 'closing' && dueAtMs <= nowMs)
    .filter(({ currency }) => currency === state.currency)
    .reduce((sum, { amount }) => sum + amount, 0);
}

function enrolmentView(enrolment: Enrolment): EnrolmentView {
  const { number, requestId, setupIntentId, status, closed, consent, decline } = enrolment;
  return {
    number,
    requestId,
    ...(setupIntentId ? { setupIntentId } : {}),
    status,
    closed,
    hasConsent: consent !== null,
    ...(decline ? { decline: declineView(decline) } : {}),
  };
}

function cardView({ brand, last4, expMonth, expYear, country }: Card): Omit<Card, 'fingerprint'> {
  return { brand, last4, expMonth, expYear, country };
}

function mandateView(mandate: Mandate): NonNullable<CustomerView['mandate']> {
  const { status, stripeMandateId, setupIntentId, paymentMethodId, consent } = mandate;
  return { status, stripeMandateId, setupIntentId, paymentMethodId, acceptedAtMs: consent.acceptedAtMs };
}

function declineView({ code, declineCode, adviceCode }: Decline): NonNullable<ChargeView['decline']> {
  return { code, ...(declineCode ? { declineCode } : {}), ...(adviceCode ? { adviceCode } : {}) };
}
