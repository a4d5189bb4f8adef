// `npm run chaos`: the whole product under random kills and cuts, and the verdict on every charge. Exit code 0 only if
// all of the plan was done and nothing was found.
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { forbidden } from '../test/support/secrets.ts';
import { collectAccounts } from './accounts.ts';
import { createCaller, PERSONAL } from './caller.ts';
import { createTrouble } from './faults.ts';
import { searchLogs } from './logs.ts';
import { makePlan, type Plan, type PlannedCustomer } from './plan.ts';
import { killsIn, type Life, type Result, report } from './report.ts';
import { judgeRun, judgeStrays } from './run-verdict.ts';
import { type System, startSystem } from './system.ts';
import { type Finding, judge } from './verdict.ts';

const USAGE = `usage: npm run chaos -- [--seed N] [--charges N] [--kills N] [--minutes N] [--production] [--keep]

Runs the product as separate processes (PostgreSQL must be installed), kills and cuts them at random while customers
are charged, heals everything, waits until all agree, and holds every charge against the emulator's truth.

  --seed N      what breaks when, and who owes what (default: a new one, which is printed)
  --charges N   default 2000
  --kills N     SIGKILLs; cuts, slow spells, Stripe's faults and lost webhooks come on top (default 100)
  --minutes N   no customer begins after so long; where charges are left then, the run is not passed
  --production  on Temporal's production server with PostgreSQL (temporal-server and temporal-sql-tool on PATH);
                without it on Temporal's development server with SQLite
  --keep        keep everybody's logs, and say where; without it they are kept after a finding only

docs/chaos.md says how to read the result. Exit codes: 0 all was done and nothing found, 1 findings, or less was done
than planned, 2 bad usage, 130 interrupted.`;

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
    const judged = await run(options, system, interrupted.signal);
    await system.stop(); // what everybody says last is searched too
    const leaks = await findLeaks(system);
    const result = { ...judged, findings: [...judged.findings, ...leaks] };
    isClean = result.findings.length === 0;
    for (const line of report(result)) say(line);
    say(`\nTo repeat: ${again}`);
    return isClean ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    say('\nInterrupted; everything is being ended.');
    return 130;
  } finally {
    const isKept = options.keep || (!isClean && !interrupted.signal.aborted);
    await system.stop();
    if (isKept) say(`Logs: ${system.folder}`);
    else await system.removeFolder();
  }
}

async function run(options: Options, system: System, interrupted: AbortSignal): Promise<Result> {
  const plan = makePlan(options);
  const over: Life[] = [];
  const failures: string[] = [];
  const trouble = createTrouble(plan.actions, system, (what) => {
    say(what);
    failures.push(what);
  });
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
    const sources = { caller, temporal, emulatorUrl: system.emulatorUrl };
    const deadline = pause(AGREE_WITHIN_MS, undefined, { signal });
    await Promise.race([lives, deadline]);
    for (;;) {
      const { accounts, truth } = await collectAccounts(begun, sources);
      const ofCharges = accounts.flatMap((account) => judge(account).map((each) => ({ ...each, account })));
      const afterMs = Date.now() - healedMs;
      if (ofCharges.length === 0 || afterMs > AGREE_WITHIN_MS) {
        await temporal.connection.close();
        const done = { charges: over.length, kills: killsIn(trouble.counts()), failures };
        return {
          plan,
          accounts,
          findings: [...ofCharges, ...judgeStrays(truth, begun), ...judgeRun(plan, done)],
          temporalName: system.temporalName,
          counts: trouble.counts(),
          endedByThemselves: system.endedByThemselves(),
          busySeconds,
          lives: over,
          killedAt: trouble.killedAt(),
          agreedAfterSeconds: ofCharges.length === 0 ? afterMs / 1000 : null,
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

/** Who was paid by whom, and with which keys, is nobody's to read. */
function findLeaks({ logFiles, secrets }: System): Promise<Finding[]> {
  const personal = {
    'an email': [PERSONAL.emailDomain],
    'an IP': [PERSONAL.ip],
    'a user agent': [PERSONAL.userAgent],
  };
  return searchLogs(logFiles(), forbidden({ ...secrets, ...personal }));
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
