// `npm run chaos`: runs the whole product under random kills and network faults, and judges every charge.
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { forbidden } from '../test/support/secrets.ts';
import { CATCH_UP_ID } from '../workflows/messages.ts';
import { createCaller, PERSONAL } from './caller.ts';
import { createFaultInjector } from './fault-injector.ts';
import type { Finding } from './findings.ts';
import { countArrivals, judgeNotices } from './judge-notices.ts';
import { searchLogs } from './logs.ts';
import { collectObservations } from './observations.ts';
import { makePlan, type Plan, type PlannedCustomer } from './plan.ts';
import { type FinishedCharge, killsIn, type Result, report } from './report.ts';
import { judgeRun, judgeUnplanned } from './run-verdict.ts';
import { type System, startSystem } from './system.ts';
import { judge } from './verdict.ts';
import { verifyEvidence } from './verify-evidence.ts';

const USAGE = `usage: npm run chaos -- [--seed N] [--charges N] [--kills N] [--minutes N] [--production] [--keep]

Runs the product as separate processes (PostgreSQL must be installed), kills and cuts them at random while customers
are charged, heals everything, waits until all agree, and holds every charge against the emulator's truth.

  --seed N      what breaks when, and who owes what (default: a new one, which is printed)
  --charges N   default 2000
  --kills N     SIGKILLs; cuts, slow connections, Stripe's faults and lost webhooks come on top (default 100)
  --minutes N   no customer starts later than this; charges left then fail the run
  --production  on Temporal's production server with PostgreSQL (temporal-server and temporal-sql-tool on PATH);
                without it on Temporal's development server with SQLite
  --keep        keep the logs, and say where they are; otherwise they are kept only after a finding

docs/chaos.md says how to read the result. Exit codes: 0 all was done and nothing found, 1 findings, or less was done
than planned, 2 bad usage, 130 interrupted.`;

/** Customers who are charged side by side. */
const CUSTOMERS_AT_ONCE = 50;
/** Without any ended charge for so long, everything is healed: a standstill. */
const STANDSTILL_MS = 4 * 60_000;
/** All sources must agree within this time after healing. */
const AGREE_WITHIN_MS = 8 * 60_000;
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
    const broken = await verifyEvidence(system.databaseUrl);
    await system.stop(); // the last lines of the logs are searched too
    const leaks = await findLeaks(system);
    const result = { ...judged, findings: [...judged.findings, ...broken, ...leaks] };
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
  const finished: FinishedCharge[] = [];
  const failures: string[] = [];
  const interferences = new Map<string, number>();
  const injector = createFaultInjector(plan.actions, system, (what) => {
    say(what);
    failures.push(what);
  });
  const ended = new AbortController();
  const signal = AbortSignal.any([interrupted, ended.signal]);
  setMaxListeners(0, signal, interrupted, ended.signal); // every request listens to it
  const connection = Connection.lazy({ address: system.temporalAddress });
  const temporal = new Client({ connection });
  const caller = createCaller({
    ...system,
    temporal,
    signal,
    onInterference: (what) => interferences.set(what, (interferences.get(what) ?? 0) + 1),
    onEnded: (chargeId, requestedMs) => {
      finished.push({ chargeId, requestedMs, endedMs: Date.now() });
      injector.advance(finished.length);
    },
  });

  const startedMs = Date.now();
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    say(
      `${seconds} s: ${finished.length} of ${options.charges} charges ended, ${killsIn(injector.counts())} kills`,
    );
  }, PROGRESS_MS);
  try {
    injector.advance(0);
    const started: PlannedCustomer[] = [];
    const customers = runAll(plan, options.minutes, started, caller.run);
    customers.catch(() => {}); // awaited below
    const isStandstill = () => Date.now() - (finished.at(-1)?.endedMs ?? startedMs) > STANDSTILL_MS;
    await Promise.race([customers, until(isStandstill, signal)]);
    say(isStandstill() ? 'Standstill; healing everything' : 'Every charge has ended; healing everything');
    const busySeconds = (Date.now() - startedMs) / 1000;

    await injector.heal();
    const healedMs = Date.now();
    // It starts what dead workers have left behind; by itself it comes every five minutes.
    await temporal.schedule.getHandle(CATCH_UP_ID).trigger();
    const { emulatorUrl, arrivals } = system;
    const sources = { caller, temporal, emulatorUrl, arrivals };
    const deadline = pause(AGREE_WITHIN_MS, undefined, { signal });
    await Promise.race([customers, deadline]);
    for (;;) {
      const { observations, truth } = await collectObservations(started, sources);
      const ofCharges = observations.flatMap((observation) =>
        [...judge(observation), ...judgeNotices(observation)].map((each) => ({ ...each, observation })),
      );
      const afterMs = Date.now() - healedMs;
      if (ofCharges.length === 0 || afterMs > AGREE_WITHIN_MS) {
        const done = { charges: finished.length, kills: killsIn(injector.counts()), failures };
        return {
          plan,
          observations,
          findings: [...ofCharges, ...judgeUnplanned(truth, started), ...judgeRun(plan, done)],
          temporalName: system.temporalName,
          counts: injector.counts(),
          interferences,
          notices: countArrivals(arrivals),
          endedByThemselves: system.endedByThemselves(),
          busySeconds,
          finished,
          killedAt: injector.killedAt(),
          agreedAfterSeconds: ofCharges.length === 0 ? afterMs / 1000 : null,
        };
      }
      await pause(BETWEEN_VERDICTS_MS, undefined, { signal });
    }
  } finally {
    clearInterval(progress);
    ended.abort(new Error('the run is over'));
    await injector.heal().catch(() => {});
    await connection.close();
  }
}

/** Searches the logs for keys and for personal data of the customers. */
function findLeaks({ logFiles, secrets }: System): Promise<Finding[]> {
  const personal = {
    'an email': [PERSONAL.emailDomain],
    'an IP': [PERSONAL.ip],
    'a user agent': [PERSONAL.userAgent],
  };
  return searchLogs(logFiles(), forbidden({ ...secrets, ...personal }));
}

/** Runs some customers at a time. Those in `started` are followed to their end. */
async function runAll(
  plan: Plan,
  minutes: number | null,
  started: PlannedCustomer[],
  run: (customer: PlannedCustomer) => Promise<void>,
): Promise<void> {
  const endMs = minutes === null ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const waiting = [...plan.customers];
  const slot = async () => {
    for (let next = waiting.shift(); next && Date.now() < endMs; next = waiting.shift()) {
      started.push(next);
      await run(next);
    }
  };
  await Promise.all(Array.from({ length: CUSTOMERS_AT_ONCE }, slot));
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
