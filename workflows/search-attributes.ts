// By what the operator finds a customer in Temporal: search attributes, which are never encrypted.
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { lastDeclineCode } from '../domain/attention.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { policyOf } from '../domain/shared/policy.ts';
import type { CustomerView } from '../domain/view.ts';
import { SEARCH_ATTRIBUTES } from './messages.ts';

/** Writes only what has changed, for each write is an event of history. */
export function upsertChangedAttributes(state: CustomerState, view: CustomerView): void {
  const present = workflowInfo().typedSearchAttributes;
  const { searchAttributesLeftOut } = policyOf(state);
  const wanted = attributesOf(state, view).map(({ key, value }) =>
    searchAttributesLeftOut.includes(key.name) ? { key, value: null } : { key, value },
  );
  const changed = wanted.filter(({ key, value }) => plain(present.get(key as never)) !== plain(value));
  if (changed.length > 0) upsertSearchAttributes(changed as Parameters<typeof upsertSearchAttributes>[0]);
}

function attributesOf(state: CustomerState, view: CustomerView) {
  const deadlines = state.charges.flatMap(({ phase }) =>
    phase.is === 'awaiting_step_up' ? [phase.deadlineMs] : [],
  );
  return [
    { key: SEARCH_ATTRIBUTES.BillingStatus, value: view.status },
    {
      key: SEARCH_ATTRIBUTES.NeedsAttention,
      value: view.needsAttention.length === 0 ? null : [...view.needsAttention],
    },
    { key: SEARCH_ATTRIBUTES.StripeCustomerId, value: view.stripeCustomerId },
    { key: SEARCH_ATTRIBUTES.Currency, value: view.currency },
    { key: SEARCH_ATTRIBUTES.IssuerCountry, value: view.card?.country ?? null },
    { key: SEARCH_ATTRIBUTES.LastDecline, value: lastDeclineCode(state) },
    { key: SEARCH_ATTRIBUTES.AmountDue, value: view.amountDue },
    { key: SEARCH_ATTRIBUTES.NextActionAt, value: dateOf(view.nextActionAtMs) },
    {
      key: SEARCH_ATTRIBUTES.StepUpDeadline,
      value: dateOf(deadlines.length === 0 ? undefined : Math.min(...deadlines)),
    },
  ];
}

function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}

/** Dates and lists are compared by what they say. */
function plain(value: unknown): unknown {
  return value instanceof Date || Array.isArray(value) ? JSON.stringify(value) : (value ?? null);
}
