// What the operator sees in the Temporal UI: current details in Markdown.
import { setCurrentDetails } from '@temporalio/workflow';
import { agenda, blockingCharge, type Planned } from '../domain/agenda.ts';
import type { Charge } from '../domain/model/charge.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step } from '../domain/model/steps.ts';
import { formatMoney } from '../domain/shared/money.ts';
import type { ChargeView, CustomerView } from '../domain/view.ts';
import type { LiveCustomer } from './message-handlers.ts';
import { ADVICE, at, MEANING, NEEDED, wordsFor } from './operator-words.ts';

/** Temporal keeps 20 KB of details. */
const CHARGES_SHOWN = 20;
const PLANS_SHOWN = 5;
const FAILED_SHOWN = 5;

/** Shown at once, and no event of history. Every run has to set it again. No personal data. */
export function showDetails(customer: LiveCustomer, step: Step, view: CustomerView): void {
  const { state } = customer;
  const nowMs = Date.now();
  const { status, needsAttention, card, mandate, charges } = view;
  const planned = agenda(state, nowMs).toSorted((one, other) => one.atMs - other.atMs);
  const blocking = blockingCharge(state);
  const isHalted = (state.haltedUntilMs ?? 0) > nowMs;
  const paragraphs = [
    `## ${status}\n${MEANING[status]}`,
    needsAttention.length > 0 &&
      ['**Needs attention:**', ...needsAttention.map((kind) => `- ${NEEDED[kind]}`)].join('\n'),
    needsAttention.length === 0 && status === 'active' && !isHalted && 'All is well. Nothing to do.',
    `**Now:** ${step.do === 'wait' ? waitingFor(state, step.untilMs, planned[0]) : wordsFor(step)}`,
    isHalted &&
      '**The kill switch is on:** nothing is attempted for anybody (`npm run ops -- kill-switch status`).',
    blocking && `**Other charges wait for:** \`${blocking.chargeId}\``,
    card &&
      `**Card:** ${card.brand} …${card.last4} (${card.country ?? 'country unknown'}), mandate ${mandate?.status}`,
    state.stripeCustomerId && `**Stripe:** ${dashboard('customers', state.stripeCustomerId)}`,
    ...enrolmentLine(state),
    ...unusualMessages(customer),
    charges.length === 0 && 'No open charges.',
    ...charges
      .slice(0, CHARGES_SHOWN)
      .map((charge) => chargeLines(charge, heldUntil(state, blocking, isHalted))),
    charges.length > CHARGES_SHOWN && `… and ${charges.length - CHARGES_SHOWN} more`,
    state.failedCharges.length > 0 && failedLines(state),
    planned.length > 0 &&
      [
        '**Next:**',
        ...planned.slice(0, PLANS_SHOWN).map((plan) => `- ${at(plan.atMs)}: ${wordsFor(plan.step)}`),
      ].join('\n'),
  ];
  setCurrentDetails(paragraphs.filter(Boolean).join('\n\n'));
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
      : [
          `**Dropped signals:** ${droppedSignals} were not understood in this run, or too many; see the worker's log.`,
        ]),
  ];
}

function enrolmentLine({ enrolment }: CustomerState): string[] {
  if (!enrolment || (enrolment.closed && enrolment.status === 'succeeded')) return [];
  const reason = enrolment.decline ? ` (${enrolment.decline.declineCode ?? enrolment.decline.code})` : '';
  return [
    `**Enrolment ${enrolment.number}:** ${enrolment.status}${reason}, since ${at(enrolment.openedAtMs)}`,
  ];
}

/** What ends the wait of a charge that is held; of several reasons the one that lasts whatever the others do. */
function heldUntil(state: CustomerState, blocking: Charge | undefined, isHalted: boolean): string {
  if (state.paused) return 'Waits until somebody resumes the customer.';
  if (isHalted) return 'Waits until the kill switch is released.';
  return blocking ? `Waits until \`${blocking.chargeId}\` is settled.` : 'Waits for the charge before it.';
}

/** A few short lines, for the pane is narrow. */
function chargeLines(charge: ChargeView, untilWhen: string): string {
  const { chargeId, status, amount, currency, decline, stepUp, nextAttemptAtMs, paymentIntentId } = charge;
  const advice = status === 'held' ? untilWhen : ADVICE[status];
  const lines = [
    `**\`${chargeId}\`** ${formatMoney(amount, currency)}: ${status}`,
    ...(decline ? [`Last decline: ${decline.declineCode ?? decline.code}`] : []),
    ...(stepUp ? [`${advice}, at the latest ${at(stepUp.deadlineMs)}.`] : advice ? [advice] : []),
    nextAttemptAtMs === undefined ? `Due ${at(charge.dueAtMs)}` : `Next attempt ${at(nextAttemptAtMs)}`,
    ...(paymentIntentId ? [dashboard('payments', paymentIntentId)] : []),
  ];
  return lines.join('  \n');
}

function failedLines({ failedCharges }: CustomerState): string {
  const newest = failedCharges
    .slice(-FAILED_SHOWN)
    .reverse()
    .map(
      ({ chargeId, amount, currency, atMs, declineCode }) =>
        `- \`${chargeId}\` ${formatMoney(amount, currency)}, failed ${at(atMs)}${declineCode ? ` (${declineCode})` : ''}`,
    );
  const others = failedCharges.length - newest.length;
  return ['**Failed, and owed still:**', ...newest, ...(others > 0 ? [`- … and ${others} more`] : [])].join(
    '\n',
  );
}

/** Who or what ends the wait; `first` is what is done next if nothing else happens, which may be after `untilMs`. */
function waitingFor(state: CustomerState, untilMs: number, first: Planned | undefined): string {
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
    ? `waiting, then: ${wordsFor(first.step)}, ${at(first.atMs)}`
    : 'waiting for the next charge or message';
}

function dashboard(kind: 'customers' | 'payments', id: string): string {
  return `[${id}](https://dashboard.stripe.com/${kind}/${id})`;
}
