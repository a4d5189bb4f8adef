// Two releases side by side on the real server: who is where, that nobody's run breaks, and that no charge is collected
// twice.
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { freePort } from '../../dev/free-port.ts';
import { EMULATOR_KEY } from '../../dev/stack.ts';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { buildEmulator } from '../../emulator/app.ts';
import { openLedger } from '../../ledger/open.ts';
import { createLinks } from '../../links/links.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { createNoticeStarter } from '../../worker/notice-starter.ts';
import { createWorkers } from '../../worker/worker.ts';
import {
  BILLING_QUEUE,
  SEARCH_ATTRIBUTES,
  STRIPE_QUEUE,
  stepUpCompleted,
  workflowIdOf,
} from '../../workflows/messages.ts';
import { emptyLedger } from '../support/databases.ts';
import { DAY, type SharedBackends, startTestStack, type TestStack } from '../support/stack.ts';

const NAMESPACE = 'default';
const DEPLOYMENT = 'offsession';
type Release = 'today' | 'next';
/** Names no charge, so it changes nothing, but it wakes the workflow. */
const NOBODYS = { chargeId: 'nobodys' };
type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
const { RoutingConfigUpdateState, TaskQueueType, VersionDrainageStatus } = proto.temporal.api.enums.v1;
const KNOWN_TO_ALL_QUEUES = RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_COMPLETED;
const DRAINED = VersionDrainageStatus.VERSION_DRAINAGE_STATUS_DRAINED;

let server: TemporalServer;
let backends: SharedBackends;
/** The api, and workers: of no version at first, then of `today`. */
let stack: TestStack;
let connection: NativeConnection;
let nextBundle: WorkflowBundle;
let stopNext: () => Promise<void>;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startTemporal({
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    ui: false,
    dynamicConfig: {
      // Minutes by default.
      'matching.wv.VersionDrainageStatusVisibilityGracePeriod': '1s',
      'matching.wv.VersionDrainageStatusRefreshInterval': '1s',
    },
    onProgress: () => {},
  });
  stops.push(() => server.stop());
  const port = await freePort();
  const webhookSecret = 'whsec_of_both_releases';
  const webhookUrl = `http://127.0.0.1:${port}/webhooks/stripe`;
  const emulator = await buildEmulator({ webhookSecret, webhookUrl });
  stops.push(() => emulator.close());
  const emulatorUrl = await emulator.listen({ host: '127.0.0.1', port: 0 });
  const ledger = await openLedger(await emptyLedger());
  stops.push(() => ledger.close());
  backends = { ledger, emulatorUrl, port, webhookSecret };
  connection = await NativeConnection.connect({ address: server.address });
  stops.push(() => connection.close());
  stack = await startTestStack({ backends, temporalAddress: server.address });
  stops.push(() => stack.stop());
  nextBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./next-release.ts', import.meta.url)),
    logger: new DefaultLogger('WARN'),
  });
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

/** Workers of `next`, beside the stack's. */
async function startNext(): Promise<void> {
  const workers = await createWorkers({
    connection,
    namespace: NAMESPACE,
    version: { deploymentName: DEPLOYMENT, buildId: 'next' },
    workflowBundle: nextBundle,
    activities: createActivities({
      stripe: createStripeClient(EMULATOR_KEY, backends.emulatorUrl),
      ledger: backends.ledger,
      links: createLinks({ secrets: ['a'.repeat(32)], publicUrl: stack.url }),
      amountLimits: {},
      budgets: DEFAULT_POLICY.budgets,
      searchAttributesLeftOut: [],
      merchantWebhook: null,
      notices: createNoticeStarter(stack.client.activity),
    }),
  });
  const working = workers.run();
  stopNext = () => {
    workers.shutdown();
    return working;
  };
}

async function versionInfo(buildId: Release) {
  const { workerDeploymentVersionInfo } = await stack.client.workflowService.describeWorkerDeploymentVersion({
    namespace: NAMESPACE,
    deploymentVersion: { deploymentName: DEPLOYMENT, buildId },
  });
  return workerDeploymentVersionInfo;
}

/** What Temporal wants to have seen of a version before it makes it current: a queue is known by its name and its type. */
const POLLED = [
  { name: BILLING_QUEUE, type: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW },
  { name: BILLING_QUEUE, type: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY },
  { name: STRIPE_QUEUE, type: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY },
].map((queue) => expect.objectContaining(queue));

/** As `temporal worker deployment set-current-version` does, once workers of every queue have shown up. */
async function makeCurrent(buildId: Release): Promise<void> {
  const { workflowService } = stack.client;
  const deployment = { namespace: NAMESPACE, deploymentName: DEPLOYMENT };
  const patience = { timeout: 60_000, interval: 100 };
  await vi.waitFor(async () => {
    expect((await versionInfo(buildId))?.taskQueueInfos).toEqual(expect.arrayContaining(POLLED));
  }, patience);
  await workflowService.setWorkerDeploymentCurrentVersion({ ...deployment, buildId });
  await vi.waitFor(async () => {
    const { workerDeploymentInfo } = await workflowService.describeWorkerDeployment(deployment);
    expect(workerDeploymentInfo?.routingConfigUpdateState).toBe(KNOWN_TO_ALL_QUEUES);
  }, patience);
}

async function describe(customerId: string) {
  return (await stack.client.workflow.getHandle(workflowIdOf(customerId)).describe()).raw;
}

/** The release whose workers run this customer's workflow. */
async function releaseOf(customerId: string): Promise<string | null | undefined> {
  const { workflowExecutionInfo } = await describe(customerId);
  return workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
}

/** Of every run of this customer, newest first. */
async function historiesOf(customerId: string): Promise<History[]> {
  const histories: History[] = [];
  const { workflow } = stack.client;
  const newest = await workflow.getHandle(workflowIdOf(customerId)).describe();
  for (let runId: string | undefined = newest.runId; runId; ) {
    const history: History = await workflow.getHandle(workflowIdOf(customerId), runId).fetchHistory();
    histories.push(history);
    const began = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    runId = began?.continuedExecutionRunId || undefined;
  }
  return histories;
}

const UNHANDLED_COMMAND =
  proto.temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND;

/** No task of any run of theirs ever failed for its code, nor does one now (`TemporalReportedProblems` is written after a while). */
async function expectUnbroken(customerId: string): Promise<void> {
  for (const { events } of await historiesOf(customerId)) {
    // The server rejects a continue-as-new that meets a signal, and the task runs again with it: no fault of the code.
    const causes = events
      ?.map((event) => event.workflowTaskFailedEventAttributes?.cause)
      .filter((cause) => cause != null && cause !== UNHANDLED_COMMAND);
    expect(causes).toEqual([]);
  }
  const { pendingWorkflowTask, workflowExecutionInfo } = await describe(customerId);
  expect(pendingWorkflowTask?.attempt ?? 1).toBe(1);
  expect(workflowExecutionInfo?.searchAttributes?.indexedFields).not.toHaveProperty(
    'TemporalReportedProblems',
  );
}

const open = (customerId: string, more: object = {}) =>
  stack.post(`/v1/customers/${customerId}/charges`, {
    chargeId: `${customerId}-1`,
    amount: 1000,
    currency: 'eur',
    ...more,
  });
const inTenDays = () => ({ dueAt: new Date(Date.now() + 10 * DAY).toISOString() });

test('customers of unversioned workers go on under the first version that is made current', async () => {
  await stack.enrol('later');
  await open('later', inTenDays());
  expect(await releaseOf('later')).toBeUndefined();
  await stack.stop();
  stack = await startTestStack({
    backends,
    temporalAddress: server.address,
    env: { TEMPORAL_DEPLOYMENT_NAME: DEPLOYMENT, TEMPORAL_WORKER_BUILD_ID: 'today' },
  });
  await makeCurrent('today');
  await stack.client.workflow.getHandle(workflowIdOf('later')).signal(stepUpCompleted, NOBODYS);
  await expect.poll(() => releaseOf('later'), { timeout: 60_000 }).toBe('today');
  expect(await historiesOf('later')).toHaveLength(1);
  await expectUnbroken('later');
});

test('a release that cannot go on with their runs gets customers when they continue as new, and nobody is charged twice', async () => {
  const card = await stack.enrol('waiting');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await open('waiting');
  const { paymentIntentId } = await stack.untilCharge('waiting', 'waiting-1', 'awaiting_step_up');
  await stack.enrol('idle');
  await startNext();
  stops.push(() => stopNext());
  await makeCurrent('next');

  for (const id of ['waiting', 'later', 'idle']) {
    expect(await releaseOf(id)).toBe('today');
    const [history = {}] = await historiesOf(id);
    await expect(
      Worker.runReplayHistory({ workflowBundle: nextBundle }, history, workflowIdOf(id)),
    ).rejects.toThrow(DeterminismViolationError);
  }
  await stack.enrol('new');
  expect(await releaseOf('new')).toBe('next');

  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' }); // sends the event
  await stack.untilCharge('waiting', 'waiting-1', 'succeeded');
  await stack.passTime('later', 8 * DAY); // the weekly check
  await stack.client.workflow.getHandle(workflowIdOf('idle')).signal(stepUpCompleted, NOBODYS);
  for (const id of ['waiting', 'later', 'idle'])
    await expect.poll(() => releaseOf(id), { timeout: 60_000 }).toBe('next');
  await stack.passTime('later', 3 * DAY);
  await stack.untilCharge('later', 'later-1', 'succeeded');

  expect(await stack.truth('waiting-1')).toMatchObject({ succeeded: 1, intents: [{ confirmations: 2 }] });
  expect(await stack.truth('later-1')).toMatchObject({ succeeded: 1, intents: [{ confirmations: 1 }] });
  for (const id of ['waiting', 'later', 'idle', 'new']) await expectUnbroken(id);
  expect(await historiesOf('waiting')).toHaveLength(2);

  // Nobody is left: its workers may go.
  const drainage = async () => (await versionInfo('today'))?.drainageInfo?.status;
  await expect.poll(drainage, { timeout: 60_000 }).toBe(DRAINED);
});

test('workers that stop too early: no other release touches the charge, and it is collected once they are back', async () => {
  await stack.enrol('early');
  const path = '/v1/payment_intents/*/confirm';
  await stack.control('faults', { method: 'POST', path, kind: 'drop', when: 'before', times: 50 });
  await open('early');
  const attempt = async () => (await describe('early')).pendingActivities?.[0]?.attempt ?? 0;
  await expect.poll(attempt, { timeout: 60_000, interval: 40 }).toBeGreaterThan(1);
  await stopNext();
  await fetch(`${backends.emulatorUrl}/_emulator/faults`, { method: 'DELETE' });
  const left = await attempt();
  expect(left).toBeGreaterThan(1); // and the next one falls due within two seconds
  await makeCurrent('today');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(await attempt()).toBe(left);
  expect(await stack.truth('early-1')).toMatchObject({ attempts: 0 });

  await startNext();
  await stack.untilCharge('early', 'early-1', 'succeeded');
  expect(await stack.truth('early-1')).toMatchObject({ succeeded: 1, intents: [{ confirmations: 1 }] });
  await expect.poll(() => releaseOf('early'), { timeout: 60_000 }).toBe('today');
  await expectUnbroken('early');
});
