// Starts all that is measured, on loopback: PostgreSQL, Temporal, emulators, and the product as built for production.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { Client as Database } from 'pg';
import { freePort } from '../dev/free-port.ts';
import { startOwnPostgres } from '../dev/postgres.ts';
import { type Supervised, supervise } from '../dev/process.ts';
import { startTemporal } from '../dev/temporal.ts';
import { startProductionTemporal } from '../dev/temporal-production.ts';
import { BILLING_QUEUE, SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type { Pids } from './cpu.ts';
import type { Databases } from './databases.ts';

export interface Stage {
  readonly temporalName: string;
  readonly temporalAddress: string;
  readonly client: Client;
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
  /** The product's. */
  readonly emulatorUrl: string;
  /** The bare workflow's: its events go nowhere. */
  readonly bareEmulatorUrl: string;
  readonly ledger: Database;
  /** The ledger's, and Temporal's where it has one. */
  readonly databases: Databases;
  /** All that a request to the product costs, by what is shown in the table. */
  readonly productPids: () => Pids;
  /** What the product and the bare workflow share. */
  readonly temporalPids: () => Pids;
  /** The emulators. */
  readonly helperPids: () => Pids;
  /**
   * Ends the worker and starts it anew.
   * @returns milliseconds until it asked for work
   */
  readonly restartWorker: (settings: WorkerSettings) => Promise<number>;
  /** Starts a worker beside the other. @returns what ends it */
  readonly startSecondWorker: () => Promise<() => Promise<void>>;
  /** Ends the api and starts it anew. @returns milliseconds until it was ready */
  readonly restartApi: () => Promise<number>;
  /** @throws Error when a process has ended by itself: what was measured is not to be trusted */
  readonly expectAllAlive: () => void;
  /** Ends all of it, and removes what it has written. */
  stop(): Promise<void>;
}

export interface WorkerSettings {
  /** With an endpoint of the merchant's for notices. */
  readonly isNotifying: boolean;
  /** `STRIPE_RATE_LIMITS`; absent: a stand-in's, which hold nothing back here. */
  readonly stripeLimits?: string;
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const HOST = '127.0.0.1';
const NAMESPACE = 'default';
const READY_WITHIN_MS = 60_000;
const ACTIVITIES_AND_WORKFLOWS = [1, 2];

/**
 * @param isDevelopment on Temporal's development server; else on its production server
 * @throws Error that says what is missing, or did not come up
 */
export async function startStage(options: {
  readonly isDevelopment: boolean;
  readonly onProgress: (line: string) => void;
}): Promise<Stage> {
  const { isDevelopment, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'offsession-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    onProgress('starting PostgreSQL and Temporal');
    const startPostgres = async () => {
      const postgres = await startOwnPostgres({ isDurable: true });
      stops.push(() => postgres.stop());
      return postgres;
    };
    const ledgerServer = await startPostgres();
    const ledgerPid = await ledgerServer.pid();
    const temporal = isDevelopment
      ? await developmentTemporal(folder)
      : await productionTemporal(await startPostgres(), folder);
    stops.push(() => temporal.stop());
    const { address } = temporal;
    const connection = await Connection.connect({ address });
    stops.push(() => connection.close());
    const client = new Client({ connection, namespace: NAMESPACE });

    const started: Supervised[] = [];
    const helpers: Record<string, number> = {};
    const run = (name: string, script: string, env: NodeJS.ProcessEnv) => {
      const child = supervise({
        command: process.execPath,
        args: [join(ROOT, 'dist', script)],
        env: { PATH: process.env.PATH, HOST, NODE_ENV: 'production', ...env },
        logFile: join(folder, `${name}.log`),
      });
      started.push(child);
      stops.push(() => child.stop());
      return child;
    };

    onProgress('starting emulators, api and worker');
    const webhookSecret = `whsec_${randomBytes(24).toString('hex')}`;
    const apiPort = await freePort();
    const apiUrl = `http://${HOST}:${apiPort}`;
    const emulator = async (name: string, webhooks: NodeJS.ProcessEnv) => {
      const port = await freePort();
      const url = `http://${HOST}:${port}`;
      const env = { PORT: String(port), DATA_DIR: join(folder, name), STRIPE_WEBHOOK_SECRET: webhookSecret };
      const child = run(name, 'emulator/main.js', { ...env, ...webhooks });
      helpers[name] = child.pid();
      await untilAnswering(`${url}/_emulator/requests`);
      return url;
    };
    const emulatorUrl = await emulator('emulator', { EMULATOR_WEBHOOK_URL: `${apiUrl}/webhooks/stripe` });
    const bareEmulatorUrl = await emulator('bare-emulator', {});

    const merchant = await startMerchant();
    stops.push(() => merchant.stop());
    const apiKey = randomBytes(24).toString('base64url');
    const shared = {
      DATABASE_URL: ledgerServer.url,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      STRIPE_API_BASE: emulatorUrl,
      STRIPE_SECRET_KEY: 'sk_test_emulator',
      LINK_SECRET: randomBytes(32).toString('hex'),
      PUBLIC_URL: apiUrl,
    };
    const startApi = async () => {
      const api = run('api', 'api/main.js', {
        ...shared,
        PORT: String(apiPort),
        API_KEYS: `bench:read+charge+operate:${apiKey}`,
        STRIPE_PUBLISHABLE_KEY: 'pk_test_emulator',
        STRIPE_WEBHOOK_SECRET: webhookSecret,
        MERCHANT_NAME: 'Example Shop',
        TERMS_URL: 'https://example.com/terms',
        TERMS_VERSION: '1',
      });
      await untilAnswering(`${apiUrl}/readyz`);
      return api;
    };
    const startWorker = async (
      { isNotifying, stripeLimits = '' }: WorkerSettings,
      name: 'worker' | 'second-worker' = 'worker',
    ) => {
      const notices = { MERCHANT_WEBHOOK_URL: merchant.url, MERCHANT_WEBHOOK_SECRET: merchant.secret };
      const settings = { ...shared, STRIPE_RATE_LIMITS: stripeLimits, ...(isNotifying ? notices : {}) };
      const worker = run(name, 'worker/main.js', settings);
      await untilPolling(client, worker.pid());
      return worker;
    };
    let api = await startApi();
    let worker = await startWorker({ isNotifying: false });
    let secondWorker: Supervised | null = null;

    const ledger = new Database({ connectionString: ledgerServer.url });
    await ledger.connect();
    stops.push(() => ledger.end());
    const temporalPids = () => temporal.pids;
    return {
      temporalName: temporal.name,
      temporalAddress: address,
      client,
      apiUrl,
      apiKey,
      webhookSecret,
      emulatorUrl,
      bareEmulatorUrl,
      ledger,
      databases: { ledger: ledgerServer.url, ...temporal.databases },
      temporalPids,
      helperPids: () => helpers,
      productPids: () => ({
        worker: worker.pid(),
        ...(secondWorker && { 'second worker': secondWorker.pid() }),
        api: api.pid(),
        ...temporalPids(),
        ledger: ledgerPid,
      }),
      async restartWorker(how) {
        await worker.stop();
        const startedMs = performance.now();
        worker = await startWorker(how);
        return performance.now() - startedMs;
      },
      async startSecondWorker() {
        const second = await startWorker({ isNotifying: false }, 'second-worker');
        secondWorker = second;
        return async () => {
          secondWorker = null;
          await second.stop();
        };
      },
      async restartApi() {
        await api.stop();
        const startedMs = performance.now();
        api = await startApi();
        return performance.now() - startedMs;
      },
      expectAllAlive() {
        const endings = started.reduce((sum, each) => sum + each.endedByItself(), 0);
        if (endings > 0) throw new Error(`${endings} times a process has ended by itself`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface RunningTemporal {
  readonly name: string;
  readonly address: string;
  readonly pids: Pids;
  readonly databases: Databases;
  stop(): Promise<void>;
}

async function productionTemporal(
  postgres: { readonly url: string; pid(): Promise<number> },
  folder: string,
): Promise<RunningTemporal> {
  const server = await startProductionTemporal(postgres.url, folder, {
    'frontend.WorkflowTimeSkippingEnabled': true,
  });
  return {
    name: server.name,
    address: `${HOST}:${server.port()}`,
    pids: { Temporal: server.pid(), 'its PostgreSQL': await postgres.pid() },
    databases: { 'Temporal’s': postgres.url },
    stop: server.stop,
  };
}

async function developmentTemporal(folder: string): Promise<RunningTemporal> {
  const server = await startTemporal({
    dataDir: join(folder, 'temporal'),
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    ui: false,
    onProgress: () => {},
  });
  return {
    name: 'Temporal’s development server with SQLite',
    address: server.address,
    pids: { Temporal: server.pid },
    databases: {},
    stop: server.stop,
  };
}

/** An endpoint of the merchant's that takes every notice. */
async function startMerchant() {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end());
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}/notices`,
    secret: `whsec_${randomBytes(24).toString('base64')}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function untilAnswering(url: string): Promise<void> {
  await until(`${url} answers`, () => fetch(url).then(({ ok }) => ok));
}

/** Until the worker of this process asks for work. */
async function untilPolling(client: Client, pid: number): Promise<void> {
  await until('the worker asks for work', async () => {
    const answers = ACTIVITIES_AND_WORKFLOWS.map((taskQueueType) =>
      client.workflowService.describeTaskQueue({
        namespace: NAMESPACE,
        taskQueue: { name: BILLING_QUEUE },
        taskQueueType,
      }),
    );
    return (await Promise.all(answers)).every(({ pollers }) =>
      pollers?.some(({ identity }) => identity?.endsWith(`:${pid}`)),
    );
  });
}

async function until(what: string, isIt: () => Promise<boolean | undefined>): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (!(await isIt().catch(() => false))) {
    if (Date.now() > giveUpAt) throw new Error(`not within a minute: ${what}`);
    await pause(50);
  }
}
