// The worker against a Temporal server: search attributes, both queues, notices, and its shutdown.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { sleep } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  type WorkflowBundle,
} from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createNoticeActivities, noticeActivityIdOf } from '../../activities/notices.ts';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { ensureSearchAttributes } from '../../temporal/ensure-search-attributes.ts';
import { clientDataConverter, workerDataConverter } from '../../temporal/payload-codec.ts';
import { createNoticeStarter, SEND_NOTICE } from '../../worker/notice-starter.ts';
import { createWorkers, runTogether } from '../../worker/worker.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import { entry, fact } from '../support/customers.ts';
import { inMemory } from '../support/databases.ts';

const NAMESPACES = [
  'default',
  'another-type',
  'notices',
  'encrypted',
  'started-once',
  'gone',
  'releases',
  'alone',
  'shutdown',
];
const LINK = 'https://pay.example/step-up/signed';
const DEPLOYMENT = 'offsession';
const ENCRYPTION = { keys: [{ id: 'k1', key: randomBytes(32) }], allowsPlain: false };

let server: TemporalServer;
let native: NativeConnection;
let connection: Connection;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  server = await startTemporal({
    namespaces: NAMESPACES.slice(1),
    searchAttributes: [],
    ui: false,
    onProgress: () => {},
  });
  native = await NativeConnection.connect({ address: server.address });
  connection = await Connection.connect({ address: server.address });
  workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
});

afterAll(async () => {
  await connection?.close();
  await native?.close();
  await server?.stop();
});

describe('search attributes', () => {
  test('missing ones are added and can be used at once; a second time changes nothing', async () => {
    await ensureSearchAttributes(native, 'default');
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace: 'default',
    });
    expect(Object.keys(customAttributes).sort()).toEqual(
      expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)),
    );
    const query = "BillingStatus = 'active' AND AmountDue > 0 AND NextActionAt < '2027-01-01T00:00:00Z'";
    await expect(new Client({ connection }).workflow.count(query)).resolves.toMatchObject({ count: 0 });
    await ensureSearchAttributes(native, 'default');
  });

  test('one of another type is named and left alone', async () => {
    await connection.operatorService.addSearchAttributes({
      namespace: 'another-type',
      searchAttributes: { AmountDue: 2 }, // Keyword
    });
    await expect(ensureSearchAttributes(native, 'another-type')).rejects.toThrow(
      'search attributes of namespace "another-type" have another type: AmountDue (must be Int)',
    );
  });
});

/** Workers need some activity on each queue. */
const NO_ACTIVITIES = {
  stripe: { idle: async () => {} },
  ledger: { idle: async () => {} },
  notices: {},
};

interface Running {
  readonly namespace: string;
  readonly notices: object;
  /** Whether payloads are encrypted. */
  readonly isEncrypted?: boolean;
  /** Of a release that runs beside another one; absent: unversioned. */
  readonly buildId?: string;
}

/** Workers with these notice activities, stopped when the test ends, and who starts notices for them. */
async function workersIn({ namespace, notices, isEncrypted = false, buildId }: Running) {
  const encryption = isEncrypted ? ENCRYPTION : { keys: [], allowsPlain: false };
  const dataConverter = workerDataConverter(encryption);
  const workers = await createWorkers({
    connection: native,
    namespace,
    dataConverter,
    activities: { ...NO_ACTIVITIES, notices },
    workflowBundle,
    version: buildId === undefined ? null : { deploymentName: DEPLOYMENT, buildId },
  });
  const running = workers.run();
  onTestFinished(async () => {
    workers.shutdown();
    await running;
  });
  // As the worker's own: over the native connection.
  const starter = createNoticeStarter(new Client({ connection: native, namespace, dataConverter }).activity);
  const client = new Client({ connection, namespace, dataConverter: clientDataConverter(encryption) });
  return { workers, running, client, starter };
}

/** A merchant's endpoint that answers with these statuses in turn, the last of them for ever. */
async function endpoint(ledger: Ledger, ...statuses: number[]) {
  const webhookIds: string[] = [];
  const server = createServer((request, response) => {
    webhookIds.push(String(request.headers['webhook-id']));
    response.writeHead((statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const notices = createNoticeActivities({
    ledger,
    merchantWebhook: {
      url,
      secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
      publicOnly: false,
    },
    links: { enrol: async () => LINK, stepUp: async () => LINK },
  });
  return { webhookIds, notices };
}

/** A ledger with so many notices about `ada` to be sent, named from 1 on. */
async function ledgerWith(count: number): Promise<Ledger> {
  const ledger = await openLedger(await inMemory());
  onTestFinished(() => ledger.close());
  const facts = Array.from({ length: count }, (_, index) =>
    fact(index + 1, 'notice', {
      chargeId: 'july',
      data: { noticeId: String(index + 1), notice: 'charge.step_up_required', amount: 4900 },
    }),
  );
  await ledger.record(entry('ada', { facts, notifies: true }));
  return ledger;
}

const noticeOfAda = (noticeId: string) => ({ customerId: 'ada', noticeId });

describe('a notice', () => {
  test.each([
    { isEncrypted: false, namespace: 'notices' },
    { isEncrypted: true, namespace: 'encrypted' },
  ])(
    'reaches an endpoint that was down, under one id, and leaves no link at Temporal (encrypted: $isEncrypted)',
    async ({ isEncrypted, namespace }) => {
      const ledger = await ledgerWith(1);
      const { webhookIds, notices } = await endpoint(ledger, 503, 500, 200);
      const { client, starter } = await workersIn({ namespace, notices, isEncrypted });
      expect(await starter.start(noticeOfAda('1'))).toBe(true);
      const handle = client.activity.getHandle(noticeActivityIdOf(noticeOfAda('1')));
      const end = { outcome: 'sent', status: 200 };
      await expect(handle.result()).resolves.toEqual(end);
      expect(webhookIds).toEqual(['ada:1', 'ada:1', 'ada:1']);
      expect((await ledger.findNotice(noticeOfAda('1')))?.end).toMatchObject(end);
      const described = await client.workflowService.describeActivityExecution({
        namespace,
        activityId: handle.activityId,
        includeInput: true,
        includeOutcome: true,
        includeLastFailure: true,
      });
      const shown = JSON.stringify(decoded(described));
      expect(shown.includes('noticeId')).toBe(!isEncrypted);
      expect(shown).not.toContain(LINK);
    },
  );

  test('is started once, also by several at once and after it has ended', async () => {
    const ledger = await ledgerWith(1);
    const { webhookIds, notices } = await endpoint(ledger, 200);
    const { client, starter } = await workersIn({ namespace: 'started-once', notices });
    const starts = await Promise.all([1, 2, 3, 4].map(() => starter.start(noticeOfAda('1'))));
    expect(starts.filter((isFirst) => isFirst)).toHaveLength(1);
    await client.activity.getHandle(noticeActivityIdOf(noticeOfAda('1'))).result();
    expect(await starter.endOf(noticeOfAda('1'))).toBe('COMPLETED');
    expect(await starter.start(noticeOfAda('1'))).toBe(false);
    await starter.startAgain(noticeOfAda('1'));
    expect(webhookIds).toEqual(['ada:1']);
    expect(await starter.endOf(noticeOfAda('2'))).toBeNull();
  });

  test('is not sent again to an endpoint that is gone', async () => {
    const ledger = await ledgerWith(1);
    const { webhookIds, notices } = await endpoint(ledger, 410);
    const { client, starter } = await workersIn({ namespace: 'gone', notices });
    await starter.start(noticeOfAda('1'));
    const handle = client.activity.getHandle(noticeActivityIdOf(noticeOfAda('1')));
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'given_up' });
    expect(webhookIds).toHaveLength(1);
  });

  test('is sent once, by the release that is current, whichever release has started it', async () => {
    const names = Array.from({ length: 20 }, (_, index) => String(index + 1));
    const ledger = await ledgerWith(names.length);
    const releases = [];
    for (const buildId of ['old', 'new']) {
      const { webhookIds, notices } = await endpoint(ledger, 200);
      releases.push({ webhookIds, ...(await workersIn({ namespace: 'releases', notices, buildId })) });
    }
    const [old, next] = releases;
    if (!old || !next) throw new Error('there are two');
    const deployment = { namespace: 'releases', deploymentName: DEPLOYMENT };
    await vi.waitFor(
      () => connection.workflowService.setWorkerDeploymentCurrentVersion({ ...deployment, buildId: 'old' }),
      { timeout: 60_000, interval: 200 },
    );
    await Promise.all(
      names.flatMap((name) => [old.starter.start(noticeOfAda(name)), next.starter.start(noticeOfAda(name))]),
    );
    await expect.poll(() => ledger.openNotices('ada'), { timeout: 60_000 }).toEqual([]);
    expect(old.webhookIds.toSorted()).toEqual(names.map((name) => `ada:${name}`).sort());
    expect(next.webhookIds).toEqual([]);
    expect((await ledger.verify('ada')).broken).toEqual([]);
  });

  test('is the only activity that runs without a workflow', async () => {
    const { client } = await workersIn({
      namespace: 'alone',
      notices: { sendMerchantNotice: async () => 'sent' },
    });
    const alone = { id: 'alone', startToCloseTimeout: '10 seconds' } as const;
    await expect(client.activity.execute(SEND_NOTICE, { ...alone, taskQueue: 'billing' })).resolves.toBe(
      'sent',
    );
    for (const taskQueue of ['billing', 'stripe'])
      await expect(
        client.activity.execute('idle', { ...alone, id: taskQueue, taskQueue }),
      ).rejects.toMatchObject({ cause: { type: 'NoWorkflow' } });
  });
});

describe('shutdown', () => {
  test('what is under way ends before the workers do, and nothing new starts', async () => {
    const done: string[] = [];
    const { workers, running, starter } = await workersIn({
      namespace: 'shutdown',
      notices: {
        sendMerchantNotice: async () => {
          done.push('started');
          await sleep(1_500); // of the SDK: it ends early when the activity is cancelled
          done.push('ended');
          return { outcome: 'no_endpoint' };
        },
      },
    });
    await starter.start(noticeOfAda('1'));
    await expect.poll(() => done, { timeout: 60_000 }).toEqual(['started']);
    workers.shutdown();
    workers.shutdown();
    await starter.start(noticeOfAda('2'));
    await running;
    expect(done).toEqual(['started', 'ended']);
  });

  test('before the run it ends the run at once', async () => {
    const workers = await createWorkers({
      connection: native,
      namespace: 'shutdown',
      activities: NO_ACTIVITIES,
      workflowBundle,
      version: null,
    });
    workers.shutdown();
    await workers.run();
  });

  test('a fault of one worker stops the other, and is thrown to the caller', async () => {
    const healthy = fakeWorker();
    const broken = fakeWorker();
    const running = runTogether([healthy, broken]).run();
    broken.fail(new Error('the poll was refused'));
    await expect(running).rejects.toThrow('the poll was refused');
    expect(healthy.getState()).toBe('STOPPED');
  });
});

/** Stands in for the SDK's worker, whose real faults cannot be had on demand. */
function fakeWorker() {
  let state: 'INITIALIZED' | 'RUNNING' | 'STOPPED' | 'FAILED' = 'INITIALIZED';
  let end = (_fault: Error | null): void => {};
  return {
    getState: () => state,
    run: () =>
      new Promise<void>((resolve, reject) => {
        state = 'RUNNING';
        end = (fault) => {
          state = fault ? 'FAILED' : 'STOPPED';
          fault ? reject(fault) : resolve();
        };
      }),
    shutdown: () => end(null),
    fail: (fault: Error) => end(fault),
  };
}

/** An event with its payloads as text. */
function decoded(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== 'object') return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decoded(item)]));
}
