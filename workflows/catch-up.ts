// Rings for the events of Stripe's that failed to arrive, and starts a run for money that goes back from a customer who
// has none. It reads no object.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { LedgerActivities, StripeActivities } from '../activities/index.ts';
import { advance } from '../domain/advance.ts';
import { newCustomer } from '../domain/lifecycle.ts';
import { HOUR, MINUTE } from '../domain/shared/time.ts';
import type { CustomerBilling } from './customer-billing.ts';
import {
  BILLING_QUEUE,
  CUSTOMER_BILLING,
  STRIPE_QUEUE,
  type StripeEventRef,
  startOf,
  stripeEventReceived,
  workflowIdOf,
} from './messages.ts';

/** Read again each time: clocks differ, and Stripe lists an event a little after it happened. */
const OVERLAP = 10 * MINUTE;
/** A new installation has missed nothing; one that lost its position asks no further back than this. */
const FIRST_LOOK = 1 * HOUR;

const { listUndeliveredEvents } = proxyActivities<StripeActivities>({
  taskQueue: STRIPE_QUEUE,
  startToCloseTimeout: '60s',
  heartbeatTimeout: '15s',
  // A run that fails has moved nothing: the next one begins where it began.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 6 },
  priority: { priorityKey: 5 },
});
const { caughtUpThrough, keepUnclaimed, setCaughtUp } = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 6 },
  priority: { priorityKey: 5 },
});

/** To start a run or reach one, for each event. */
const TRIES = 5;

type Missed = Awaited<ReturnType<StripeActivities['listUndeliveredEvents']>>['events'];

/** Where a run goes on that was cut for the length of its history. */
export interface CatchUpProgress {
  readonly sinceMs: number;
  readonly startedAtMs: number;
  readonly after: string;
  readonly notified: number;
}

/** `unclaimed`: all that the ledger has by now. */
export interface CatchUpResult {
  readonly notified: number;
  readonly unclaimed: number;
}

/** Started by its schedule. The position moves only once every page has been read and every bell rung. */
export async function CatchUp(progress?: CatchUpProgress): Promise<CatchUpResult> {
  const startedAtMs = progress?.startedAtMs ?? Date.now();
  const sinceMs = progress?.sinceMs ?? ((await caughtUpThrough()) ?? startedAtMs - FIRST_LOOK) - OVERLAP;
  let after = progress?.after ?? null;
  let notified = progress?.notified ?? 0;
  for (;;) {
    const { events, next } = await listUndeliveredEvents({ sinceMs, after });
    const unheard = await notify(events);
    if (unheard.length > 0) await keepUnclaimed(unheard);
    notified += events.length - unheard.length;
    if (next === null) return { notified, unclaimed: await setCaughtUp({ throughMs: startedAtMs }) };
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof CatchUp>({ sinceMs, startedAtMs, after: next, notified });
    after = next;
  }
}

/** Bells have no order; one that was heard before is dropped by its event's id. @returns those whose customer has no open workflow */
async function notify(events: Missed): Promise<Missed> {
  const processedEventIds = await Promise.all(
    events.map(async ({ customerId, mayStart, ...news }) => {
      if (!mayStart) return await signal(customerId, news);
      // Another event of theirs may have started a run, and that run may be over again.
      for (let tries = 0; tries < TRIES; tries++)
        if ((await signal(customerId, news)) || (await start(customerId, news))) return true;
      return false;
    }),
  );
  return events.filter((_event, index) => !processedEventIds[index]);
}

/** @returns false when the customer has no open workflow */
async function signal(customerId: string, news: StripeEventRef): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowIdOf(customerId)).signal(stripeEventReceived, news);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}

/**
 * Money goes back long after a customer has gone. Their run begins with the news, for it may be over before a signal
 * could reach it.
 * @returns false when there is one already
 */
async function start(customerId: string, news: StripeEventRef): Promise<boolean> {
  const carried = advance(newCustomer(customerId), { ...news, kind: 'stripeEventReceived' }, Date.now());
  try {
    await startChild<typeof CustomerBilling>(CUSTOMER_BILLING, {
      ...startOf(customerId, carried),
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
