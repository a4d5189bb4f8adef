// What people are shown of a customer.

import { agenda, blockingCharge, type Planned } from './agenda.ts';
import { type Attention, needsAttention } from './attention.ts';
import { cardWaitReason } from './charge/close.ts';
import { sentenceForCustomer } from './charge/customer-words.ts';
import { CALL_BANK, type StepUpAdvice } from './charge/step-up.ts';
import type { Attempt, AttemptOutcome, Charge, Decline, FailedCharge, PhaseOf } from './model/charge.ts';
import type { Card, Enrolment, EnrolmentStatus, Mandate, MandateStatus } from './model/enrolment.ts';
import type { CustomerState } from './model/state.ts';
import { chargeableCard } from './shared/chargeable-card.ts';
import { issuerAttempts } from './shared/charges.ts';
import { budgetLeft } from './shared/issuer-budgets.ts';
import { omitUndefined } from './shared/omit-undefined.ts';
import { collectionOf } from './shared/policy.ts';

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
  | 'waived'
  | 'cancelled';

/** Why Stripe or the issuer said no, in Stripe's codes, and in words that a customer may read. */
export interface DeclineView {
  readonly code: string;
  readonly declineCode?: string;
  readonly adviceCode?: string;
  readonly customerMessage: string;
}

/** All times are epoch milliseconds UTC; amounts are minor units. */
export interface ChargeView {
  readonly chargeId: string;
  readonly status: ChargeStatus;
  readonly amount: number;
  readonly currency: string;
  /** What Stripe has collected, in minor units; absent until something has been. */
  readonly amountReceived?: number;
  readonly attempts: readonly {
    readonly number: number;
    readonly atMs: number;
    readonly outcome: AttemptOutcome;
    readonly declineCode?: string;
    readonly adviceCode?: string;
  }[];
  readonly paymentIntentId?: string;
  /** The last decline of a charge that is not paid. */
  readonly decline?: DeclineView;
  /** Why it ended (e.g. `step_up_expired`), or what it waits for. */
  readonly reason?: string;
  readonly stepUp?: {
    readonly deadlineMs: number;
    readonly reminders: number;
    readonly failures: number;
    /** What else than authenticating once more helps the customer. */
    readonly advice?: StepUpAdvice;
  };
  /** The name of the policy that it was opened under; absent: the default. */
  readonly policy?: string;
  /** How often it may still be asked for; absent before it has been asked for, and once it is over. */
  readonly attemptsLeft?: {
    /** By us, on whatever cards. */
    readonly charge: number;
    /** Of the card on file, by its network's limit. */
    readonly card?: number;
  };
  readonly dueAtMs: number;
  readonly nextAttemptAtMs?: number;
  /** When it was known to be paid; absent while it is not. */
  readonly settledAtMs?: number;
}

/** What a charge waits for that nobody has declined or refused. */
export type WaitReason =
  | 'customer_paused'
  | 'kill_switch'
  | 'other_charge_awaits_step_up'
  | 'card_budget_used';

export interface EnrolmentView {
  readonly number: number;
  readonly requestId: string;
  readonly setupIntentId?: string;
  readonly status: EnrolmentStatus;
  /** Nothing more can come of it; one that has failed is open until its tries are used up. */
  readonly closed: boolean;
  /** False: our page collects it first, and the client secret is not given out before. */
  readonly hasConsent: boolean;
  readonly decline?: DeclineView;
}

export interface CustomerView {
  readonly customerId: string;
  readonly stripeCustomerId: string | null;
  readonly status: CustomerStatus;
  /** What a person has to look at; empty when nothing. */
  readonly needsAttention: readonly Attention[];
  readonly enrolment?: EnrolmentView;
  readonly card?: Omit<Card, 'fingerprint'>;
  readonly mandate?: {
    readonly status: MandateStatus;
    readonly stripeMandateId: string | null;
    readonly setupIntentId: string;
    readonly paymentMethodId: string;
    readonly acceptedAtMs: number;
  };
  /** Sum of what is due and not yet collected, what has failed included, in `currency`. */
  readonly amountDue: number;
  /** The same in each currency in which something is due, by currency. */
  readonly amountsDue: readonly { readonly currency: string; readonly amount: number }[];
  readonly currency: string | null;
  readonly nextActionAtMs?: number;
  /** Where they live, as far as is known. */
  readonly timeZone?: string;
  /** Open charges only; closed ones are the ledger's. */
  readonly charges: readonly ChargeView[];
}

/** The whole customer, as of `nowMs` (epoch ms). */
export function viewOf(state: CustomerState, nowMs: number): CustomerView {
  const { enrolment, mandate } = state;
  const plan = agenda(state, nowMs);
  const nextActionAtMs =
    plan.length === 0 ? undefined : Math.max(nowMs, Math.min(...plan.map(({ atMs }) => atMs)));
  return {
    customerId: state.customerId,
    stripeCustomerId: state.stripeCustomerId,
    status: statusOf(state),
    needsAttention: needsAttention(state),
    ...omitUndefined({
      enrolment: enrolment ? enrolmentView(enrolment) : undefined,
      card: mandate ? cardView(mandate.card) : undefined,
      mandate: mandate ? mandateView(mandate) : undefined,
    }),
    ...dueOf(state, nowMs),
    currency: state.currency,
    ...omitUndefined({ nextActionAtMs, timeZone: state.timeZone }),
    charges: state.charges.map((charge) => chargeViewIn(state, charge, plan, nowMs)),
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
  return chargeViewIn(state, charge, agenda(state, nowMs), nowMs);
}

/** One that has failed, as far as it is remembered here: all of it is in the ledger. */
export function failedChargeView(failed: FailedCharge): ChargeView {
  const { chargeId, amount, currency, dueAtMs, policy, paymentIntentId } = failed;
  return {
    chargeId,
    status: 'failed',
    amount,
    currency,
    attempts: [],
    ...omitUndefined({ paymentIntentId: paymentIntentId ?? undefined, policy: policy?.name }),
    dueAtMs,
  };
}

function chargeViewIn(
  state: CustomerState,
  charge: Charge,
  plan: readonly Planned[],
  nowMs: number,
): ChargeView {
  const { phase, decline } = charge;
  const status = chargeStatus(state, charge, nowMs);
  return {
    chargeId: charge.chargeId,
    status,
    amount: charge.amount,
    currency: charge.currency,
    attempts: charge.attempts.map(attemptView),
    ...omitUndefined({
      amountReceived: charge.amountReceived,
      paymentIntentId: charge.paymentIntentId ?? undefined,
      // Once it is paid, why it was not is history.
      decline: decline && status !== 'succeeded' ? declineView(decline) : undefined,
      reason: reasonOf(state, charge, status, nowMs),
      policy: charge.policy?.name,
      attemptsLeft:
        phase.is === 'closed' || charge.attempts.length === 0
          ? undefined
          : attemptsLeft(state, charge, nowMs),
      stepUp: phase.is === 'awaiting_step_up' ? stepUpView(phase) : undefined,
      nextAttemptAtMs: status === 'held' ? undefined : nextAttemptAt(charge, plan, nowMs),
      settledAtMs: phase.is === 'closed' && phase.as === 'succeeded' ? phase.atMs : undefined,
    }),
    dueAtMs: charge.dueAtMs,
  };
}

function attemptView({ number, atMs, outcome, decline }: Attempt): ChargeView['attempts'][number] {
  return {
    number,
    atMs,
    outcome: outcome ?? 'unknown',
    ...omitUndefined({
      declineCode: decline ? (decline.declineCode ?? decline.code) : undefined,
      adviceCode: decline?.adviceCode ?? undefined,
    }),
  };
}

/** Why it ended, or what it waits for. */
function reasonOf(
  state: CustomerState,
  charge: Charge,
  status: ChargeStatus,
  nowMs: number,
): string | undefined {
  const { phase } = charge;
  switch (phase.is) {
    case 'closed':
      return phase.reason ?? undefined;
    case 'closing':
      return phase.reason;
    case 'refused':
      return phase.code;
    case 'awaiting_card':
      return cardWaitReason(state, charge, nowMs);
    case 'due':
      return status === 'held' ? heldFor(state, nowMs) : budgetWaitReason(state, charge, phase.atMs, nowMs);
    default:
      return undefined;
  }
}

function heldFor(state: CustomerState, nowMs: number): WaitReason {
  if (state.paused !== null) return 'customer_paused';
  return (state.haltedUntilMs ?? 0) > nowMs ? 'kill_switch' : 'other_charge_awaits_step_up';
}

/** Its time comes before its card may be asked again. */
function budgetWaitReason(
  state: CustomerState,
  charge: Charge,
  dueAtMs: number,
  nowMs: number,
): WaitReason | undefined {
  const { card } = chargeableCard(state, charge, nowMs);
  return card !== null && card.fromMs > Math.max(dueAtMs, nowMs) ? 'card_budget_used' : undefined;
}

/** What is left before somebody's limit is reached. */
function attemptsLeft(
  state: CustomerState,
  charge: Charge,
  nowMs: number,
): NonNullable<ChargeView['attemptsLeft']> {
  const { mandate } = state;
  return {
    charge: Math.max(0, collectionOf(state, charge).attempts - issuerAttempts(charge)),
    ...(mandate ? { card: budgetLeft(state, mandate.card, charge, nowMs) } : {}),
  };
}

function stepUpView(phase: PhaseOf<'awaiting_step_up'>): NonNullable<ChargeView['stepUp']> {
  const { deadlineMs, reminders, failures, isBankToBeCalled } = phase;
  const advice = isBankToBeCalled ? CALL_BANK : undefined;
  return { deadlineMs, reminders, failures, ...omitUndefined({ advice }) };
}

function chargeStatus(state: CustomerState, charge: Charge, nowMs: number): ChargeStatus {
  const { phase, attempts } = charge;
  switch (phase.is) {
    case 'closed':
      return phase.as;
    case 'due':
      if (phase.atMs <= nowMs && waitsForSomebody(state, nowMs)) return 'held';
      return attempts.length > 0 ? 'retrying' : 'scheduled';
    case 'finding_intent':
    case 'replacing_intent':
      return 'attempting';
    case 'closing':
      // Not over before Stripe says so: until then the money may still come.
      return attempts.at(-1)?.outcome === 'processing' ? 'processing' : 'unknown';
    default:
      return phase.is;
  }
}

/** What is due waits for a person or for the kill switch, and not only for another attempt that is under way. */
function waitsForSomebody(state: CustomerState, nowMs: number): boolean {
  const isHalted = (state.haltedUntilMs ?? 0) > nowMs;
  return state.paused !== null || isHalted || blockingCharge(state)?.phase.is === 'awaiting_step_up';
}

function nextAttemptAt(
  { chargeId, phase }: Charge,
  plan: readonly Planned[],
  nowMs: number,
): number | undefined {
  const isAttempt = ({ step }: Planned) => step.do === 'attemptCharge' && step.chargeId === chargeId;
  const planned = plan.find(isAttempt);
  if (planned) return planned.atMs;
  const isDecided = plan.some(
    ({ step }) =>
      step.do === 'decide' && step.event.kind === 'cardMissing' && step.event.chargeId === chargeId,
  );
  // It is attempted as soon as what is under way, or a check of its intent, has been answered.
  return phase.is === 'due' && !isDecided ? Math.max(phase.atMs, nowMs) : undefined;
}

/** What is owed by now: open charges that are due, and those that have failed and were not waived. */
function dueOf(state: CustomerState, nowMs: number): Pick<CustomerView, 'amountDue' | 'amountsDue'> {
  const open = state.charges.filter(
    ({ phase, dueAtMs }) => phase.is !== 'closed' && phase.is !== 'closing' && dueAtMs <= nowMs,
  );
  const sums = new Map<string, number>();
  for (const { currency, amount } of [...open, ...state.failedCharges])
    sums.set(currency, (sums.get(currency) ?? 0) + amount);
  const amountsDue = [...sums].sort().map(([currency, amount]) => ({ currency, amount }));
  return { amountDue: sums.get(state.currency ?? '') ?? 0, amountsDue };
}

function enrolmentView(enrolment: Enrolment): EnrolmentView {
  const { number, requestId, setupIntentId, status, closed, consent, decline } = enrolment;
  return {
    number,
    requestId,
    ...omitUndefined({ setupIntentId: setupIntentId ?? undefined }),
    status,
    closed,
    hasConsent: consent !== null,
    ...omitUndefined({ decline: decline ? declineView(decline) : undefined }),
  };
}

function cardView({ brand, last4, expMonth, expYear, country }: Card): Omit<Card, 'fingerprint'> {
  return { brand, last4, expMonth, expYear, country };
}

function mandateView(mandate: Mandate): NonNullable<CustomerView['mandate']> {
  const { status, stripeMandateId, setupIntentId, paymentMethodId, consent } = mandate;
  return { status, stripeMandateId, setupIntentId, paymentMethodId, acceptedAtMs: consent.acceptedAtMs };
}

function declineView(decline: Decline): DeclineView {
  const { code, declineCode, adviceCode } = decline;
  return {
    code,
    ...omitUndefined({ declineCode: declineCode ?? undefined, adviceCode: adviceCode ?? undefined }),
    customerMessage: sentenceForCustomer(decline),
  };
}
