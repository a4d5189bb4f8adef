// `npm start`: the whole product on one machine, with nothing to sign up for. Not for production: see docker-compose.yml.

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import getPort, { portNumbers } from 'get-port';
import { destination } from 'pino';
import { lockJournal } from '../emulator/store/journal-lock.ts';
import { createPayloadCodec, dataConverterWith } from '../temporal/payload-codec.ts';
import { readPayloadKeys } from '../temporal/payload-keys.ts';
import { createLogger } from '../worker/logger.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import { EMULATOR_KEY, type Stack, startStack } from './stack.ts';
import { playStory } from './story.ts';
import { startTemporal } from './temporal.ts';

const HELP = `usage: npm start [-- --exit]

Starts Temporal, a stand-in for Stripe, a database, the worker and the api on this machine, plays a story in a new
data folder, and stays until Ctrl-C.

  --exit   leave after the story, with 0 when all was as told
  --help   this text

What the environment sets replaces its embedded part:
  TEMPORAL_ADDRESS     a Temporal server instead of the embedded one (needs the namespace to exist)
  DATABASE_URL         PostgreSQL instead of PGlite
  STRIPE_SECRET_KEY    Stripe's test mode instead of the stand-in; needs STRIPE_PUBLISHABLE_KEY and
                       STRIPE_WEBHOOK_SECRET too (from: stripe listen --forward-to <api>/webhooks/stripe)
  STRIPE_API_BASE      another stand-in
  DATA_DIR             where everything is kept (default .data); delete it to start anew
  PORT                 the api's port, exactly (default 3000 or the next free one)
  API_KEYS             your own keys instead of a generated one
.env.example tells the rest.`;

const UNLUCKY = 1;
const BAD_USE = 2;
const INTERRUPTED = 130;

/** What is generated once and kept, so that links and keys survive a restart. */
interface Kept {
  readonly linkSecret: string;
  readonly webhookSecret: string;
  readonly apiKey: string;
}

const say = (line: string) => console.log(line);
const stops: (() => Promise<unknown>)[] = [];
let stopping: Promise<void> | undefined;

/** Ends what was started, last first. Safe to call twice. */
function stopAll(): Promise<void> {
  stopping ??= (async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  })();
  return stopping;
}

const options = process.argv.slice(2);
if (options.includes('--help')) {
  say(HELP);
} else if (options.some((option) => option !== '--exit')) {
  console.error(HELP);
  process.exitCode = BAD_USE;
} else {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(INTERRUPTED);
      say('\nEnding: what is under way ends first; again to leave at once.');
      stopAll().then(
        () => process.exit(process.exitCode ?? 0),
        (error) => fail('did not end in order', error),
      );
    });
  }
  try {
    await up({ leaves: options.includes('--exit') });
  } catch (error) {
    if (!stopping) {
      report('npm start failed', error);
      process.exitCode = UNLUCKY;
    }
    await stopAll();
    process.exit();
  }
}

async function up({ leaves }: { readonly leaves: boolean }): Promise<void> {
  const startedAt = Date.now();
  const progress = (line: string) =>
    say(`${((Date.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  const { env } = process;
  const dataDir = resolve(env.DATA_DIR || '.data');
  const usesEmulator = !env.STRIPE_SECRET_KEY && !env.STRIPE_API_BASE;
  const port = await apiPort(env.PORT);
  // First of all: a second start must not reach what the first one keeps there, Temporal's database least.
  await mkdir(dataDir, { recursive: true });
  stops.push(await lockJournal(join(dataDir, 'start')));
  const kept = await keptSecrets(dataDir);
  const isNew = !existsSync(join(dataDir, 'story.json'));
  Runtime.install({
    // People look at the story; what the worker and Temporal say of it goes to a file.
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
      LINK_SECRET: kept.linkSecret,
      ...(usesEmulator ? { STRIPE_WEBHOOK_SECRET: kept.webhookSecret } : {}),
      API_KEYS: `local:read+charge+operate:${kept.apiKey}`,
      ...given(env),
    },
    port,
    onProgress: progress,
  });
  stops.push(stack.stop);
  progress('Ready');

  if (usesEmulator && isNew) {
    say('\nA story, told from what the system answers:\n');
    await tellStory(stack, temporal, kept.apiKey);
    await writeFile(join(dataDir, 'story.json'), JSON.stringify({ playedAt: new Date().toISOString() }));
  } else if (usesEmulator) {
    say(`\nThe story has been told in ${dataDir}; delete that folder to see it again.`);
  }
  say(await addresses(stack, temporal, env.API_KEYS ? null : kept.apiKey));
  if (!leaves) {
    say('Ctrl-C ends it.');
    return;
  }
  await stopAll();
  process.exit();
}

/** The one asked for, or the next free one. @throws Error before anything is started */
async function apiPort(asked: string | undefined): Promise<number> {
  if (!asked) return getPort({ port: portNumbers(3000, 3099) });
  const port = Number(asked);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`PORT must be a number from 1 to 65535, and is ${asked}`);
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
    const payloads = createPayloadCodec(readPayloadKeys(process.env.PAYLOAD_KEYS ?? '', []));
    const dataConverter = dataConverterWith(payloads);
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
  if (stack.emulatorUrl) lines.push(`  Emulator        ${stack.emulatorUrl}/_emulator/`);
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

async function keptSecrets(dataDir: string): Promise<Kept> {
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8'));
  const kept: Kept = {
    linkSecret: randomBytes(32).toString('hex'),
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
    apiKey: randomBytes(24).toString('base64url'),
  };
  await writeFile(path, JSON.stringify(kept, null, 2), { mode: 0o600 });
  return kept;
}

/** Empty variables count as unset, as they do everywhere else. */
function given(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}

function report(what: string, error: unknown): void {
  console.error(`\n${what}: ${error instanceof Error ? error.message : String(error)}`);
}

function fail(what: string, error: unknown): never {
  report(what, error);
  process.exit(UNLUCKY);
}
