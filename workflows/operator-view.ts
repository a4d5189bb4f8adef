// What the operator sees in the Temporal UI: search attributes, and current details in Markdown. No personal data.
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { Charge } from '../domain/model/charge.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step } from '../domain/model/steps.ts';
import { agenda, blockingCharge } from '../domain/next-step.ts';
import { formatMoney } from '../domain/shared/money.ts';
import { type ChargeStatus, type ChargeView, type CustomerStatus, viewOf } from '../domain/view.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';

/** Temporal keeps 20 KB of details; a customer may have thousands of charges. */
const CHARGES_SHOWN = 20;
const PLANS_SHOWN = 5;

const MEANING: { readonly [Status in CustomerStatus]: string } = {
  cancelled: 'The customer is gone; what is open at Stripe is followed to its end.',
  paused: 'Nothing is attempted until somebody resumes the customer (update `resume`).',
  awaiting_mandate:
    'The customer has no card that may be charged. They have to finish their enrolment link, or be sent a new one.',
  awaiting_step_up: 'The bank wants the customer. They have the link; remind them, or wait for the deadline.',
  past_due: 'Money is owed and not collected yet. See the charges below.',
  active: 'All is well. Nothing to do.',
};

const ADVICE: { readonly [Status in ChargeStatus]?: string } = {
  awaiting_step_up: 'customer must open the step-up link',
  awaiting_card: 'customer must give another card (new enrolment)',
  refused: 'our fault or the account’s: mend it, then `retryCharge` or `cancelCharge`',
  unknown: 'Stripe is being asked; nothing to do',
  retrying: 'on its calendar; `retryCharge` to try now',
  held: 'held until the charge in front is settled',
};

/** Shown at once; costs nothing (it is no event). Has to be set again by every run. */
export function showDetails(state: CustomerState, step: Step): void {
  const nowMs = Date.now();
  const view = viewOf(state, nowMs);
  const holder = blockingCharge(state);
  const lines = [
    `## ${view.status}`,
    MEANING[view.status],
    '',
    `**Now:** ${nowDoing(step)}`,
    ...((state.haltedUntilMs ?? 0) > nowMs
      ? ['**The emergency brake is on:** nothing is attempted for anybody (`npm run ops -- brake status`).']
      : []),
    ...(holder ? [`**Lane held by:** charge \`${holder.chargeId}\` (${holder.phase.is})`] : []),
    ...(view.card
      ? [
          `**Card:** ${view.card.brand} …${view.card.last4} (${view.card.country ?? 'country unknown'}), mandate ${view.mandate?.status}`,
        ]
      : []),
    ...(state.stripeCustomerId ? [`**Stripe:** ${dashboard('customers', state.stripeCustomerId)}`] : []),
    ...enrolmentLines(state),
    ...chargeLines(view.charges, state.charges),
    '',
    '**Next:**',
    ...agenda(state, nowMs)
      .toSorted((one, other) => one.atMs - other.atMs)
      .slice(0, PLANS_SHOWN)
      .map(({ atMs, step: planned }) => `- ${at(atMs)}: ${nowDoing(planned)}`),
  ];
  setCurrentDetails(lines.join('\n'));
}

/** Upserts what has changed only: each upsert is an event of history. */
export function updateIndex(state: CustomerState): void {
  const view = viewOf(state, Date.now());
  const deadlines = state.charges.flatMap(({ phase }) =>
    phase.is === 'awaiting_step_up' ? [phase.deadlineMs] : [],
  );
  const lastDecline = state.charges.findLast(({ decline }) => decline !== null)?.decline ?? null;
  const wanted = [
    { key: SEARCH_ATTRIBUTES.BillingStatus, value: view.status },
    { key: SEARCH_ATTRIBUTES.StripeCustomerId, value: view.stripeCustomerId },
    { key: SEARCH_ATTRIBUTES.Currency, value: view.currency },
    { key: SEARCH_ATTRIBUTES.IssuerCountry, value: view.card?.country ?? null },
    {
      key: SEARCH_ATTRIBUTES.LastDecline,
      value: lastDecline && (lastDecline.declineCode ?? lastDecline.code),
    },
    { key: SEARCH_ATTRIBUTES.AmountDue, value: view.amountDue },
    { key: SEARCH_ATTRIBUTES.NextActionAt, value: dateOf(view.nextActionAtMs) },
    {
      key: SEARCH_ATTRIBUTES.StepUpDeadline,
      value: dateOf(deadlines.length === 0 ? undefined : Math.min(...deadlines)),
    },
  ];
  const present = workflowInfo().typedSearchAttributes;
  const changed = wanted.filter(({ key, value }) => plain(present.get(key as never)) !== plain(value));
  if (changed.length > 0) upsertSearchAttributes(changed as Parameters<typeof upsertSearchAttributes>[0]);
}

function enrolmentLines({ enrolment }: CustomerState): string[] {
  if (!enrolment || (enrolment.closed && enrolment.status === 'succeeded')) return [];
  const reason = enrolment.decline ? ` (${enrolment.decline.declineCode ?? enrolment.decline.code})` : '';
  return [
    `**Enrolment ${enrolment.number}:** ${enrolment.status}${reason}, since ${at(enrolment.openedAtMs)}`,
  ];
}

function chargeLines(views: readonly ChargeView[], charges: readonly Charge[]): string[] {
  if (views.length === 0) return ['', 'No open charges.'];
  const rows = views.slice(0, CHARGES_SHOWN).map((charge) => {
    const { chargeId, status, amount, currency, decline, dueAtMs, nextAttemptAtMs, stepUp, paymentIntentId } =
      charge;
    const until = stepUp ? `deadline ${at(stepUp.deadlineMs)}` : nextAttemptAtMs ? at(nextAttemptAtMs) : '';
    const intent = paymentIntentId ? dashboard('payments', paymentIntentId) : '';
    const code = decline ? (decline.declineCode ?? decline.code) : '';
    const cells = [
      chargeId,
      formatMoney(amount, currency),
      status,
      code,
      at(dueAtMs),
      until,
      intent,
      ADVICE[status] ?? '',
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const hidden = charges.length - rows.length;
  return [
    '',
    '| charge | amount | status | decline | due | next | intent | what to do |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    ...(hidden > 0 ? [`… and ${hidden} more`] : []),
  ];
}

function nowDoing(step: Step): string {
  switch (step.do) {
    case 'wait':
      return `waiting, at the latest until ${at(step.untilMs)}`;
    case 'end':
      return 'the end';
    case 'decide':
      return `${step.event.kind}${'chargeId' in step.event ? ` for \`${step.event.chargeId}\`` : ''}`;
    case 'startNotice':
      return `notice ${step.notice.kind}`;
    default:
      return `${step.do}${'chargeId' in step ? ` for \`${step.chargeId}\`` : ''}`;
  }
}

function dashboard(kind: 'customers' | 'payments', id: string): string {
  return `[${id}](https://dashboard.stripe.com/${kind}/${id})`;
}

function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}

/** Dates are compared by their time. */
function plain(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : (value ?? null);
}
