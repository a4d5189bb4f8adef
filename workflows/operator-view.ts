// What the operator sees in the Temporal UI: current details in Markdown.
import { setCurrentDetails } from '@temporalio/workflow';
import type { Attention } from '../domain/attention.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step, TimeEvent } from '../domain/model/steps.ts';
import { agenda, blockingCharge } from '../domain/next-step.ts';
import { formatMoney } from '../domain/shared/money.ts';
import { type ChargeStatus, type ChargeView, type CustomerStatus, viewOf } from '../domain/view.ts';
import type { LiveCustomer } from './message-handlers.ts';

/** Temporal keeps 20 KB of details. */
const CHARGES_SHOWN = 20;
const PLANS_SHOWN = 5;

const MEANING: { readonly [Status in CustomerStatus]: string } = {
  cancelled: 'Billing has ended; what is open at Stripe is followed to its end.',
  paused: 'Nothing is attempted until somebody resumes the customer (update `resume`).',
  awaiting_mandate:
    'There is no card that may be charged. The customer has to finish their enrolment link, or be sent a new one.',
  awaiting_step_up: 'The bank wants the customer to authenticate a charge.',
  past_due: 'Money is owed and not collected yet.',
  active: 'Billing goes on.',
};

/** Who has to do what. */
const NEEDED: { readonly [Kind in Attention]: string } = {
  unknown:
    '`unknown`: the outcome of an attempt is not known yet. Stripe is being asked; if it stays, an operator has to look at the payment in the Dashboard.',
  refused: '`refused`: an operator has to mend what Stripe refused, then `retryCharge` or `cancelCharge`.',
  failed:
    '`failed`: a charge was given up. The merchant has to collect it in another way, or the customer to give another card.',
  disputed: '`disputed`: the merchant has to answer a dispute in the Dashboard before its deadline.',
  no_card: '`no_card`: the customer has to give another card (new enrolment).',
  step_up: '`step_up`: the customer has to open the step-up link. Remind them, or wait for the deadline.',
};

const ADVICE: { readonly [Status in ChargeStatus]?: string } = {
  awaiting_step_up: 'The customer must open the step-up link',
  awaiting_card: 'The customer must give another card (new enrolment).',
  refused: 'Our fault or the account’s: mend it, then `retryCharge` or `cancelCharge`.',
  unknown: 'Stripe is being asked; nothing to do.',
  retrying: 'On its calendar; `retryCharge` attempts it now.',
  held: 'Waits until the charge before it is settled.',
};

/** Shown at once, and no event of history. Every run has to set it again. No personal data. */
export function showDetails(customer: LiveCustomer, step: Step): void {
  const { state } = customer;
  const nowMs = Date.now();
  const view = viewOf(state, nowMs);
  const planned = agenda(state, nowMs).toSorted((one, other) => one.atMs - other.atMs);
  const blocking = blockingCharge(state);
  const paragraphs = [
    `## ${view.status}\n${MEANING[view.status]}`,
    ...(view.needsAttention.length > 0
      ? [['**Needs attention:**', ...view.needsAttention.map((kind) => `- ${NEEDED[kind]}`)].join('\n')]
      : view.status === 'active'
        ? ['All is well. Nothing to do.']
        : []),
    `**Now:** ${step.do === 'wait' ? waitingFor(state, step.untilMs, planned[0]?.step) : wordsFor(step)}`,
    ...((state.haltedUntilMs ?? 0) > nowMs
      ? ['**The kill switch is on:** nothing is attempted for anybody (`npm run ops -- kill-switch status`).']
      : []),
    ...(blocking ? [`**Other charges wait for:** \`${blocking.chargeId}\``] : []),
    ...(view.card
      ? [
          `**Card:** ${view.card.brand} …${view.card.last4} (${view.card.country ?? 'country unknown'}), mandate ${view.mandate?.status}`,
        ]
      : []),
    ...(state.stripeCustomerId ? [`**Stripe:** ${dashboard('customers', state.stripeCustomerId)}`] : []),
    ...enrolmentLine(state),
    ...unusualMessages(customer),
    ...(view.charges.length === 0
      ? ['No open charges.']
      : view.charges.slice(0, CHARGES_SHOWN).map(chargeLines)),
    ...(view.charges.length > CHARGES_SHOWN ? [`… and ${view.charges.length - CHARGES_SHOWN} more`] : []),
    [
      '**Next:**',
      ...planned.slice(0, PLANS_SHOWN).map((plan) => `- ${at(plan.atMs)}: ${wordsFor(plan.step)}`),
    ].join('\n'),
  ];
  setCurrentDetails(paragraphs.join('\n\n'));
}

/** What somebody has sent to this run that it did not take. */
function unusualMessages({ cancellationRefusedAtMs, droppedSignals }: LiveCustomer): string[] {
  return [
    ...(cancellationRefusedAtMs === null
      ? []
      : [
          `**Request Cancellation was refused** (${at(cancellationRefusedAtMs)}): nothing has changed. To end billing this customer, send the update \`cancelCustomer\`.`,
        ]),
    ...(droppedSignals === 0
      ? []
      : [`**Dropped signals:** ${droppedSignals} were not understood in this run; see the worker's log.`]),
  ];
}

function enrolmentLine({ enrolment }: CustomerState): string[] {
  if (!enrolment || (enrolment.closed && enrolment.status === 'succeeded')) return [];
  const reason = enrolment.decline ? ` (${enrolment.decline.declineCode ?? enrolment.decline.code})` : '';
  return [
    `**Enrolment ${enrolment.number}:** ${enrolment.status}${reason}, since ${at(enrolment.openedAtMs)}`,
  ];
}

/** A few short lines, for the pane is narrow. */
function chargeLines(charge: ChargeView): string {
  const { chargeId, status, amount, currency, decline, stepUp, nextAttemptAtMs, paymentIntentId } = charge;
  const lines = [
    `**\`${chargeId}\`** ${formatMoney(amount, currency)}: ${status}`,
    ...(decline ? [`Last decline: ${decline.declineCode ?? decline.code}`] : []),
    ...(stepUp
      ? [`${ADVICE[status]}, at the latest ${at(stepUp.deadlineMs)}.`]
      : ADVICE[status]
        ? [ADVICE[status]]
        : []),
    nextAttemptAtMs === undefined ? `Due ${at(charge.dueAtMs)}` : `Next attempt ${at(nextAttemptAtMs)}`,
    ...(paymentIntentId ? [dashboard('payments', paymentIntentId)] : []),
  ];
  return lines.join('  \n');
}

/** Who or what ends the wait; `first` is what happens at its end if nothing else does. */
function waitingFor(state: CustomerState, untilMs: number, first: Step | undefined): string {
  const latest = (deadlineMs: number) => `at the latest ${at(deadlineMs)}`;
  const stepUp = state.charges.find(({ phase }) => phase.is === 'awaiting_step_up');
  if (stepUp?.phase.is === 'awaiting_step_up')
    return `waiting until the customer authenticates \`${stepUp.chargeId}\`, ${latest(stepUp.phase.deadlineMs)}`;
  if (state.paused) return 'waiting until somebody resumes the customer';
  if (state.enrolment && !state.enrolment.closed && state.mandate?.status !== 'active')
    return `waiting until the customer gives a card; looking again ${latest(untilMs)}`;
  const card = state.charges.find(({ phase }) => phase.is === 'awaiting_card');
  if (card) return `waiting for another card for \`${card.chargeId}\`; looking again ${latest(untilMs)}`;
  return first
    ? `waiting, then: ${wordsFor(first)}, ${at(untilMs)}`
    : 'waiting for the next charge or message';
}

function wordsFor(step: Step): string {
  switch (step.do) {
    case 'load':
      return 'asking the ledger what it remembers';
    case 'record':
      return 'writing to the ledger';
    case 'startNotice':
      return `sending the notice \`${step.notice.kind}\``;
    case 'createStripeCustomer':
      return 'create the customer at Stripe';
    case 'createSetupIntent':
      return 'create a SetupIntent';
    case 'confirmSetupIntent':
      return 'confirm the card given';
    case 'readSetupIntent':
      return 'read the SetupIntent at Stripe';
    case 'cancelSetupIntent':
      return 'cancel an unfinished SetupIntent';
    case 'createPaymentIntent':
    case 'confirmPaymentIntent':
      return `attempt \`${step.chargeId}\``;
    case 'readPaymentIntent':
      return `ask Stripe about \`${step.chargeId}\``;
    case 'findPaymentIntent':
      return `find the intent of \`${step.chargeId}\``;
    case 'cancelPaymentIntent':
      return `cancel the intent of \`${step.chargeId}\``;
    case 'readRefund':
      return `read ${step.refundId} at Stripe`;
    case 'readDispute':
      return `read ${step.disputeId} at Stripe`;
    case 'decide':
      return DECISIONS[step.event.kind](step.event.chargeId);
    case 'wait':
      return `wait until ${at(step.untilMs)}`;
    case 'end':
      return 'the end: nothing of this customer is open';
  }
}

const DECISIONS: { readonly [Kind in TimeEvent['kind']]: (chargeId: string) => string } = {
  cardMissing: (chargeId) => `wait for another card for \`${chargeId}\``,
  cardWaitExpired: (chargeId) => `give \`${chargeId}\` up: no other card came`,
  stepUpReminderDue: (chargeId) => `remind the customer to authenticate \`${chargeId}\``,
  stepUpExpired: (chargeId) => `give \`${chargeId}\` up: the customer did not authenticate`,
};

function dashboard(kind: 'customers' | 'payments', id: string): string {
  return `[${id}](https://dashboard.stripe.com/${kind}/${id})`;
}

function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
