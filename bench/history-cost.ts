// What a stretch of a workflow's life costs at Temporal: events, workflow tasks, billable actions, bytes.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';

export interface HistoryCost {
  readonly workflowTasks: number;
  readonly events: number;
  readonly bytes: number;
  /** As Temporal Cloud counts (docs.temporal.io/cloud/actions), as far as history shows them. */
  readonly actions: number;
  readonly activities: number;
  readonly timers: number;
  readonly signals: number;
  readonly searchAttributeUpserts: number;
  readonly runs: number;
}

const AT_REST_MS = 3_000;

type Run = Awaited<ReturnType<typeof runOf>>;

/** What a whole workflow has cost so far, over all its runs that the server still has. */
export async function historyCost(client: Client, workflowId: string): Promise<HistoryCost> {
  const runs: Run[] = [];
  for (let runId: string | undefined; ; ) {
    const run = await runOf(client, workflowId, runId);
    runs.push(run);
    runId = run.continuedFrom;
    if (!runId) break;
  }
  const costs = runs.map(({ cost }) => cost);
  return costs.reduce((sum, cost) => combined(sum, cost, (a, b) => a + b));
}

/** The same, once nothing has been added for three seconds. */
export async function costAtRest(client: Client, workflowId: string): Promise<HistoryCost> {
  for (let before = await historyCost(client, workflowId); ; ) {
    await pause(AT_REST_MS);
    const after = await historyCost(client, workflowId);
    if (after.events === before.events) return after;
    before = after;
  }
}

/** What was added between the two. */
export function costBetween(before: HistoryCost, after: HistoryCost): HistoryCost {
  return combined(after, before, (a, b) => a - b);
}

export function combined(
  first: HistoryCost,
  second: HistoryCost,
  combine: (a: number, b: number) => number,
): HistoryCost {
  const names = Object.keys(first) as (keyof HistoryCost)[];
  return Object.fromEntries(
    names.map((name) => [name, combine(first[name], second[name])]),
  ) as unknown as HistoryCost;
}

async function runOf(client: Client, workflowId: string, runId: string | undefined) {
  const handle = client.workflow.getHandle(workflowId, runId);
  const { events = [] } = await handle.fetchHistory();
  const { raw } = await handle.describe();
  const count = (isIt: (event: NonNullable<typeof events>[number]) => unknown) =>
    events?.filter((event) => Boolean(isIt(event))).length ?? 0;

  const started = count((event) => event.workflowExecutionStartedEventAttributes);
  const signals = count((event) => event.workflowExecutionSignaledEventAttributes);
  const updates = count((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const timers = count((event) => event.timerStartedEventAttributes);
  const upserts = count((event) => event.upsertWorkflowSearchAttributesEventAttributes);
  const children = count((event) => event.startChildWorkflowExecutionInitiatedEventAttributes);
  const activities = count((event) => event.activityTaskScheduledEventAttributes);
  const retries = (events ?? []).reduce(
    (sum, { activityTaskStartedEventAttributes: begun }) => sum + Math.max(0, (begun?.attempt ?? 1) - 1),
    0,
  );
  // All local activities of one workflow task are one action.
  const withLocal = new Set(
    (events ?? []).flatMap(({ markerRecordedEventAttributes: marker }) =>
      marker?.markerName === 'core_local_activity' ? [String(marker.workflowTaskCompletedEventId)] : [],
    ),
  ).size;
  const cost: HistoryCost = {
    workflowTasks: count((event) => event.workflowTaskScheduledEventAttributes),
    events: events?.length ?? 0,
    bytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
    actions: started + signals + updates + timers + upserts + children + activities + retries + withLocal,
    activities,
    timers,
    signals,
    searchAttributeUpserts: upserts,
    runs: 1,
  };
  const continuedFrom = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  return { cost, continuedFrom: continuedFrom || undefined };
}
