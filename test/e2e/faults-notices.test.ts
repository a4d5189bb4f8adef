// A worker that is killed while notices are on their way: each arrives, and its end is on record once.
import { ActivityNotFoundError } from '@temporalio/client';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { noticeActivityIdOf } from '../../activities/index.ts';
import { openProxy, type TcpProxy } from '../../chaos/proxy.ts';
import { type Merchant, startMerchant } from '../support/merchant.ts';
import { takeNamespace } from '../support/namespace.ts';
import { RUNS_POSTGRES } from '../support/postgres.ts';
import { type Processes, startProcesses } from '../support/processes.ts';
import { CONSENT, MERCHANT_SECRET } from '../support/stack.ts';

/** A killed worker is missed after 30 s, and the next one has to start first. */
const GOES_ON_WITHIN = { timeout: 120_000, interval: 250 };
const SOON = { timeout: 60_000, interval: 100 };

let merchant: Merchant;
/** Between the worker and Temporal. */
let line: TcpProxy;
let stack: Processes;
const connections: Client[] = [];

/** A transaction that holds a lock until it ends. */
async function locked(table: string, mode: string): Promise<() => Promise<unknown>> {
  const holder = await connected();
  await holder.query(`begin; lock table ${table} in ${mode} mode`);
  return () => holder.query('commit');
}

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  connections.push(client);
  return client;
}

const noticeOf = (customerId: string) =>
  stack.client.activity.getHandle(noticeActivityIdOf({ customerId, noticeId: 'enrolled-1' }));

const arrivalsOf = (customerId: string) =>
  merchant.received.filter(({ id }) => id === `${customerId}:enrolled-1`).length;

describe.runIf(RUNS_POSTGRES)('a worker killed while a notice is on its way', () => {
  let database: Client;

  /** One death for all three. */
  beforeAll(async () => {
    merchant = await startMerchant();
    line = await openProxy();
    const address = inject('temporalAddress');
    line.forwardTo(Number(address.split(':')[1]));
    stack = await startProcesses({
      temporal: { address, namespace: await takeNamespace() },
      workerEnv: {
        TEMPORAL_ADDRESS: `127.0.0.1:${line.port}`,
        MERCHANT_WEBHOOK_URL: merchant.url,
        MERCHANT_WEBHOOK_SECRET: MERCHANT_SECRET,
      },
    });
    database = await connected();

    // Posted, and the endpoint holds its answer back.
    merchant.answers.push('silence');
    await stack.enrol('posted');
    await vi.waitFor(() => expect(arrivalsOf('posted')).toBe(1), SOON);

    // Started, and the ledger does not say what to post.
    const letSay = await locked('notice_deliveries', 'access exclusive');
    await stack.enrol('started');
    await vi.waitFor(
      async () => expect((await noticeOf('started').describe()).lastStartedTime).toBeDefined(),
      SOON,
    );

    // Committed, and Temporal does not hear of it.
    const letCommit = await locked('notice_outbox', 'share');
    const request = { customerId: 'committed', paymentMethod: 'pm_card_visa', consent: CONSENT };
    const enrolling = stack.post('/v1/customers', request);
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into "notice_outbox"%'`;
    await vi.waitFor(async () => expect((await database.query(waiting)).rows).toHaveLength(1), SOON);
    line.freeze(600_000);
    await letCommit();
    const written = `select 1 from notice_outbox where customer_id = 'committed'`;
    await vi.waitFor(async () => expect((await database.query(written)).rows).toHaveLength(1), SOON);
    await expect(noticeOf('committed').describe()).rejects.toThrow(ActivityNotFoundError);

    await stack.worker.kill(0);
    line.heal();
    await letSay();
    await enrolling; // late, and perhaps too late for the caller
  });
  afterAll(async () => {
    for (const connection of connections) await connection.end();
    await stack?.stop();
    await line?.close();
    await merchant?.stop();
  });

  test.each([
    ['between the post and the record, it arrives again under the same id', 'posted', 2],
    ['between the start and the post, it arrives once', 'started', 1],
    ['between the commit and the start, it arrives once', 'committed', 1],
  ])('%s, and its end is on record once', async (_when, customerId, arrivals) => {
    const ends = `select outcome, status from notice_deliveries where customer_id = '${customerId}'`;
    await vi.waitFor(
      async () => expect((await database.query(ends)).rows).toEqual([{ outcome: 'sent', status: 200 }]),
      GOES_ON_WITHIN,
    );
    expect(arrivalsOf(customerId)).toBe(arrivals);
    expect(merchant.forged).toEqual([]);
    const open = `select 1 from notice_outbox where customer_id = '${customerId}' and check_at_ms is not null`;
    expect((await database.query(open)).rows).toEqual([]);
    const { items } = await stack.get(`/v1/customers/${customerId}/evidence`);
    expect(items.filter(({ kind }: { kind: string }) => kind === 'notice')).toMatchObject([
      { data: { noticeId: 'enrolled-1' }, delivery: { outcome: 'sent', status: 200 } },
    ]);
  });
});
