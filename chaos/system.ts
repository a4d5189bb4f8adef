// Starts the whole product as separate processes on one machine, with a breakable proxy in every connection that matters.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../dev/free-port.ts';
import { startOwnPostgres } from '../dev/postgres.ts';
import { type Killable, supervise } from '../dev/process.ts';
import { startProductionTemporal } from '../dev/temporal-production.ts';
import { expectListening } from './expect-listening.ts';
import { type Merchant, startMerchant } from './merchant.ts';
import { APIS, type Killed, type ProxyName, WORKERS } from './plan.ts';
import { openProxy, type TcpProxy } from './proxy.ts';
import { startDevelopmentTemporal } from './temporal.ts';

export interface System {
  readonly apiUrls: readonly string[];
  readonly apiKey: string;
  readonly emulatorUrl: string;
  /** Of the ledger, past the proxies. */
  readonly databaseUrl: string;
  /** `host:port`, through a proxy that is never broken. */
  readonly temporalAddress: string;
  readonly proxies: { readonly [Name in ProxyName]: TcpProxy };
  /** What may be killed. */
  readonly processes: { readonly [What in Killed]: readonly Killable[] };
  /** How often a process ended by itself. */
  readonly endedByThemselves: () => number;
  /** Which Temporal server this is, as shown in the report. */
  readonly temporalName: string;
  /** How often each notice has arrived at the merchant's, by its `webhook-id`. */
  readonly arrivals: Merchant['arrivals'];
  /** What must never be logged, by what it is. */
  readonly secrets: { readonly [what: string]: readonly string[] };
  /** The logs of workers, apis and Temporal. */
  readonly logFiles: () => readonly string[];
  /** The folder of all logs. */
  readonly folder: string;
  /** Ends all of it; the folder stays. */
  stop(): Promise<void>;
  removeFolder(): Promise<void>;
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const STRIPE_KEY = 'sk_test_emulator';
const READY_WITHIN_MS = 60_000;

/**
 * Starts everything from the build in `dist/`.
 * @param isProduction on Temporal's production server; else on its development server
 * @throws Error when PostgreSQL is not installed, or something does not come up
 */
export async function startSystem(
  isProduction: boolean,
  onProgress: (line: string) => void,
): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-chaos-'));
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const proxy = async () => {
      const opened = await openProxy();
      stops.push(() => opened.close());
      return opened;
    };
    const proxies = {
      worker_stripe: await proxy(),
      worker_temporal: await proxy(),
      worker_ledger: await proxy(),
      api_temporal: await proxy(),
      api_ledger: await proxy(),
      webhooks: await proxy(),
    };
    const direct = await proxy();

    onProgress('Starting PostgreSQL');
    const postgres = await startOwnPostgres();
    stops.push(() => postgres.stop());
    const database = new URL(postgres.url);
    proxies.worker_ledger.forwardTo(Number(database.port));
    proxies.api_ledger.forwardTo(Number(database.port));
    const databaseUrl = (by: TcpProxy) => {
      const url = new URL(database);
      url.port = String(by.port);
      return url.href;
    };

    onProgress('Starting Temporal');
    const temporal = await (isProduction
      ? startProductionTemporal(postgres.url, folder)
      : startDevelopmentTemporal(folder));
    stops.push(() => temporal.stop());
    const forwardToTemporal = () => {
      for (const each of [proxies.worker_temporal, proxies.api_temporal, direct])
        each.forwardTo(temporal.port());
    };
    forwardToTemporal();

    const apiKey = randomBytes(24).toString('base64url');
    const webhookSecret = `whsec_${randomBytes(24).toString('hex')}`;
    const emulatorPort = await freePort();
    const emulatorUrl = `http://127.0.0.1:${emulatorPort}`;
    proxies.worker_stripe.forwardTo(emulatorPort);
    const run = (name: string, script: string, env: NodeJS.ProcessEnv) => {
      const started = supervise({
        command: process.execPath,
        args: [join(ROOT, 'dist', script)],
        env: { PATH: process.env.PATH, HOST: '127.0.0.1', ...env },
        logFile: join(folder, `${name}.log`),
      });
      stops.push(() => started.stop());
      return started;
    };

    onProgress('Starting emulator, apis and workers');
    run('emulator', 'emulator/main.js', {
      PORT: String(emulatorPort),
      DATA_DIR: folder,
      STRIPE_WEBHOOK_SECRET: webhookSecret,
      EMULATOR_WEBHOOK_URL: `http://127.0.0.1:${proxies.webhooks.port}/webhooks/stripe`,
    });
    const merchant = await startMerchant();
    stops.push(() => merchant.stop());
    const linkSecret = randomBytes(32).toString('hex');
    const shared = {
      STRIPE_SECRET_KEY: STRIPE_KEY,
      LINK_SECRET: linkSecret,
      PUBLIC_URL: 'http://127.0.0.1',
    };
    const apiPorts: number[] = [];
    for (let index = 0; index < APIS; index += 1) apiPorts.push(await freePort());
    proxies.webhooks.forwardTo(...apiPorts);
    const apis = apiPorts.map((port, index) =>
      run(`api-${index}`, 'api/main.js', {
        ...shared,
        PORT: String(port),
        DATABASE_URL: databaseUrl(proxies.api_ledger),
        TEMPORAL_ADDRESS: `127.0.0.1:${proxies.api_temporal.port}`,
        STRIPE_API_BASE: emulatorUrl,
        STRIPE_PUBLISHABLE_KEY: 'pk_test_emulator',
        STRIPE_WEBHOOK_SECRET: webhookSecret,
        API_KEYS: `chaos:read+charge+operate:${apiKey}`,
        MERCHANT_NAME: 'Example Shop',
        TERMS_URL: 'https://example.com/terms',
        TERMS_VERSION: '1',
      }),
    );
    const apiUrls = apiPorts.map((port) => `http://127.0.0.1:${port}`);
    await untilAnswering(`${emulatorUrl}/_emulator/truth`);
    for (const url of apiUrls) await untilAnswering(`${url}/readyz`);
    const workers = Array.from({ length: WORKERS }, (_, index) =>
      run(`worker-${index}`, 'worker/main.js', {
        ...shared,
        DATABASE_URL: databaseUrl(proxies.worker_ledger),
        TEMPORAL_ADDRESS: `127.0.0.1:${proxies.worker_temporal.port}`,
        STRIPE_API_BASE: `http://127.0.0.1:${proxies.worker_stripe.port}`,
        MERCHANT_WEBHOOK_URL: merchant.url,
        MERCHANT_WEBHOOK_SECRET: merchant.secret,
      }),
    );
    const supervised = [...workers, ...apis, temporal];
    return {
      apiUrls,
      apiKey,
      emulatorUrl,
      databaseUrl: postgres.url,
      temporalAddress: `127.0.0.1:${direct.port}`,
      proxies,
      processes: {
        worker: workers,
        api: apis,
        temporal: [{ kill: (downMs) => temporal.kill(downMs).then(forwardToTemporal) }],
        postgres: [
          {
            async kill(downMs) {
              await expectListening(Number(database.port));
              await postgres.kill(downMs); // it does not start again before it is dead
            },
          },
        ],
      },
      endedByThemselves: () => supervised.reduce((sum, each) => sum + each.endedByItself(), 0),
      temporalName: temporal.name,
      arrivals: merchant.arrivals,
      secrets: {
        'a Stripe key': [STRIPE_KEY],
        'a signing secret': [webhookSecret, merchant.secret],
        'the secret of links': [linkSecret],
        'the API key': [apiKey],
      },
      logFiles: () => supervised.flatMap((each) => each.logFiles()),
      folder,
      stop,
      removeFolder: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await stop();
    throw new Error(`the system did not start; logs are in ${folder}`, { cause: error });
  }
}

async function untilAnswering(url: string): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const isThere = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) return;
    if (Date.now() > giveUpAt) throw new Error(`${url} does not answer`);
    await pause(100);
  }
}
