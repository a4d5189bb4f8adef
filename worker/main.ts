// The worker process: settings in, work, and a way out that loses nothing.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Logger, makeTelemetryFilterString, NativeConnection, Runtime } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import { openLedger } from '../ledger/open.ts';
import { assembleWorker } from './assemble.ts';
import { loadConfig, type WorkerConfig } from './config.ts';
import { createLogger } from './logger.ts';
import { metricTags } from './metric-tags.ts';
import type { WorkflowCode } from './worker.ts';

const USAGE = `usage: worker [--help]

Runs customers' billing: workflows, and every call to Stripe. As many may run side by side as you like.

  needed    STRIPE_SECRET_KEY  DATABASE_URL  LINK_SECRET  PUBLIC_URL
  optional  TEMPORAL_ADDRESS and Temporal's other variables  STRIPE_API_BASE  HOST  METRICS_PORT
            STRIPE_RATE_LIMITS  MAX_CHARGE_AMOUNT  MERCHANT_WEBHOOK_URL with MERCHANT_WEBHOOK_SECRET
            PAYLOAD_KEYS  PAYLOAD_ALLOW_PLAIN  SEARCH_ATTRIBUTES_LEFT_OUT  POLICY_FILE
            TEMPORAL_DEPLOYMENT_NAME with TEMPORAL_WORKER_BUILD_ID: it gets no work until that version is current

.env.example says what each is. SIGTERM or Ctrl-C ends it once what is under way has ended; a second one at once.
Exit codes: 0 ended as asked, 1 a fault, 2 bad configuration, 130 ended by force.`;

const FAULT = 1;
const BAD_CONFIGURATION = 2;
const BY_FORCE = 130;

/** Longer than the workers' own shutdown takes at most (worker/worker.ts). */
const LONGEST_SHUTDOWN_MS = 60_000;

const isHelp = wantsHelp();
if (isHelp === null) {
  console.error(USAGE);
  process.exitCode = BAD_CONFIGURATION;
} else if (isHelp) console.log(USAGE);
else await start();

/** Null for options that do not exist. */
function wantsHelp(): boolean | null {
  try {
    return parseArgs({ options: { help: { type: 'boolean', default: false } } }).values.help;
  } catch {
    return null;
  }
}

async function start(): Promise<void> {
  let config: WorkerConfig;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = BAD_CONFIGURATION;
    return;
  }
  const logger = createLogger();
  try {
    await work(config, logger);
  } catch (error) {
    logger.error('the worker ends because of a fault', { error });
    process.exit(FAULT);
  }
}

async function work(config: WorkerConfig, logger: Logger): Promise<void> {
  installRuntime(config, logger);
  logger.info('opening the ledger');
  const ledger = await openLedger({ databaseUrl: config.databaseUrl ?? '' });
  const { connectionOptions, namespace } = config.temporal;
  logger.info('connecting to Temporal', { address: connectionOptions.address, namespace });
  const connection = await NativeConnection.connect(connectionOptions);
  const workers = await assembleWorker(config, { ledger, connection, workflows: workflowCode() });

  logger.info('working', { stripeLimits: config.stripeLimits, ...config.version });
  const working = workers.run();
  closeWithGrace(
    {
      delay: LONGEST_SHUTDOWN_MS,
      logger: { error: (error) => logger.error('did not end in order', { error }) },
      onSecondSignal: () => process.exit(BY_FORCE),
    },
    async ({ signal, err: error }) => {
      if (error) logger.error('the worker ends because of a fault', { error });
      else
        logger.info('ending: no new work is taken, what is under way ends first; again to leave at once', {
          signal,
        });
      workers.shutdown();
      await working;
      await connection.close();
      await ledger.close();
    },
  );
  await working;
}

/** Before anything else of Temporal's: its own words go to the same log, and signals are ours. */
function installRuntime(config: WorkerConfig, logger: Logger): void {
  const bindAddress = config.metricsAddress;
  Runtime.install({
    logger,
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
      ...(bindAddress === null
        ? {}
        : { metrics: { prometheus: { bindAddress }, globalTags: metricTags(config) } }),
    },
  });
}

/** Sources while this file is a source; the build's bundle once it is compiled. */
function workflowCode(): WorkflowCode {
  const here = import.meta.url;
  if (here.endsWith('.ts')) return { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', here)) };
  return { workflowBundle: { codePath: fileURLToPath(new URL('../workflow-bundle.js', here)) } };
}
