// Skips time for one workflow on a development server; never to be used where real people are billed.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, isGrpcServiceError, type WorkflowHandle } from '@temporalio/client';
import { msToTs, optionalTsToMs, requiredTsToMs } from '@temporalio/common/lib/time.js';

export interface WorkflowAddress {
  readonly client: Client;
  /** The newest run of this id is meant, across continue-as-new. */
  readonly workflowId: string;
}

export interface TimeSkip extends WorkflowAddress {
  /** How far to go, milliseconds. */
  readonly ms: number;
  /** Base address of an emulator whose clock goes along, step by step. */
  readonly emulatorUrl?: string;
  /** Called with the workflow's clock, epoch milliseconds, after each step; answering 'stop' ends the skip there. */
  readonly onStep?: (nowMs: number) => unknown;
}

/** Real time, for a workflow to come to rest: activities, children and tasks in flight hold its clock. */
const PATIENCE_MS = 30_000;
/** More wake-ups than this in one skip is a workflow that spins. */
const MAX_STEPS = 1_000;
const POLL_INTERVAL_MS = 15;
/**
 * Less than this passes really. Server 1.32 jumps past a fast-forward's end where that end has gone by while the
 * workflow was at work (`GateByFastForward`), so none may be this short.
 */
const SHORTEST_JUMP_MS = 1_000;
const GRPC_NOT_FOUND = 5;

/**
 * Moves one workflow's clock forward and lets it do, on the way, all that falls due. Returns once
 * the workflow is at rest at the new time, with time skipping off; its clock stays ahead.
 *
 * It goes from one wake-up to the next, one jump each, and skipping is off again before the workflow sets to work there:
 * left to itself server 1.32 runs past the end of a span that ends while the workflow is busy, and an emulator must be
 * at the same time when activities run. One thing it cannot help: server 1.32 retries an activity at the end of every
 * jump, even one that ends before its back-off does; also one that woke in that jump and has failed within a moment.
 *
 * @returns milliseconds really skipped: less than `ms` by the real time it took, or because the workflow ended
 * @throws Error when the workflow is closed, does not come to rest within 30 s (an activity or a
 *   child workflow is open, a task fails), or wakes more than 1,000 times
 */
export async function skipTime(skip: TimeSkip): Promise<number> {
  const start = await atRest(skip);
  if (!start.running) throw new Error(`${skip.workflowId} is closed; its time cannot be skipped`);
  const targetMs = start.nowMs + skip.ms;
  let moment = start;
  let emulatorMs = 0;
  for (let step = 0; moment.running && moment.nowMs < targetMs; step += 1) {
    if (step === MAX_STEPS) throw new Error(`${skip.workflowId} woke ${MAX_STEPS} times; skip less at once`);
    const stopMs = Math.min(targetMs, moment.wakesAtMs);
    const jumpMs = stopMs - moment.nowMs;
    if (jumpMs >= SHORTEST_JUMP_MS) {
      if (skip.emulatorUrl) {
        const skippedMs = moment.aheadMs - start.aheadMs;
        emulatorMs += await advanceEmulator(skip.emulatorUrl, skippedMs + jumpMs - emulatorMs);
      }
      await jump(skip, jumpMs);
    }
    moment = await atRest(skip, stopMs);
    if ((await skip.onStep?.(moment.nowMs)) === 'stop') break;
  }
  return moment.aheadMs - start.aheadMs;
}

/** The workflow's clock, epoch milliseconds: wall time until its time is first skipped, then ahead of it. */
export async function workflowNow({ client, workflowId }: WorkflowAddress): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return optionalTsToMs(raw.workflowExtendedInfo?.timeSkippingInfo?.currentTime) ?? Date.now();
}

interface Moment {
  readonly running: boolean;
  readonly nowMs: number;
  /** Of wall time, after what was skipped. */
  readonly aheadMs: number;
  /** The next time the workflow has something to do by itself; infinite when nothing is set. */
  readonly wakesAtMs: number;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

/** Waits until the workflow's clock is at `fromMs` or later and all that was due by then has been done. */
async function atRest(address: WorkflowAddress, fromMs = 0): Promise<Moment> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const { busyWith, ...moment } = await momentOf(address);
    if (!moment.running || (!busyWith && moment.nowMs >= fromMs)) return moment;
    if (Date.now() > giveUpAt) {
      throw new Error(
        `${address.workflowId} holds its clock for ${busyWith ?? 'no visible reason'}; end that, or skip its time, first`,
      );
    }
    await pause(POLL_INTERVAL_MS);
  }
}

async function momentOf({ client, workflowId }: WorkflowAddress): Promise<Moment & { busyWith?: string }> {
  const { raw, runId, status } = await client.workflow.getHandle(workflowId).describe();
  const nowMs = optionalTsToMs(raw.workflowExtendedInfo?.timeSkippingInfo?.currentTime) ?? Date.now();
  const moment = {
    running: status.name === 'RUNNING',
    nowMs,
    aheadMs: nowMs - Date.now(),
    wakesAtMs: Number.POSITIVE_INFINITY,
  };
  if (!moment.running) return moment;
  if (raw.pendingWorkflowTask)
    return { ...moment, busyWith: `a workflow task, attempt ${raw.pendingWorkflowTask.attempt}` };
  const child = raw.pendingChildren?.[0];
  if (child) return { ...moment, busyWith: `the open child workflow ${child.workflowId}` };

  const wakes: number[] = [];
  for (const activity of raw.pendingActivities ?? []) {
    const retryAtMs = optionalTsToMs(activity.nextAttemptScheduleTime);
    if (!retryAtMs || retryAtMs <= nowMs) {
      return {
        ...moment,
        busyWith: `the activity ${activity.activityType?.name}, attempt ${activity.attempt}`,
      };
    }
    wakes.push(retryAtMs);
  }
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  if (Number(raw.workflowExecutionInfo?.historyLength) !== events?.length) {
    // The two answers are of different moments: a timer may be missing.
    return { ...moment, busyWith: 'something that happened just now' };
  }
  if (!events?.some((event) => event.workflowTaskCompletedEventAttributes)) {
    return { ...moment, busyWith: 'its first workflow task' };
  }
  moment.wakesAtMs = Math.min(...wakes, ...openTimers(events));
  return moment.wakesAtMs <= nowMs ? { ...moment, busyWith: 'a timer that is due' } : moment;
}

/** When each timer that is still set fires, epoch milliseconds on the workflow's clock. */
function openTimers(events: NonNullable<History['events']>): number[] {
  const timers = new Map<string, number>();
  for (const event of events) {
    const started = event.timerStartedEventAttributes;
    if (started) {
      const afterMs = requiredTsToMs(started.startToFireTimeout, 'startToFireTimeout');
      timers.set(String(event.eventId), requiredTsToMs(event.eventTime, 'eventTime') + afterMs);
    }
    const ended = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
    if (ended) timers.delete(String(ended.startedEventId));
  }
  return [...timers.values()];
}

/**
 * One jump, of `ms` or to the next wake-up, whichever comes first; the server ends skipping in the same transaction. One
 * that does not come about is taken back. A workflow that has ended is left alone.
 */
async function jump({ client, workflowId }: WorkflowAddress, ms: number): Promise<void> {
  const execution = { namespace: client.options.namespace, workflowExecution: { workflowId } };
  const fastForwardId = randomUUID();
  const configure = (timeSkippingConfig: { enabled: boolean; [option: string]: unknown }) =>
    client.workflowService.updateWorkflowExecutionOptions({
      ...execution,
      workflowExecutionOptions: { timeSkippingConfig },
      updateMask: { paths: ['time_skipping_config'] },
    });
  try {
    await configure({
      enabled: true,
      maxSessionSkipCount: 1,
      fastForwardConfig: { id: fastForwardId, duration: msToTs(ms) },
      disablePropagation: true, // a child that inherits skipping would run to its end, unbounded
    });
    const giveUpAt = Date.now() + PATIENCE_MS;
    while (Date.now() < giveUpAt) {
      const poll = { ...execution, fastForwardId };
      const { fastForwardInfo, failedReason } =
        await client.workflowService.pollWorkflowExecutionTimeSkipping(poll);
      // "Failed": it ended at a wake-up before, or the workflow is over.
      if (fastForwardInfo?.hasCompleted || failedReason) return;
    }
    await configure({ enabled: false });
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== GRPC_NOT_FOUND) throw error;
  }
}

/** @returns milliseconds advanced: whole seconds, the rest goes with the next step; none where it is ahead already */
async function advanceEmulator(emulatorUrl: string, ms: number): Promise<number> {
  const advanceSeconds = Math.floor(ms / 1000);
  if (advanceSeconds <= 0) return 0;
  const response = await fetch(`${emulatorUrl}/_emulator/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advanceSeconds }),
  });
  if (!response.ok)
    throw new Error(`the emulator's clock answered ${response.status}: ${await response.text()}`);
  return advanceSeconds * 1000;
}
