// The product as its own processes, on PostgreSQL, for tests that kill one of them or take away what it needs.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { vi } from 'vitest';
import { freePort } from '../../dev/free-port.ts';
import { type Supervised, supervise } from '../../dev/process.ts';
import { EMULATOR_KEY } from '../../dev/stack.ts';
import { buildEmulator } from '../../emulator/app.ts';
import { clientDataConverter } from '../../temporal/payload-codec.ts';
import { readPayloadEncryption } from '../../temporal/payload-keys.ts';
import { STRIPE_QUEUE } from '../../workflows/messages.ts';
import { startPostgres } from './postgres.ts';
import { type TestStack, testClient } from './stack.ts';

export interface Processes extends TestStack {
  readonly api: Supervised;
  readonly worker: Supervised;
  readonly databaseUrl: string;
  /** Until a worker polls for calls to Stripe. One that is gone counts for minutes, so only on a new server. */
  untilWorking(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Each reads its sources and bundles the workflows first. */
const READY_WITHIN = { timeout: 90_000, interval: 200 };
const ACTIVITIES = 2;

/** How a script of the product is run from its sources. */
export const fromSources = (script: string): string[] => ['--import', 'tsx', join(ROOT, script)];

/** @throws Error when PostgreSQL is not installed, or something does not come up; what was started is ended first */
export async function startProcesses(options: {
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly payloadKeys?: string;
  /** Of the worker alone, over what both processes get. */
  readonly workerEnv?: NodeJS.ProcessEnv;
}): Promise<Processes> {
  const { temporal, payloadKeys = '' } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'offsession-processes-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const postgres = await startPostgres();
    stops.push(() => postgres.stop());
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const webhookSecret = `whsec_${randomBytes(24).toString('hex')}`;
    const emulator = await buildEmulator({ webhookSecret, webhookUrl: `${url}/webhooks/stripe` });
    stops.push(() => emulator.close());
    const emulatorUrl = await emulator.listen({ host: '127.0.0.1', port: 0 });
    const apiKey = randomBytes(24).toString('base64url');

    const run = (script: string, env: NodeJS.ProcessEnv = {}) => {
      const started = supervise({
        command: process.execPath,
        args: fromSources(script),
        env: {
          PATH: process.env.PATH,
          HOST: '127.0.0.1',
          DATABASE_URL: postgres.url,
          TEMPORAL_ADDRESS: temporal.address,
          TEMPORAL_NAMESPACE: temporal.namespace,
          STRIPE_API_BASE: emulatorUrl,
          STRIPE_SECRET_KEY: EMULATOR_KEY,
          LINK_SECRET: 'a secret of this test and of nobody else',
          PUBLIC_URL: url,
          PAYLOAD_KEYS: payloadKeys,
          ...env,
        },
        logFile: join(folder, `${script.replaceAll('/', '-')}.log`),
      });
      stops.push(() => started.stop());
      return started;
    };
    const api = run('api/main.ts', {
      PORT: String(port),
      API_KEYS: `test:read+charge+operate:${apiKey}`,
      STRIPE_PUBLISHABLE_KEY: 'pk_test_emulator',
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      MERCHANT_NAME: 'Example Shop',
      TERMS_URL: 'https://example.com/terms',
      TERMS_VERSION: '1',
    });
    const worker = run('worker/main.ts', options.workerEnv);
    await untilTrue(async () => (await fetch(`${url}/readyz`)).ok);

    const connection = await Connection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    const dataConverter = clientDataConverter(readPayloadEncryption({ PAYLOAD_KEYS: payloadKeys }, []));
    const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
    const pollers = async () => {
      const taskQueue = { name: STRIPE_QUEUE };
      const { namespace } = temporal;
      const request = { namespace, taskQueue, taskQueueType: ACTIVITIES };
      return (await client.workflowService.describeTaskQueue(request)).pollers?.length ?? 0;
    };
    const untilWorking = () => untilTrue(async () => (await pollers()) > 0);
    await untilWorking();
    return {
      ...testClient({ url, apiKey, emulatorUrl }, client),
      api,
      worker,
      databaseUrl: postgres.url,
      untilWorking,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function untilTrue(isIt: () => Promise<boolean>): Promise<void> {
  return vi.waitFor(async () => {
    if (!(await isIt())) throw new Error('something did not come up');
  }, READY_WITHIN);
}
