// The worker against a Temporal server: search attributes, both queues, notices, and its shutdown.
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
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createNoticeActivities } from '../../activities/notices.ts';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { skipTime } from '../../dev/time.ts';
import type { Notice } from '../../domain/model/facts.ts';
import { DAY } from '../../domain/shared/time.ts';
import { ensureSearchAttributes } from '../../temporal/ensure-search-attributes.ts';
import { createWorkers, runTogether } from '../../worker/worker.ts';
import { BILLING_QUEUE, SEARCH_ATTRIBUTES, workflowIdOf } from '../../workflows/messages.ts';
import { noticeWorkflowIdOf, type SendNotice } from '../../workflows/send-notice.ts';
import type { StartNotice } from './notice-workflows.ts';

const NAMESPACES = ['default', 'another-type', 'notices', 'shutdown'];
const LINK = 'https://pay.example/step-up/signed';
const STEP_UP: Notice = {
  noticeId: '1',
  kind: 'charge.step_up_required',
  atMs: Date.UTC(2027, 0, 2),
  chargeId: 'july',
  data: { amount: 4900, currency: 'eur' },
};

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
    workflowsPath: fileURLToPath(new URL('./notice-workflows.ts', import.meta.url)),
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
const NO_ACTIVITIES = { stripe: { idle: async () => {} }, ledger: {}, notices: { idle: async () => {} } };

/** A ledger that fails for so many tries, and then keeps how deliveries of notices ended. */
function ledgerOfDeliveries({ failing = 0 } = {}) {
  const deliveries: object[] = [];
  let tries = 0;
  const recordNoticeDelivery = async (delivery: object) => {
    tries += 1;
    if (tries <= failing) throw new Error('the database does not answer');
    deliveries.push(delivery);
  };
  return { deliveries, activities: { recordNoticeDelivery } };
}

/** Workers with these notice activities, stopped when the test ends, and a way to start notices for them. */
async function workersIn(
  namespace: string,
  notices: object,
  ledger: object = ledgerOfDeliveries().activities,
) {
  const workers = await createWorkers({
    connection: native,
    namespace,
    activities: { ...NO_ACTIVITIES, notices, ledger },
    workflowBundle,
    rateCap: 100,
    version: null,
  });
  const running = workers.run();
  onTestFinished(async () => {
    workers.shutdown();
    await running;
  });
  const client = new Client({ connection, namespace });
  const begin = (noticeId: string) =>
    client.workflow.start<typeof StartNotice>('StartNotice', {
      taskQueue: BILLING_QUEUE,
      workflowId: workflowIdOf('ada'),
      args: [{ customerId: 'ada', notice: { ...STEP_UP, noticeId } }],
    });
  const send = async (noticeId: string) => {
    await (await begin(noticeId)).result();
    return client.workflow.getHandle<typeof SendNotice>(noticeWorkflowIdOf('ada', noticeId));
  };
  return { workers, running, client, begin, send };
}

/** A merchant's endpoint that answers with these statuses in turn, the last of them for ever. */
async function endpoint(...statuses: number[]) {
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
  const activities = createNoticeActivities({
    merchantWebhook: {
      url,
      secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}`,
      publicOnly: false,
    },
    links: { enrol: async () => LINK, stepUp: async () => LINK },
  });
  return { webhookIds, activities };
}

describe('a notice', () => {
  test('reaches an endpoint that was down, under one id, is put on record, and leaves no link in the history', async () => {
    const { webhookIds, activities } = await endpoint(503, 500, 200);
    const { deliveries, activities: ledger } = ledgerOfDeliveries({ failing: 3 });
    const { send } = await workersIn('notices', activities, ledger);
    const notice = await send('1');
    await expect(notice.result()).resolves.toEqual({ outcome: 'sent', status: 200 });
    expect(webhookIds).toEqual(['ada:1', 'ada:1', 'ada:1']);
    // The ledger failed for a while: it was asked again until it had the delivery.
    const { workflowId, runId } = await notice.describe();
    expect(workflowId).toBe(noticeWorkflowIdOf('ada', '1'));
    const end = { outcome: 'sent', status: 200 };
    expect(deliveries).toEqual([{ customerId: 'ada', noticeId: '1', runId, atMs: expect.any(Number), end }]);
    const { events } = await notice.fetchHistory();
    const recorded = (events ?? []).map((event) => JSON.stringify(decoded(event))).join();
    expect(recorded).toContain('charge.step_up_required');
    expect(recorded).not.toContain(LINK);
  });

  test('is not sent again to an endpoint that is gone', async () => {
    const { webhookIds, activities } = await endpoint(410);
    const { send } = await workersIn('notices', activities);
    await expect((await send('2')).result()).resolves.toMatchObject({ outcome: 'given_up' });
    expect(webhookIds).toHaveLength(1);
  });

  test('is given up within three days, and its run completes with the last answer', async () => {
    const { webhookIds, activities } = await endpoint(503);
    const { deliveries, activities: ledger } = ledgerOfDeliveries();
    const { client, send } = await workersIn('notices', activities, ledger);
    const notice = await send('3');
    const startedAtMs = Date.now();
    let endedAtMs = startedAtMs;
    await skipTime({
      client,
      workflowId: notice.workflowId,
      ms: 3 * DAY,
      onStep: (nowMs) => {
        endedAtMs = nowMs;
      },
    });
    const end = { outcome: 'given_up', reason: 'the endpoint answered 503' };
    await expect(notice.result()).resolves.toEqual(end);
    expect(deliveries).toMatchObject([{ noticeId: '3', end }]);
    expect(endedAtMs - startedAtMs).toBeGreaterThan(2.75 * DAY);
    expect(endedAtMs - startedAtMs).toBeLessThan(3 * DAY);
    // 1 s, 2 s, 4 s … 6 h, then every 6 hours.
    expect(webhookIds.length).toBeGreaterThan(20);
    expect(webhookIds.length).toBeLessThan(30);
  });
});

describe('shutdown', () => {
  test('what is under way ends before the workers do, and nothing new starts', async () => {
    const done: string[] = [];
    const { workers, running, begin, send } = await workersIn('shutdown', {
      sendMerchantNotice: async () => {
        done.push('started');
        await sleep(1_500); // of the SDK: it ends early when the activity is cancelled
        done.push('ended');
        return { outcome: 'no_endpoint' };
      },
    });
    await send('1');
    await expect.poll(() => done, { timeout: 60_000 }).toEqual(['started']);
    workers.shutdown();
    workers.shutdown();
    await begin('2');
    await running;
    expect(done).toEqual(['started', 'ended']);
  });

  test('before the run it ends the run at once', async () => {
    const workers = await createWorkers({
      connection: native,
      namespace: 'shutdown',
      activities: NO_ACTIVITIES,
      workflowBundle,
      rateCap: 100,
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
