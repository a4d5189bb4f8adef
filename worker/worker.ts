// The two Temporal workers of one process: `billing` (workflows, ledger, notices) and `stripe` (every call to Stripe).
import { hostname } from 'node:os';
import type { DataConverter, WorkerDeploymentVersion } from '@temporalio/common';
import {
  type NativeConnection,
  Worker,
  type WorkerDeploymentOptions,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { BILLING_QUEUE, STRIPE_QUEUE } from '../workflows/messages.ts';
import { heartbeat } from './heartbeat.ts';
import { onlyInWorkflows } from './only-in-workflows.ts';
import { refusePayloads } from './refuse-payloads.ts';

/** An attempt that is under way gets this long to receive Stripe's answer before its activity is cancelled. */
const SHUTDOWN_GRACE = '30 seconds';
/** After this a shutdown no longer waits for anything. */
const SHUTDOWN_FORCE = '45 seconds';

/**
 * Workflow tasks are decided one after the other, and Temporal gives each 10 s from when it is handed out: more of them
 * at once than get through in that time are decided in vain, and again. The SDK's own number is 40.
 */
const WORKFLOW_TASKS_AT_ONCE = 6;

/** A heartbeat is passed on at least this often; by default only shortly before its time-out. */
const LONGEST_HEARTBEAT_PAUSE = '3 seconds';

/** Activities by the queue they belong to, as `createActivities` makes them. */
export interface ActivitiesByQueue {
  readonly stripe: object;
  readonly ledger: object;
  readonly notices: object;
}

export type WorkflowCode =
  | { readonly workflowsPath: string } // development: bundled at start
  | { readonly workflowBundle: WorkflowBundleOption }; // production: bundled by the build

export type WorkersOptions = {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly activities: ActivitiesByQueue;
  /** The api's too: what one writes the other reads. Absent: Temporal's own. */
  readonly dataConverter?: DataConverter;
  /** Null: unversioned, so every run goes on under whatever code there is. */
  readonly version: WorkerDeploymentVersion | null;
} & WorkflowCode;

export type Workers = ReturnType<typeof runTogether>;

/** Makes both workers; nothing is polled before `run()`. */
export async function createWorkers(options: WorkersOptions): Promise<Workers> {
  const { connection, namespace, activities, dataConverter = {}, version, ...workflows } = options;
  const shared = {
    connection,
    namespace,
    dataConverter,
    identity: `${hostname()}:${process.pid}`,
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    maxHeartbeatThrottleInterval: LONGEST_HEARTBEAT_PAUSE,
    defaultHeartbeatThrottleInterval: LONGEST_HEARTBEAT_PAUSE,
    ...(version === null ? {} : { workerDeploymentOptions: pinnedTo(version) }),
  } as const;
  const billing = await Worker.create({
    ...shared,
    ...workflows,
    maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
    taskQueue: BILLING_QUEUE,
    activities: { ...activities.ledger, ...activities.notices },
    interceptors: { activity: [onlyInWorkflows, refusePayloads] },
  });
  const stripe = await Worker.create({
    ...shared,
    taskQueue: STRIPE_QUEUE,
    activities: activities.stripe,
    interceptors: { activity: [onlyInWorkflows, refusePayloads, heartbeat] },
  });
  return runTogether([billing, stripe]);
}

/** A run stays with the release it began under, and so do its activities and the notices it starts. */
function pinnedTo(version: WorkerDeploymentVersion): WorkerDeploymentOptions {
  return { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

/** Several workers that start and end as one: what ends one, by itself or by a fault, ends all. */
export function runTogether(workers: readonly Pick<Worker, 'run' | 'shutdown' | 'getState'>[]) {
  let stopping = false;
  const shutdown = () => {
    stopping = true;
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    /** Takes no more work and lets `run()` end. May be called at any time, and more than once. */
    shutdown,

    /**
     * Works until `shutdown()`, then resolves when what was under way has ended.
     * @throws the fault of one worker; the others are stopped first, so that the process can end
     */
    async run(): Promise<void> {
      const runs = workers.map((worker) => worker.run().finally(shutdown));
      if (stopping) shutdown();
      const faults = (await Promise.allSettled(runs)).filter((end) => end.status === 'rejected');
      if (faults[0]) throw faults[0].reason;
    },
  };
}
