// `npm run fuzz`: property tests of the OpenAPI document against the whole stack.
import { type SpawnOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { type Stack, startStack } from '../../dev/stack.ts';
import { startTemporal } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';

const HELP = `usage: npm run fuzz [-- --seconds N --examples N --seed N]

Starts Temporal, the emulator, worker and api, installs schemathesis into a temporary folder (pip), and plays
requests made from /openapi.json, good and bad, with a key of all scopes. It ends with 1 when an answer is a 5xx that
is not documented, or breaks the document in status, content type or shape, or when bad input is not refused.

  --seconds   how long to play (default 300)
  --examples  cases for each operation and phase (default 50)
  --seed      plays the same cases again (default: any)`;

/** Pinned: other versions find other things. */
const SCHEMATHESIS = 'schemathesis==4.32.5';
/** Milliseconds beyond `--seconds` after which a run that does not end is ended: an install, and shrinking. */
const PATIENCE = 240_000;
/** What may be asked for is what the document says; the rest of schemathesis' checks suppose another kind of api. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'ignored_auth',
];

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    examples: { type: 'string', default: '50' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(HELP);
else process.exitCode = await fuzz();

/** @returns the exit code */
async function fuzz(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-fuzz-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    console.log('Installing schemathesis');
    const packages = join(folder, 'packages');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', packages];
    if ((await run('python3', [...pip, SCHEMATHESIS])) !== 0) throw new Error('pip could not install it');

    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const say = (line: string) => console.log(line);
    const searchAttributes = Object.values(SEARCH_ATTRIBUTES);
    const temporal = await startTemporal({ searchAttributes, ui: false, onProgress: say });
    stops.push(temporal.stop);
    const stack = await startStack({
      temporal: { address: temporal.address, namespace: 'default' },
      ledger: { dataDir: folder },
      workflows: { workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)) },
      emulator: {},
      env: { PAYLOAD_KEYS: `fuzz:${randomBytes(32).toString('base64')}` },
      onProgress: say,
    });
    stops.push(stack.stop);
    const config = join(folder, 'schemathesis.toml');
    await writeFile(config, configOf(await makeExamplesReal(stack)));

    return await run(
      'python3',
      [
        ...['-m', 'schemathesis.cli', '--config-file', config, 'run', `${stack.url}/openapi.json`],
        ...['--header', `Authorization: Bearer ${stack.apiKey}`, '--checks', CHECKS.join(',')],
        ...['--max-time', options.seconds, '--max-examples', options.examples],
        ...[
          '--generation-database',
          'none',
          '--request-timeout',
          '60',
          '--continue-on-failure',
          '--no-color',
        ],
        ...(options.seed === undefined ? [] : ['--seed', options.seed]),
      ],
      // It leaves files where it is run.
      { cwd: folder, env: { ...process.env, PYTHONPATH: packages } },
    );
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Tokens that open pages, by the path in front of them. */
interface Tokens {
  readonly enrol: string;
  readonly stepUp: string;
}

/** Puts there what the document gives as examples, so that cases reach further than 404. */
async function makeExamplesReal({ url, apiKey, emulatorUrl }: Stack): Promise<Tokens> {
  const post = async (address: string, body: object) => {
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${address}: ${answer.status} ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const tokenOf = (link: string) => link.split('/').at(-1) ?? '';
  const consent = { termsVersion: '1', acceptedAt: '2026-01-01T00:00:00Z' };
  const customers = `${url}/v1/customers`;
  const charge = { chargeId: 'order-2026-0117', amount: 4900, currency: 'eur' };
  await post(customers, { customerId: 'customer-42', paymentMethod: 'pm_card_visa', consent });
  await post(`${customers}/customer-42/charges?wait=20`, charge);

  const asked = await post(customers, {
    customerId: 'asked',
    paymentMethod: 'pm_card_authenticationRequired',
    consent,
  });
  await post(`${emulatorUrl}/_emulator/challenges/${asked.enrolment.setupIntentId}`, { result: 'succeed' });
  for (let tries = 0; (await statusOf(`${customers}/asked`, apiKey)) !== 'active'; tries += 1) {
    if (tries === 100) throw new Error('the enrolment did not succeed');
    await pause(100);
  }
  const { stepUp } = await post(`${customers}/asked/charges?wait=20`, charge);
  const { enrolment } = await post(customers, { customerId: 'enrolling' });
  return { enrol: tokenOf(enrolment.url), stepUp: tokenOf(stepUp.url) };
}

async function statusOf(address: string, apiKey: string): Promise<string> {
  const answer = await fetch(address, { headers: { authorization: `Bearer ${apiKey}` } });
  return ((await answer.json()) as { status: string }).status;
}

/**
 * Links that work are given to what the pages' scripts post; what people open is requested with anything. 410, 413 and 431
 * refuse input just as well as the statuses that schemathesis knows.
 */
function configOf({ enrol, stepUp }: Tokens): string {
  const withToken = (path: string, token: string) =>
    `[[operations]]\ninclude-path-regex = "^/${path}/"\ninclude-method = "POST"\nparameters = { "token" = "${token}" }\n`;
  return `[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 431, "5xx"]

${withToken('enrol', enrol)}
${withToken('step-up', stepUp)}`;
}

/** Runs a program to its end, its words among ours. @returns its exit code; 1 when it was ended for being late */
async function run(program: string, args: readonly string[], more: SpawnOptions = {}): Promise<number> {
  const timeout = Number(options.seconds) * 1000 + PATIENCE;
  const child = spawn(program, args, { stdio: 'inherit', timeout, ...more });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
