// `npm start`: runs the whole product on one machine, for trying it out; docker-compose.yml is for production.
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import closeWithGrace from 'close-with-grace';
import getPort, { portNumbers } from 'get-port';
import { destination } from 'pino';
import { lockJournal } from '../emulator/store/journal-lock.ts';
import { clientDataConverter } from '../temporal/payload-codec.ts';
import { readPayloadEncryption } from '../temporal/payload-keys.ts';
import { createLogger } from '../worker/logger.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import { keptSecrets } from './kept-secrets.ts';
import { EMULATOR_KEY, type Stack, startStack } from './stack.ts';
import { playStory } from './story.ts';
import { startTemporal } from './temporal.ts';
import { refuseLiveKeys } from './test-keys-only.ts';

const HELP = `usage: npm start [-- --exit]

Starts Temporal, a stand-in for Stripe, a database, the worker and the api on this machine, plays a story in a new
data folder, and stays until Ctrl-C.

  --exit   leave after the story, with 0 when every step was as expected
  --help   this text

What the environment sets replaces its embedded part:
  TEMPORAL_ADDRESS     a Temporal server instead of the embedded one (needs the namespace to exist)
  DATABASE_URL         PostgreSQL instead of PGlite
  STRIPE_SECRET_KEY    Stripe's test mode instead of the stand-in; needs STRIPE_PUBLISHABLE_KEY and
                       STRIPE_WEBHOOK_SECRET too (from: stripe listen --all-snapshot --forward-to <api>/webhooks/stripe);
                       live keys are refused: they are for npm run worker and npm run api
  STRIPE_API_BASE      another stand-in
  DATA_DIR             where everything is kept (default .data); delete it to start over
  PORT                 the api's port, exactly (default 3000 or the next free one)
  API_KEYS             your own keys instead of a generated one
.env.example tells the rest.`;

const FAULT = 1;
const BAD_USE = 2;
/** Milliseconds; longer than the worker takes to end what is under way. */
const LONGEST_CLOSE = 60_000;

const say = (line: string) => console.log(line);
const stops: (() => Promise<unknown>)[] = [];

let isClosing = false;

const leaves = readOptions();
if (leaves !== null) {
  // Everything in the data folder is its owner's alone, also what Temporal and the databases write there.
  process.umask(0o077);
  const { close } = closeWithGrace(
    { delay: LONGEST_CLOSE, skip: ['beforeExit'] },
    async ({ signal, err }) => {
      isClosing = true;
      if (signal) say('\nEnding: what is under way ends first; again to leave at once.');
      if (err) report(err);
      for (const stop of stops.splice(0).reverse()) await stop();
      if (process.exitCode) process.exit();
    },
  );
  try {
    await up(leaves);
    if (leaves) await close();
    else say('Ctrl-C ends it.');
  } catch (error) {
    // What a signal interrupts fails, and that is no fault.
    if (!isClosing) {
      report(error);
      process.exitCode = FAULT;
      await close();
    }
  }
}

/** @returns whether to leave after the story; null when there is nothing to start */
function readOptions(): boolean | null {
  try {
    const { values } = parseArgs({
      options: { exit: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    if (!values.help) return values.exit;
    say(HELP);
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${HELP}`);
    process.exitCode = BAD_USE;
  }
  return null;
}

/** @param leaves whether everything ends at once, so that nobody can use its addresses */
async function up(leaves: boolean): Promise<void> {
  const startedAt = Date.now();
  const progress = (line: string) =>
    say(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const { env } = process;
  refuseLiveKeys(env);
  const dataDir = resolve(env.DATA_DIR || '.data');
  const usesEmulator = !env.STRIPE_SECRET_KEY && !env.STRIPE_API_BASE;
  const port = await apiPort(env.PORT);
  // First of all: a second start must not reach what the first one keeps there, Temporal's database least.
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o700); // it may have been made before
  stops.push(await lockJournal(join(dataDir, 'start')));
  const secrets = await keptSecrets(dataDir);
  const isNew = !existsSync(join(dataDir, 'story.json'));
  Runtime.install({
    // People look at the story; the logs of worker and Temporal go to a file.
    logger: createLogger(destination(join(dataDir, 'worker.log'))),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
    },
  });

  const temporal = await temporalServer(dataDir, progress);
  const stack = await startStack({
    temporal,
    ledger: env.DATABASE_URL ? { databaseUrl: env.DATABASE_URL } : { dataDir },
    workflows: { workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)) },
    emulator: usesEmulator
      ? { dataFile: join(dataDir, 'emulator.jsonl'), port: await getPort({ port: portNumbers(8420, 8499) }) }
      : null,
    env: {
      LINK_SECRET: secrets.linkSecret,
      ...(usesEmulator ? { STRIPE_WEBHOOK_SECRET: secrets.webhookSecret } : {}),
      API_KEYS: `local:read+charge+operate:${secrets.apiKey}`,
      ...withoutEmpty(env),
    },
    port,
    onProgress: progress,
  });
  stops.push(stack.stop);
  progress('Ready');

  if (usesEmulator && isNew) {
    say('\nA story, told from what the system answers:\n');
    await tellStory(stack, temporal, secrets.apiKey);
    await writeFile(join(dataDir, 'story.json'), JSON.stringify({ playedAt: new Date().toISOString() }));
  } else if (usesEmulator) {
    say(`\nThe story has been told in ${dataDir}; delete that folder to see it again.`);
  }
  if (!leaves) say(await addresses(stack, temporal, env.API_KEYS ? null : secrets.apiKey));
}

/** The one asked for, or the next free one. @throws Error before anything is started */
async function apiPort(wanted: string | undefined): Promise<number> {
  if (!wanted) return getPort({ port: portNumbers(3000, 3099) });
  const port = Number(wanted);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`PORT must be a number from 1 to 65535, and is ${wanted}`);
  if ((await getPort({ port })) !== port)
    throw new Error(`PORT ${port} is in use or not allowed; leave PORT out to get a free one`);
  return port;
}

async function temporalServer(dataDir: string, onProgress: (line: string) => void) {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace = 'default' } = process.env;
  if (address) return { address, namespace, uiUrl: undefined };
  const server = await startTemporal({
    dataDir,
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    ui: true,
    port: 7233,
    uiPort: 8233,
    onProgress,
  });
  stops.push(server.stop);
  return { address: server.address, namespace: 'default', uiUrl: server.uiUrl };
}

async function tellStory(stack: Stack, temporal: { address: string; namespace: string }, apiKey: string) {
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const dataConverter = clientDataConverter(readPayloadEncryption(process.env, []));
    const client = new Client({ connection, namespace: temporal.namespace, dataConverter });
    const key = process.env.API_KEYS ? keyFrom(process.env.API_KEYS) : apiKey;
    await playStory({
      url: stack.url,
      apiKey: key,
      emulatorUrl: stack.emulatorUrl,
      emulatorKey: EMULATOR_KEY,
      client,
      tell: say,
    });
  } finally {
    await connection.close();
  }
}

/** The first plain key of the caller's own. */
function keyFrom(apiKeys: string): string {
  return apiKeys.split(',')[0]?.split(':').slice(2).join(':') ?? '';
}

/** Somebody to try the pages with: enrolled by nobody yet, so the link is alive. */
async function addresses(
  stack: Stack,
  temporal: { uiUrl: string | undefined },
  apiKey: string | null,
): Promise<string> {
  const lines = ['', `  API            ${stack.url}/docs`];
  if (apiKey) {
    lines.push(`  API key        ${apiKey}`);
    const page = await pageToTry(stack.url, apiKey);
    if (page) lines.push(`  A page to try  ${page}`);
  }
  if (temporal.uiUrl) lines.push(`  Temporal UI    ${temporal.uiUrl}`);
  lines.push(`  Logs           ${join(resolve(process.env.DATA_DIR || '.data'), 'worker.log')}`);
  if (stack.emulatorUrl) lines.push(`  Emulator       ${stack.emulatorUrl}/_emulator/`);
  return `${lines.join('\n')}\n`;
}

async function pageToTry(url: string, apiKey: string): Promise<string | null> {
  const response = await fetch(`${url}/v1/customers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ customerId: 'you' }),
  });
  const { enrolment } = (await response.json()) as { enrolment?: { status: string; url: string } };
  return enrolment && enrolment.status !== 'succeeded' ? enrolment.url : null;
}

/** Empty variables count as unset, as they do everywhere else. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

function report(error: unknown): void {
  console.error(`\nnpm start failed: ${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
