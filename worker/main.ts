// The worker process: configuration, ledger, Temporal, work, and a way out that loses nothing. It decides nothing.
import { fileURLToPath } from 'node:url';
import { type Logger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { openLedger } from '../ledger/open.ts';
import { createLinks } from '../links/links.ts';
import { createStripeClient } from '../stripe/client.ts';
import { createPayloadCodec, dataConverterWith } from '../temporal/payload-codec.ts';
import { ensureSearchAttributes } from '../temporal/search-attributes.ts';
import { scheduleCatchUp } from './catch-up-schedule.ts';
import { loadConfig, type WorkerConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { createWorkers } from './worker.ts';

const USAGE = `usage: worker [--help]

Runs customers' billing: workflows, and every call to Stripe. As many may run side by side as you like.

  needed    STRIPE_SECRET_KEY  DATABASE_URL  LINK_SECRET  PUBLIC_URL
  optional  TEMPORAL_ADDRESS and Temporal's other variables  STRIPE_API_BASE  HOST  METRICS_PORT
            MERCHANT_WEBHOOK_URL with MERCHANT_WEBHOOK_SECRET  PAYLOAD_KEYS
            TEMPORAL_DEPLOYMENT_NAME with TEMPORAL_WORKER_BUILD_ID: it gets no work until that version is current

.env.example says what each is. SIGTERM or Ctrl-C ends it once what is under way has ended; a second one at once.
Exit codes: 0 ended as asked, 1 a fault, 2 bad configuration, 130 ended by force.`;

const FAULT = 1;
const BAD_CONFIGURATION = 2;
const BY_FORCE = 130;

/** Until there is work to end, a signal simply ends the process. */
let drain = (): void => process.exit(BY_FORCE);

process.exit(await main(process.argv.slice(2)));

async function main(options: readonly string[]): Promise<number> {
  if (options.length > 0) {
    const asked = options.length === 1 && options[0] === '--help';
    (asked ? console.log : console.error)(USAGE);
    return asked ? 0 : BAD_CONFIGURATION;
  }
  let config: WorkerConfig;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    console.error(messageOf(error));
    return BAD_CONFIGURATION;
  }
  const logger = createLogger();
  listenForSignals(logger);
  try {
    await work(config, logger);
    return 0;
  } catch (error) {
    logger.error('the worker ends because of a fault', { error });
    return FAULT;
  }
}

async function work(config: WorkerConfig, logger: Logger): Promise<void> {
  const { metricsAddress, temporal } = config;
  Runtime.install({
    logger,
    shutdownSignals: [], // ours, so that a second one can force the way out
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
      ...(metricsAddress !== null && { metrics: { prometheus: { bindAddress: metricsAddress } } }),
    },
  });
  logger.info('opening the ledger');
  const ledger = await openLedger({ databaseUrl: config.databaseUrl });
  logger.info('connecting to Temporal', {
    address: temporal.connectionOptions.address,
    namespace: temporal.namespace,
  });
  const connection = await NativeConnection.connect(temporal.connectionOptions);
  await ensureSearchAttributes(connection, temporal.namespace);
  const workers = await createWorkers({
    connection,
    namespace: temporal.namespace,
    dataConverter: dataConverterWith(createPayloadCodec(config.payloadKeys)),
    rateCap: config.rateCap,
    version: config.version,
    activities: createActivities({
      stripe: createStripeClient(config.stripeSecretKey, config.stripeApiBase),
      ledger,
      links: createLinks({ secrets: config.linkSecrets, publicUrl: config.publicUrl }),
      merchantWebhook: config.merchantWebhook,
    }),
    ...workflowCode(),
  });
  await scheduleCatchUp(connection, temporal.namespace);
  drain = workers.shutdown;
  logger.info('working', { rateCap: config.rateCap, ...config.version });
  await workers.run();
  await connection.close();
  await ledger.close();
}

/** Sources while this file is a source; the build's bundle once it is compiled. */
function workflowCode(): { workflowsPath: string } | { workflowBundle: { codePath: string } } {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', here)) };
  return { workflowBundle: { codePath: fileURLToPath(new URL('../workflow-bundle.js', here)) } };
}

function listenForSignals(logger: Logger): void {
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(BY_FORCE);
      logger.info('ending: no new work is taken, what is under way ends first; again to leave at once', {
        signal,
      });
      drain();
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
