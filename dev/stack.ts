// Runs the product in one process on a given Temporal server: emulator (or Stripe), ledger, worker and api.
import { randomBytes } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { assembleApi } from '../api/assemble.ts';
import { loadConfig as loadApiConfig } from '../api/config.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { buildEmulator } from '../emulator/app.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type LedgerOptions, openLedger } from '../ledger/open.ts';
import { assembleWorker } from '../worker/assemble.ts';
import { loadConfig as loadWorkerConfig } from '../worker/config.ts';
import { freePort } from './free-port.ts';

export interface StackOptions {
  readonly temporal: { readonly address: string; readonly namespace: string };
  /** A ledger that is already open stays open when the stack ends. */
  readonly ledger: LedgerOptions | Ledger;
  readonly workflows:
    | { readonly workflowsPath: string }
    | { readonly workflowBundle: { readonly codePath: string } };
  /** The product's environment; what it does not set gets a value for one machine. */
  readonly env?: NodeJS.ProcessEnv;
  /** Null: Stripe itself or a stand-in that `env` names. `dataFile` absent: kept in memory. */
  readonly emulator: {
    readonly dataFile?: string;
    readonly port?: number;
    /** Called before the emulator listens. */
    readonly prepare?: (emulator: FastifyInstance) => void;
  } | null;
  /** Absent: any free one. */
  readonly port?: number;
  /** Until a call to Stripe counts as unanswered; absent: as in production. */
  readonly stripeTimeoutMs?: number;
  /** Of the api; absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  readonly onProgress?: (line: string) => void;
}

export interface Stack {
  /** Of the api and the customer's pages. */
  readonly url: string;
  /** A key with every scope; of no use where `env` brings keys of its own. */
  readonly apiKey: string;
  /** Empty when there is no emulator. */
  readonly emulatorUrl: string;
  /** Drains the worker, then ends the rest. */
  stop(): Promise<void>;
}

/** Any key of this form will do: the emulator knows one account. */
export const EMULATOR_KEY = 'sk_test_emulator';

/**
 * @returns once api and worker are ready
 * @throws Error naming every fault of the environment at once; what was started is ended first
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { temporal, onProgress = () => {} } = options;
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const port = options.port ?? (await freePort());
    const url = `http://127.0.0.1:${port}`;
    const apiKey = randomBytes(24).toString('base64url');
    const webhookSecret = `whsec_${randomBytes(24).toString('hex')}`;
    const env: NodeJS.ProcessEnv = {
      LINK_SECRET: randomBytes(32).toString('hex'),
      API_KEYS: `local:read+charge+operate:${apiKey}`,
      // Stripe, or another stand-in, has a secret of its own: with a made-up one every event would be refused.
      ...(options.emulator ? { STRIPE_WEBHOOK_SECRET: webhookSecret } : {}),
      PUBLIC_URL: url,
      MERCHANT_NAME: 'Example Shop',
      TERMS_URL: 'https://example.com/terms',
      TERMS_VERSION: '1',
      ...options.env,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      PORT: String(port),
    };

    let emulatorUrl = '';
    if (options.emulator) {
      onProgress('Starting the emulator (a stand-in for Stripe)');
      const { dataFile, port: emulatorPort, prepare } = options.emulator;
      const emulator = await buildEmulator({
        webhookSecret: env.STRIPE_WEBHOOK_SECRET?.split(',')[0] ?? webhookSecret,
        webhookUrl: `${url}/webhooks/stripe`,
        ...omitUndefined({ dataFile }),
      });
      stops.push(() => emulator.close());
      prepare?.(emulator);
      emulatorUrl = await emulator.listen({ host: '127.0.0.1', port: emulatorPort ?? 0 });
      env.STRIPE_API_BASE = emulatorUrl;
      env.STRIPE_SECRET_KEY = EMULATOR_KEY;
      env.STRIPE_PUBLISHABLE_KEY = 'pk_test_emulator';
    }

    const apiConfig = loadApiConfig(env, { withLedger: true });
    const workerConfig = loadWorkerConfig(env, { withLedger: true });

    onProgress('Opening the ledger');
    const { ledger, close } = await ledgerFrom(options.ledger);
    stops.push(close);

    onProgress('Starting the worker');
    const nativeConnection = await NativeConnection.connect(workerConfig.temporal.connectionOptions);
    stops.push(() => nativeConnection.close());
    const workers = await assembleWorker(workerConfig, {
      ledger,
      connection: nativeConnection,
      workflows: options.workflows,
      ...omitUndefined({ stripeTimeoutMs: options.stripeTimeoutMs }),
    });
    const working = workers.run();
    // A worker that fails makes the process exit with 1; its error is awaited when the stack ends.
    working.catch((error) => {
      process.exitCode = 1;
      onProgress(`The worker has stopped: ${error instanceof Error ? error.message : String(error)}`);
    });
    stops.push(() => {
      workers.shutdown();
      return working;
    });

    onProgress('Starting the api');
    const connection = await Connection.connect(apiConfig.temporal.connectionOptions);
    stops.push(() => connection.close());
    const app = await assembleApi(apiConfig, {
      ledger,
      connection,
      ...omitUndefined({ logger: options.logger }),
    });
    stops.push(() => app.close());
    await app.listen({ host: env.HOST ?? '127.0.0.1', port });
    return { url, apiKey, emulatorUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ledgerFrom(option: StackOptions['ledger']) {
  if ('installationId' in option) return { ledger: option, close: async () => {} };
  const ledger = await openLedger(option);
  return { ledger, close: () => ledger.close() };
}
