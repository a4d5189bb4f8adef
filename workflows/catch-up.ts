// Makes up for what was lost on the way: Stripe events that failed to arrive, and notices that nobody has started.
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { LedgerActivities, StripeActivities } from '../activities/index.ts';
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

/** Read again each time, for clocks differ, and Stripe lists an event a little after it happened. */
const OVERLAP = 10 * MINUTE;
/** A new installation has missed nothing; one that lost its position asks no further back than this. */
const FIRST_SPAN = 1 * HOUR;

const { listUndeliveredEvents } = proxyActivities<StripeActivities>({
  taskQueue: STRIPE_QUEUE,
  startToCloseTimeout: '60s',
  heartbeatTimeout: '15s',
  // A run that fails has moved nothing: the next one begins where it began.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 6 },
  priority: { priorityKey: 5 },
});
const { caughtUpThrough, keepUnclaimed, setCaughtUp, sweepNotices } = proxyActivities<LedgerActivities>({
  taskQueue: BILLING_QUEUE,
  startToCloseTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s', maximumAttempts: 6 },
  priority: { priorityKey: 5 },
});

/** How often each event is tried to be delivered, to an open run or by a new one. */
const DELIVERY_TRIES = 5;

type UndeliveredEvents = Awaited<ReturnType<StripeActivities['listUndeliveredEvents']>>['events'];

/** Where the next run goes on when this one's history has grown long. Times are epoch milliseconds. */
export interface CatchUpProgress {
  readonly sinceMs: number;
  readonly startedAtMs: number;
  /** The last event of the pages already read. */
  readonly after: string;
  readonly notified: number;
}

export interface CatchUpResult {
  /** Events delivered to a customer's run. */
  readonly notified: number;
  /** All unclaimed events that the ledger has by now. */
  readonly unclaimed: number;
}

/**
 * Started by its schedule. The position moves only once every page has been read and every event delivered, so a run
 * that is cancelled or terminated is made up for by the next one.
 */
export async function CatchUp(carried?: CatchUpProgress): Promise<CatchUpResult> {
  // Only a run of our own knows where to go on; whoever starts this workflow by hand must not move the position.
  const progress = workflowInfo().continuedFromExecutionRunId === undefined ? undefined : carried;
  if (progress === undefined) await sweep();
  const startedAtMs = progress?.startedAtMs ?? Date.now();
  const sinceMs = progress?.sinceMs ?? ((await caughtUpThrough()) ?? startedAtMs - FIRST_SPAN) - OVERLAP;
  let after = progress?.after ?? null;
  let notified = progress?.notified ?? 0;
  for (;;) {
    const { events, next } = await listUndeliveredEvents({ sinceMs, after });
    const unclaimed = await notify(events);
    if (unclaimed.length > 0) await keepUnclaimed(unclaimed);
    notified += events.length - unclaimed.length;
    if (next === null) return { notified, unclaimed: await setCaughtUp({ throughMs: startedAtMs }) };
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof CatchUp>({ sinceMs, startedAtMs, after: next, notified });
    after = next;
  }
}

/** The events are read whatever becomes of the notices; those are looked at again by the next run. */
async function sweep(): Promise<void> {
  try {
    await sweepNotices();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('notices could not be looked at', { error });
  }
}

/** In no order: each says only what is to be read. @returns those whose customer has no open workflow */
async function notify(events: UndeliveredEvents): Promise<UndeliveredEvents> {
  const delivered = await Promise.all(
    events.map(async ({ customerId, mayStart, eventId, type, objectId }) => {
      const event: StripeEventRef = { eventId, type, objectId };
      if (!mayStart) return await signal(customerId, event);
      // Another event of theirs may have started a run, and that run may have ended again.
      for (let tries = 0; tries < DELIVERY_TRIES; tries++)
        if ((await signal(customerId, event)) || (await start(customerId, event))) return true;
      return false;
    }),
  );
  return events.filter((_event, index) => !delivered[index]);
}

/** @returns false when the customer has no open workflow */
async function signal(customerId: string, event: StripeEventRef): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowIdOf(customerId)).signal(stripeEventReceived, event);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}

/**
 * Refunds and disputes come long after a customer was cancelled. Their run begins with the event, for it may end
 * before a signal could reach it.
 * @returns false when there is one already
 */
async function start(customerId: string, event: StripeEventRef): Promise<boolean> {
  try {
    await startChild<typeof CustomerBilling>(CUSTOMER_BILLING, {
      ...startOf({ customerId, event }),
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}
