// Charges asked for at once, and charges due later at the same instant: the product and the bare workflow turn by turn.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Goal, RowResult } from '../bench.ts';
import { total } from '../cpu.ts';
import { type Measured, measured } from '../measured.ts';
import { figure, latency, median, percentile } from '../numbers.ts';
import type { Refusals } from '../product.ts';

export interface Round extends Measured {
  readonly waitsMs?: readonly number[];
  readonly refusals?: Refusals;
}

interface Sides {
  readonly bare: readonly Round[];
  readonly ours: readonly Round[];
}

/** Opened so early that all are accepted before they are due; doubled where that was not enough. */
const LEAD_FOR_EACH_MS = 100;
const LEAD_MS = 10_000;

export async function chargesAtOnce(bench: Bench): Promise<RowResult> {
  const { charges } = bench.options;
  const sides = await inTurns(
    bench,
    () => bareAtOnce(bench),
    (round) => oursAtOnce(bench, `at-once-${round}`),
  );
  const waitsMs = sides.ours.flatMap((round) => round.waitsMs ?? []);
  const refusals = sides.ours.flatMap((round) => Object.entries(round.refusals ?? {}));
  const refused = (status: number) =>
    refusals.reduce((sum, [name, count]) => (Number(name) === status ? sum + count : sum), 0);
  return {
    tables: [
      {
        title: 'Charges asked for at once',
        text: `${charges} customers, one charge each, asked for by 50 callers at once; from the first request until the last
charge is on record as succeeded. \`POST …/charges\` took ${latency(waitsMs)} ms (p50 · p99); answered 503: ${refused(503)},
429: ${refused(429)}.`,
        ...comparison(sides),
      },
    ],
    goals: [
      ...chargeGoals('charges asked for at once', sides),
      {
        what: 'p99 of `POST …/charges` with 50 callers',
        wanted: '< 1,000 ms',
        got: `${figure(percentile(waitsMs, 0.99))} ms`,
        isMet: percentile(waitsMs, 0.99) < 1_000,
      },
      {
        what: 'answers 503 to 50 callers',
        wanted: '0',
        got: String(refused(503)),
        isMet: refused(503) === 0,
      },
    ],
  };
}

export async function chargesDue(bench: Bench): Promise<RowResult> {
  const sides = await inTurns(
    bench,
    () => bareDue(bench),
    (round) => oursDue(bench, `due-${round}`),
  );
  return {
    tables: [
      {
        title: 'Charges due later, at the same instant',
        text: `${bench.options.charges} customers, one charge each, opened before; from the instant they are due. The bare workflow
has been signalled before, and waits with a timer.`,
        ...comparison(sides),
      },
    ],
    goals: chargeGoals('charges due later', sides),
  };
}

/** The same with an endpoint for notices, so that every charge sends one. */
export async function chargesWithNotices(bench: Bench): Promise<RowResult> {
  await bench.stage.restartWorker({ isNotifying: true });
  try {
    const sides = await inTurns(
      bench,
      () => bareAtOnce(bench),
      (round) => oursAtOnce(bench, `notified-${round}`),
    );
    return {
      tables: [
        {
          title: 'Charges asked for at once, with a notice of each',
          text: 'As above, and the merchant has an endpoint, to which each charge sends a notice.',
          ...comparison(sides),
        },
      ],
      goals: [],
    };
  } finally {
    await bench.stage.restartWorker({ isNotifying: false });
  }
}

/** One round of each to warm up, and then in turns. */
async function inTurns(
  { product, options, say }: Bench,
  bare: () => Promise<Round>,
  ours: (round: number) => Promise<Round>,
): Promise<Sides> {
  await product.enrolUpTo(options.charges);
  const sides: { bare: Round[]; ours: Round[] } = { bare: [], ours: [] };
  for (let round = 0; round <= options.rounds; round += 1) {
    const first = await bare();
    const second = await ours(round);
    const name = round === 0 ? 'warm-up' : `round ${round}`;
    for (const [who, each] of [
      ['bare', first],
      ['ours', second],
    ] as const)
      say(
        `${name}, ${who}: ${figure(perSecond(each))} a second, ${figure(total(each.cpu) / each.count)} ms CPU each (${parts(each)})`,
      );
    if (round === 0) continue;
    sides.bare.push(first);
    sides.ours.push(second);
  }
  return sides;
}

function bareAtOnce(bench: Bench): Promise<Round> {
  const { charges } = bench.options;
  return measured(bench, 'bare', charges, () => bench.bare.charge(charges));
}

async function oursAtOnce(bench: Bench, name: string): Promise<Round> {
  const { charges } = bench.options;
  const asked: { waitsMs?: readonly number[]; refusals?: Refusals } = {};
  const round = await measured(bench, 'product', charges, async () => {
    Object.assign(asked, await bench.product.charge(name, charges));
    await bench.product.untilSettled(name, charges);
  });
  return { ...round, ...asked };
}

async function bareDue(bench: Bench): Promise<Round> {
  const { charges } = bench.options;
  const open = async (dueAtMs: number) => {
    const untilDone = await bench.bare.chargeAt(charges, dueAtMs);
    return { untilDone };
  };
  const { untilDone } = await openedInTime(bench, open, ({ untilDone }) => untilDone());
  return measured(bench, 'bare', charges, untilDone);
}

async function oursDue(bench: Bench, name: string): Promise<Round> {
  const { charges } = bench.options;
  let tries = 0;
  const open = async (dueAtMs: number) => {
    tries += 1;
    const round = `${name}-${tries}`;
    await bench.product.charge(round, charges, dueAtMs);
    return { round };
  };
  const untilDone = ({ round }: { round: string }) => bench.product.untilSettled(round, charges);
  const opened = await openedInTime(bench, open, untilDone);
  return measured(bench, 'product', charges, () => untilDone(opened));
}

/** Opens charges until all are accepted a second before they are due, and waits until then. */
async function openedInTime<Opened>(
  { options, signal, say }: Bench,
  open: (dueAtMs: number) => Promise<Opened>,
  untilDone: (opened: Opened) => Promise<void>,
): Promise<Opened> {
  for (let leadMs = LEAD_MS + options.charges * LEAD_FOR_EACH_MS; ; leadMs *= 2) {
    const dueAtMs = Date.now() + leadMs;
    const opened = await open(dueAtMs);
    const leftMs = dueAtMs - Date.now();
    if (leftMs > 1_000) {
      await pause(leftMs, undefined, { signal });
      return opened;
    }
    say(`opening took longer than ${leadMs / 1000} s; once more`);
    await untilDone(opened);
  }
}

const perSecond = ({ count, ms }: Round) => (count / ms) * 1000;
const eachMs = ({ cpu, count }: Round) => total(cpu) / count;

/** Of each pair of rounds, ours to the bare one's. */
function ratios({ bare, ours }: Sides, of: (round: Round) => number): number {
  return median(ours.map((round, index) => of(round) / of(bare[index] as Round)));
}

function comparison(sides: Sides) {
  const names = Object.keys(sides.ours[0]?.cpu ?? {});
  const line = (who: string, rounds: readonly Round[]) => [
    who,
    figure(median(rounds.map(perSecond))),
    ...names.map((name) => medianOf(rounds, name)),
    figure(median(rounds.map(eachMs))),
    figure(Math.max(...rounds.map(({ elsewhere }) => elsewhere))),
  ];
  return {
    head: [
      '',
      'a second',
      ...names.map((name) => `${name}, CPU ms each`),
      'all, CPU ms each',
      'processors busy elsewhere',
    ],
    rows: [
      line('bare', sides.bare),
      line('ours', sides.ours),
      [
        'ours : bare',
        figure(ratios(sides, perSecond)),
        ...names.map(() => ''),
        figure(ratios(sides, eachMs)),
        '',
      ],
    ],
  };
}

const parts = ({ cpu, count }: Round) =>
  Object.entries(cpu)
    .map(([name, ms]) => `${name} ${figure(ms / count)}`)
    .join(', ');

function medianOf(rounds: readonly Round[], name: string): string {
  return figure(median(rounds.map(({ cpu, count }) => (cpu[name] ?? Number.NaN) / count)));
}

function chargeGoals(what: string, sides: Sides): Goal[] {
  const cpu = ratios(sides, eachMs);
  const speed = ratios(sides, perSecond);
  return [
    { what: `CPU of ${what}, to the bare workflow’s`, wanted: '≤ 1.5', got: figure(cpu), isMet: cpu <= 1.5 },
    {
      what: `throughput of ${what}, to the bare workflow’s`,
      wanted: '≥ 1.0',
      got: figure(speed),
      isMet: speed >= 1,
    },
  ];
}
