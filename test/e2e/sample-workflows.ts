// Small workflows to try the clock and the way in on; they bill nobody.
import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  ParentClosePolicy,
  proxyActivities,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';

export interface SampleActivities {
  /** Writes down what happened at which time on the workflow's clock. */
  note(workflowId: string, what: string, atMs: number): Promise<void>;
  /** Takes that long, really. */
  work(realMs: number): Promise<void>;
  /** Fails the first times. */
  stumble(workflowId: string, times: number): Promise<void>;
}

const { note, work, stumble } = proxyActivities<SampleActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 hour', backoffCoefficient: 1 },
});

export const knock = defineUpdate<number>('knock');
export const turnOver = defineUpdate<number, [object]>('turnOver');
export const leave = defineSignal('leave');
export const clock = defineQuery<number>('clock');

export async function sleeper(ms: number): Promise<void> {
  await sleep(ms);
  await note(workflowInfo().workflowId, 'woke', Date.now());
}

/** The shape of the product's loop: wait for the inbox or the next date, act, continue as new. */
export async function periodic(periodMs: number, actsPerRun: number): Promise<void> {
  const { workflowId } = workflowInfo();
  let knocks = 0;
  let left = false;
  setHandler(knock, () => {
    knocks += 1;
    return Date.now();
  });
  setHandler(leave, () => {
    left = true;
  });
  setHandler(clock, () => Date.now());
  let dueAt = Date.now() + periodMs;
  for (let acts = 0; acts < actsPerRun; ) {
    await condition(() => knocks > 0 || left, Math.max(1, dueAt - Date.now()));
    if (left) return;
    if (knocks > 0) {
      knocks = 0;
      await note(workflowId, 'knock', Date.now());
    } else {
      await note(workflowId, 'act', Date.now());
      dueAt += periodMs;
      acts += 1;
    }
  }
  await continueAsNew<typeof periodic>(periodMs, actsPerRun);
}

export async function worker(realMs: number): Promise<void> {
  await work(realMs);
  await sleeper(24 * 60 * 60 * 1000);
}

export async function stumbler(times: number): Promise<void> {
  await stumble(workflowInfo().workflowId, times);
  await note(workflowInfo().workflowId, 'stood', Date.now());
  await sleep('300 days');
}

/** Starts a child that outlives it, as notices are. */
export async function parent(childMs: number): Promise<void> {
  const workflowId = `${workflowInfo().workflowId}/child`;
  await startChild(sleeper, { args: [childMs], workflowId, parentClosePolicy: ParentClosePolicy.ABANDON });
  await sleeper(10 * 24 * 60 * 60 * 1000);
}

/** By the name of the product's, for who starts it by that. It continues as new in the task in which it turns over. */
export async function CustomerBilling(): Promise<void> {
  let turns = 0;
  setHandler(leave, () => {});
  setHandler(turnOver, () => {
    turns += 1;
    return turns;
  });
  await condition(() => turns > 0);
  await continueAsNew<typeof CustomerBilling>();
}

/** Asks a queue of other people's for one of their activities. */
export async function runForeignActivity(name: string, taskQueue: string, input: object): Promise<unknown> {
  const foreign = proxyActivities<{ [activity: string]: (input: object) => Promise<unknown> }>({
    taskQueue,
    startToCloseTimeout: '10s',
    retry: { maximumAttempts: 1 },
  });
  return foreign[name]?.(input);
}
