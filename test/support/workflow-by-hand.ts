// A workflow in Temporal's own sandbox with a test in the place of the server: the test gives it every activation and sees
// every command, so nothing is a race. It uses parts that the SDK does not export, and goes with its pinned version.
import { fileURLToPath } from 'node:url';
import { defaultPayloadConverter, TypedSearchAttributes } from '@temporalio/common';
import proto from '@temporalio/proto';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { parseWorkflowCode } from '@temporalio/worker/lib/worker.js';
import { VMWorkflowCreator } from '@temporalio/worker/lib/workflow/vm.js';
import { BILLING_QUEUE, CUSTOMER_BILLING, workflowIdOf } from '../../workflows/messages.ts';

const { WorkflowActivation } = proto.coresdk.workflow_activation;

/** What the workflow wants: one of the fields of Core's `WorkflowCommand`, as plain JSON. */
// biome-ignore lint/suspicious/noExplicitAny: commands are what the SDK sends; tests look at them as the server would
export type Command = { readonly [kind: string]: any };

/** What an activation is about, as Core would say it. */
export interface Task {
  readonly jobs: readonly object[];
  /** Milliseconds that have passed on the server's clock; 0 where no task has begun. */
  readonly afterMs: number;
  /** Events that the history has grown by. */
  readonly events: number;
  /** The server says that the history has grown long. */
  readonly continueAsNewSuggested?: boolean;
}

/** A run that is to begin. */
export interface NewRun {
  readonly workflowType: string;
  readonly workflowId: string;
  /** Epoch ms. */
  readonly startMs: number;
}

export const billingOf = (customerId: string, startMs: number): NewRun => ({
  workflowType: CUSTOMER_BILLING,
  workflowId: workflowIdOf(customerId),
  startMs,
});

export interface WorkflowByHand {
  /** @returns its commands @throws Error with the failure's message where the task fails */
  activate(task: Task): Promise<Command[]>;
  dispose(): Promise<void>;
}

/** Bundled once for all test files of a process. */
let creating: Promise<VMWorkflowCreator> | null = null;

/** The product's workflows, bundled as for a worker. */
export async function loadWorkflows(): Promise<{ start(run: NewRun): Promise<WorkflowByHand> }> {
  creating ??= createCreator();
  const creator = await creating;
  return { start: (run) => start(creator, run) };
}

async function createCreator(): Promise<VMWorkflowCreator> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return VMWorkflowCreator.create(parseWorkflowCode(code), 10_000, new Set());
}

/** Creates the run; its first activation has to be a task with `initializeJob`. */
async function start(
  creator: VMWorkflowCreator,
  { workflowType, workflowId, startMs }: NewRun,
): Promise<WorkflowByHand> {
  const runId = `run of ${workflowId}`;
  const workflow = await creator.createWorkflow({
    info: {
      workflowId,
      runId,
      workflowType,
      searchAttributes: {},
      typedSearchAttributes: new TypedSearchAttributes(),
      taskQueue: BILLING_QUEUE,
      namespace: 'default',
      firstExecutionRunId: runId,
      originalExecutionRunId: runId,
      startTime: new Date(startMs),
      runStartTime: new Date(startMs),
      taskTimeoutMs: 10_000,
      attempt: 1,
      historyLength: 0,
      historySize: 0,
      continueAsNewSuggested: false,
      targetWorkerDeploymentVersionChanged: false,
      currentBuildId: '',
      unsafe: {
        now: Date.now,
        isReplaying: false,
        isReplayingHistoryEvents: false,
        random: () => new Uint8Array(16),
      },
    } as never,
    randomnessSeed: [...Buffer.alloc(8, 1)],
    now: startMs,
    showStackTraceSources: false,
    failureExceptionTypeNames: [],
  } as never);
  let nowMs = startMs;
  let historyLength = 0;
  return {
    async activate({ jobs, afterMs, events, continueAsNewSuggested = false }) {
      nowMs += afterMs;
      historyLength += events;
      const activation = WorkflowActivation.fromObject({
        runId,
        timestamp: timestampOf(nowMs),
        isReplaying: false,
        historyLength,
        continueAsNewSuggested,
        jobs,
        // SdkFlags.ProcessWorkflowActivationJobsAsSingleBatch, which a new run has.
        availableInternalFlags: [2],
      });
      const completion = await workflow.activate(activation);
      await workflow.getAndResetSinkCalls();
      const { failed, successful } = completion;
      if (failed) throw new Error(failed.failure?.message ?? 'the task failed');
      return (successful?.commands ?? []) as Command[];
    },
    dispose: () => workflow.dispose(),
  };
}

function timestampOf(ms: number): object {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

export const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);
// biome-ignore lint/suspicious/noExplicitAny: plain JSON that tests look at
export const fromPayload = (it: any): any => defaultPayloadConverter.fromPayload(it);

/** The first job of a run. */
export function initializeJob(
  { workflowType, workflowId, startMs }: NewRun,
  ...args: readonly unknown[]
): object {
  return {
    initializeWorkflow: {
      workflowType,
      workflowId,
      arguments: args.map(payload),
      randomnessSeed: 1,
      attempt: 1,
      startTime: timestampOf(startMs),
    },
  };
}

/** An activity that the workflow asks for. */
export interface ScheduledActivity {
  readonly seq: number;
  readonly activityType: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the workflow sends; tests look at it as the activity would
  readonly input: any;
  /** All of Core's `ScheduleActivity`. */
  readonly options: Command['scheduleActivity'];
}

export const scheduledIn = (commands: readonly Command[]): ScheduledActivity[] =>
  commands.flatMap(({ scheduleActivity: options }) => {
    if (!options) return [];
    const { seq, activityType } = options;
    return [{ seq, activityType, input: (options.arguments ?? []).map(fromPayload)[0], options }];
  });

export const resolveActivityJob = (seq: number, result: unknown): object => ({
  resolveActivity: { seq, result: { completed: { result: payload(result) } } },
});

export const signalJob = (signalName: string, message: unknown): object => ({
  signalWorkflow: { signalName, input: [payload(message)] },
});

export const updateJob = (name: string, request: unknown): object => ({
  doUpdate: {
    id: name,
    protocolInstanceId: name,
    name,
    input: [payload(request)],
    runValidator: true,
    meta: {},
  },
});
