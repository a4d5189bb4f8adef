// The billing run: many charges due at the same instant, under Stripe's limits, while people go on calling.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Goal, RowResult } from '../bench.ts';
import { payments, requestCounts, STRIPE_LIMITS, underStripeLimits } from '../emulator.ts';
import { measured } from '../measured.ts';
import { figure, latency } from '../numbers.ts';
import { People } from '../people.ts';

/** Stripe takes 25 charges a second; a tenth more time is for beginning and ending. */
const MORE_THAN_STRIPE = 1.1;
const PEOPLE = 20;
const IDLE_MS = 30_000;
const QUICK_IDLE_MS = 5_000;
const LEAD_MS = 20_000;
const LEAD_FOR_EACH_MS = 100;
/** A run that is not over after this many times the time Stripe needs is cut off, and the rest is shown as unpaid. */
const PATIENCE = 10;

export async function billingRun(bench: Bench): Promise<RowResult> {
  const { product, stage, options, say, signal } = bench;
  const { perEndpoint, total } = STRIPE_LIMITS;
  const stripeMs = (options.run / STRIPE_LIMITS.perEndpoint) * 1000;
  await product.enrolUpTo(options.run + PEOPLE);
  await stage.restartWorker({ isNotifying: false, stripeLimits: `${perEndpoint}/${total}` });
  const people = new People(product, product.customers.slice(options.run, options.run + PEOPLE), signal);
  await people.callFor(options.isQuick ? QUICK_IDLE_MS : IDLE_MS);
  const idle = people.take();

  const openedMs = Date.now();
  const dueAtMs = openedMs + LEAD_MS + options.run * LEAD_FOR_EACH_MS;
  await product.charge('run', options.run, dueAtMs);
  say(`${options.run} charges opened in ${figure((Date.now() - openedMs) / 1000)} s`);
  await pause(Math.max(0, dueAtMs - Date.now()), undefined, { signal });

  const before = await requestCounts(stage.emulatorUrl);
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const round = await underStripeLimits(stage.emulatorUrl, async () => {
    const calling = people.callUntil(over.signal);
    return measured(bench, 'product', options.run, async () => {
      const giveUpAt = Date.now() + PATIENCE * stripeMs;
      for (let settled = 0; settled < options.run && Date.now() < giveUpAt; ) {
        await pause(1_000, undefined, { signal: until });
        settled = await product.settled('run');
        if (settled % 10 === 0) say(`${settled} of ${options.run} are settled`);
      }
      over.abort();
      await calling;
    });
  });
  const after = await requestCounts(stage.emulatorUrl);
  await stage.restartWorker({ isNotifying: false });
  const during = people.take();
  const paid = await payments(stage.emulatorUrl, 'run');
  const twice = [...paid.values()].filter((times) => times > 1).length;
  const unpaid = options.run - paid.size;
  const limited = after.rateLimited - before.rateLimited;
  const seconds = round.ms / 1000;
  const most = (stripeMs * MORE_THAN_STRIPE) / 1000;
  const zero = (what: string, count: number): Goal => ({
    what,
    wanted: '0',
    got: figure(count),
    isMet: count === 0,
  });
  return {
    tables: [
      {
        title: 'The billing run',
        text: `${options.run} charges due at the same instant, Stripe’s limits switched on (25 requests a second for an endpoint, 100 in
all). Stripe alone needs ${figure(stripeMs / 1000)} s.`,
        head: [
          'seconds',
          'a second',
          '429s',
          'paid twice',
          'not paid',
          'requests to Stripe each',
          'CPU ms each',
        ],
        rows: [
          [
            figure(seconds),
            figure(options.run / seconds),
            figure(limited),
            figure(twice),
            figure(unpaid),
            figure((after.requests - before.requests) / options.run),
            figure(Object.values(round.cpu).reduce((sum, ms) => sum + ms, 0) / options.run),
          ],
        ],
      },
      {
        title: 'A person’s calls during the billing run',
        text: 'Milliseconds, p50 · p99 (number of calls). A charge is waited for (`?wait=20`) until it is paid.',
        head: ['call', 'idle', 'during the run'],
        rows: Object.keys(idle).map((what) => {
          const of = (waits: Readonly<Record<string, readonly number[]>>) =>
            `${latency(waits[what] ?? [])} (${waits[what]?.length ?? 0})`;
          return [what, of(idle), of(during)];
        }),
      },
    ],
    goals: [
      {
        what: `seconds of the billing run of ${figure(options.run)}`,
        wanted: `≤ ${figure(most)}`,
        got: figure(seconds),
        isMet: seconds <= most && unpaid === 0,
      },
      zero('429s in the billing run', limited),
      zero('charges paid twice in the billing run', twice),
      zero('charges not paid in the billing run', unpaid),
    ],
  };
}
