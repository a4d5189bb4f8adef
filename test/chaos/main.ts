// `npm run chaos`: the whole product under random kills and cuts, and the verdict on every charge. Exit code 0 only if
// nothing was paid twice, lost, wrongly failed or left without its evidence.
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { collectAccounts } from './accounts.ts';
import { createCaller } from './caller.ts';
import { makePlan, type Plan, type PlannedCustomer } from './plan.ts';
import { type System, startSystem } from './system.ts';
import { createTrouble } from './trouble.ts';
import { type Account, FAULTS, type Finding, judge, story } from './verdict.ts';

const USAGE = `usage: npm run chaos -- [--seed N] [--charges N] [--kills N] [--minutes N] [--production] [--keep]

Runs the product as separate processes (PostgreSQL must be installed), kills and cuts them at random while customers
are charged, heals everything, waits until all agree, and holds every charge against the sandbox's truth.

  --seed N      what breaks when, and who owes what (default: a new one, which is printed)
  --charges N   default 2000
  --kills N     SIGKILLs; cuts, slow spells, Stripe's faults and lost webhooks come on top (default 100)
  --minutes N   no customer begins after so long, however many charges are left
  --production  on Temporal's production server with PostgreSQL (temporal-server and temporal-sql-tool on PATH);
                without it on Temporal's development server with SQLite
  --keep        keep everybody's logs, and say where; without it they are kept after a finding only

docs/chaos.md says how to read the result. Exit codes: 0 nothing found, 1 findings, 2 bad usage, 130 interrupted.`;

/** Customers who are charged side by side. */
const AT_ONCE = 50;
/** So long without any charge coming to its end is a standstill: everything is healed then. */
const STANDSTILL_MS = 4 * 60_000;
/** How long after healing all must agree. */
const AGREE_WITHIN_MS = 6 * 60_000;
const BETWEEN_VERDICTS_MS = 2_000;
const PROGRESS_MS = 10_000;

interface Options {
  readonly seed: number;
  readonly charges: number;
  readonly kills: number;
  readonly minutes: number | null;
  readonly production: boolean;
  readonly keep: boolean;
}

const say = (line: string) => console.log(line);

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const { seed, charges, kills, production } = options;
  const size = `--seed ${seed} --charges ${charges} --kills ${kills}`;
  const again = `npm run chaos -- ${size}${production ? ' --production' : ''}`;
  say(`seed ${seed}; to repeat: ${again}`);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));

  const system = await startSystem(production, say);
  let isClean = false;
  try {
    const result = await run(options, system, interrupted.signal);
    isClean = result.findings.length === 0;
    report(result);
    say(`\nTo repeat: ${again}`);
    return isClean ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    say('\nInterrupted; everything is being ended.');
    return 130;
  } finally {
    const isKept = options.keep || (!isClean && !interrupted.signal.aborted);
    await system.stop(isKept);
    if (isKept) say(`Logs: ${system.folder}`);
  }
}

/** A charge, from being asked for to its end, epoch milliseconds. */
interface Life {
  readonly chargeId: string;
  readonly askedMs: number;
  readonly endedMs: number;
}

interface Result {
  readonly temporalName: string;
  readonly accounts: readonly Account[];
  readonly findings: readonly { readonly account: Account; readonly finding: Finding }[];
  readonly counts: ReadonlyMap<string, number>;
  readonly plannedKills: number;
  readonly endedByThemselves: number;
  readonly busySeconds: number;
  readonly lives: readonly Life[];
  readonly killedAt: readonly number[];
  /** Null: they never did. */
  readonly agreedAfterSeconds: number | null;
}

async function run(options: Options, system: System, interrupted: AbortSignal): Promise<Result> {
  const plan = makePlan(options);
  const over: Life[] = [];
  const trouble = createTrouble(plan.deeds, system, (error) => say(`could not break something: ${error}`));
  const ended = new AbortController();
  const signal = AbortSignal.any([interrupted, ended.signal]);
  setMaxListeners(0, signal, interrupted, ended.signal); // everybody waits for it
  const caller = createCaller({
    ...system,
    signal,
    onOver: (chargeId, askedMs) => {
      over.push({ chargeId, askedMs, endedMs: Date.now() });
      trouble.advance(over.length);
    },
  });

  const startedMs = Date.now();
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    say(
      `${seconds} s: ${over.length} of ${options.charges} charges over, ${killsIn(trouble.counts())} kills`,
    );
  }, PROGRESS_MS);
  try {
    trouble.advance(0);
    const begun: PlannedCustomer[] = [];
    const lives = liveAll(plan, options.minutes, begun, caller.live);
    lives.catch(() => {}); // awaited below
    const isStill = () => Date.now() - (over.at(-1)?.endedMs ?? startedMs) > STANDSTILL_MS;
    await Promise.race([lives, until(isStill, signal)]);
    say(isStill() ? 'Standstill; healing everything' : 'Every customer is done; healing everything');
    const busySeconds = (Date.now() - startedMs) / 1000;

    await trouble.end();
    const healedMs = Date.now();
    const temporal = new Client({
      connection: await Connection.connect({ address: system.temporalAddress }),
    });
    const sources = { caller, temporal, sandboxUrl: system.sandboxUrl };
    const deadline = pause(AGREE_WITHIN_MS, undefined, { signal });
    await Promise.race([lives, deadline]);
    for (;;) {
      const accounts = await collectAccounts(begun, sources);
      const findings = accounts.flatMap((account) => judge(account).map((finding) => ({ account, finding })));
      const afterMs = Date.now() - healedMs;
      if (findings.length === 0 || afterMs > AGREE_WITHIN_MS) {
        await temporal.connection.close();
        return {
          accounts,
          findings,
          temporalName: system.temporalName,
          counts: trouble.counts(),
          plannedKills: options.kills,
          endedByThemselves: system.endedByThemselves(),
          busySeconds,
          lives: over,
          killedAt: trouble.killedAt(),
          agreedAfterSeconds: findings.length === 0 ? afterMs / 1000 : null,
        };
      }
      await pause(BETWEEN_VERDICTS_MS, undefined, { signal });
    }
  } finally {
    clearInterval(progress);
    ended.abort(new Error('the run is over'));
    await trouble.end().catch(() => {});
  }
}

/** A few customers at a time; who has begun is in `begun`, and is seen to the end. */
async function liveAll(
  plan: Plan,
  minutes: number | null,
  begun: PlannedCustomer[],
  live: (customer: PlannedCustomer) => Promise<void>,
): Promise<void> {
  const endMs = minutes === null ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const waiting = [...plan.customers];
  const lane = async () => {
    for (let next = waiting.shift(); next && Date.now() < endMs; next = waiting.shift()) {
      begun.push(next);
      await live(next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  while (!isSo()) await pause(1_000, undefined, { signal });
}

function killsIn(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce((sum, [name, count]) => (name.startsWith('kill ') ? sum + count : sum), 0);
}

function report(result: Result): void {
  const { accounts, findings, counts, busySeconds, lives, agreedAfterSeconds } = result;
  for (const account of new Set(findings.map((each) => each.account))) {
    const what = findings.filter((each) => each.account === account).map(({ finding }) => finding);
    say(`\n${what.map((finding) => `${finding.fault}: ${finding.what}`).join('; ')}`);
    for (const line of story(account)) say(line);
  }
  const group = (verb: string) =>
    [...counts]
      .filter(([name]) => name.startsWith(`${verb} `))
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, count]) => `${name.slice(verb.length + 1)} ${count}`)
      .join(', ') || 'none';
  const attempts = accounts.reduce((sum, { bank }) => sum + bank.length, 0);
  const rows: [string, string | number][] = [
    ['server', result.temporalName],
    ['charges', accounts.length],
    ['times the bank was asked', attempts],
    ['kills', `${killsIn(counts)} of ${result.plannedKills} planned (${group('kill')})`],
    ['cuts', group('cut')],
    ['frozen', group('freeze')],
    ['slow spells', group('slow')],
    ['Stripe’s faults', group('stripe')],
    ['webhook spells', group('webhooks')],
    ['processes that gave up and were started again', result.endedByThemselves],
    ...FAULTS.map((fault): [string, number] => [
      fault,
      findings.filter(({ finding }) => finding.fault === fault).length,
    ]),
    ['minutes under fire', (busySeconds / 60).toFixed(1)],
    ['charges per second', (lives.length / busySeconds).toFixed(2)],
    ['seconds of a charge', lengths(result)],
    ['seconds until all agree', agreedAfterSeconds === null ? 'never' : agreedAfterSeconds.toFixed(0)],
  ];
  say('\n| | |\n|---|---|');
  for (const [name, value] of rows) say(`| ${name} | ${value} |`);
}

/** How long charges took: the usual one, and the longest of those during which something was killed. */
function lengths({ lives, killedAt }: Result): string {
  const length = ({ askedMs, endedMs }: Life) => (endedMs - askedMs) / 1000;
  const ordered = [...lives].sort((one, other) => length(one) - length(other));
  const median = ordered[Math.floor(ordered.length / 2)];
  const killed = ordered.findLast((life) => killedAt.some((ms) => ms >= life.askedMs && ms <= life.endedMs));
  return [
    `median ${median ? length(median).toFixed(1) : 'none'}`,
    `longest with a kill meanwhile ${killed ? `${length(killed).toFixed(1)} (${killed.chargeId})` : 'none'}`,
  ].join('; ');
}

/** @returns an exit code where there is nothing to run */
function readOptions(): Options | number {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        charges: { type: 'string', default: '2000' },
        kills: { type: 'string', default: '100' },
        minutes: { type: 'string' },
        production: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      say(USAGE);
      return 0;
    }
    const whole = (name: string, text: string): number => {
      if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number`);
      return Number(text);
    };
    return {
      seed: values.seed === undefined ? Date.now() % 1_000_000 : whole('seed', values.seed),
      charges: whole('charges', values.charges),
      kills: whole('kills', values.kills),
      minutes: values.minutes === undefined ? null : whole('minutes', values.minutes),
      production: values.production,
      keep: values.keep,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
}
