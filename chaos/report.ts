// Words the result of a run: every finding, the timelines of its charges, and the table.
import { FAULTS, type Finding, type Observation } from './findings.ts';
import type { Plan } from './plan.ts';
import { planned } from './run-verdict.ts';
import { timeline } from './verdict.ts';

/** A charge from its request to its end, epoch milliseconds. */
export interface FinishedCharge {
  readonly chargeId: string;
  readonly requestedMs: number;
  readonly endedMs: number;
}

export interface Result {
  readonly plan: Plan;
  readonly temporalName: string;
  readonly observations: readonly Observation[];
  /** With what was observed of the charge, where it is about one. */
  readonly findings: readonly (Finding & { readonly observation?: Observation })[];
  /** How often each kind of action was done. */
  readonly counts: ReadonlyMap<string, number>;
  /** How often people have interfered, by what they did. */
  readonly interferences: ReadonlyMap<string, number>;
  /** How many notices have arrived at the merchant's, and how many of them more than once. */
  readonly notices: { readonly arrived: number; readonly repeated: number };
  readonly endedByThemselves: number;
  readonly busySeconds: number;
  readonly finished: readonly FinishedCharge[];
  readonly killedAt: readonly number[];
  /** Null when the sources never agreed. */
  readonly agreedAfterSeconds: number | null;
}

export function killsIn(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce((sum, [name, count]) => (name.startsWith('kill ') ? sum + count : sum), 0);
}

/** @returns line by line */
export function report(result: Result): string[] {
  const { plan, observations, findings, counts, busySeconds, finished, agreedAfterSeconds } = result;
  const all = planned(plan);
  const group = (verb: string) =>
    listed(
      [...counts].flatMap(([name, count]): [string, number][] =>
        name.startsWith(`${verb} `) ? [[name.slice(verb.length + 1), count]] : [],
      ),
    );
  const rows: [string, string | number][] = [
    ['server', result.temporalName],
    ['charges', `${finished.length} of ${all.charges} planned`],
    ['times the bank was asked', observations.reduce((sum, { bank }) => sum + bank.length, 0)],
    ['kills', `${killsIn(counts)} of ${all.kills} planned (${group('kill')})`],
    ['cuts', group('cut')],
    ['frozen', group('freeze')],
    ['slowed', group('slow')],
    ['Stripe’s faults', group('stripe')],
    ['webhook faults', group('webhooks')],
    ['interferences', listed([...result.interferences])],
    ['notices', `${result.notices.arrived}, of which ${result.notices.repeated} more than once`],
    ['processes that gave up and were started again', result.endedByThemselves],
    ...FAULTS.map((fault): [string, number] => [
      fault,
      findings.filter((finding) => finding.fault === fault).length,
    ]),
    ['minutes under fire', (busySeconds / 60).toFixed(1)],
    ['charges per second', (finished.length / busySeconds).toFixed(2)],
    ['seconds of a charge', durations(result)],
    ['seconds until all agree', agreedAfterSeconds === null ? 'never' : agreedAfterSeconds.toFixed(0)],
  ];
  return [
    ...found(result),
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
  ];
}

function listed(counts: readonly (readonly [name: string, count: number])[]): string {
  const ordered = [...counts].sort(([one], [other]) => one.localeCompare(other));
  return ordered.map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`).join(', ') || 'none';
}

function found({ findings }: Result): string[] {
  return [...new Set(findings.map(({ observation }) => observation))].flatMap((observation) => {
    const its = findings.filter((finding) => finding.observation === observation);
    const words = its.map(({ fault, what }) => `${fault}: ${what}`);
    return observation ? ['', words.join('; '), ...timeline(observation)] : ['', ...words];
  });
}

/** How long charges took: the usual one, and the longest of those during which something was killed. */
function durations({ finished, killedAt }: Result): string {
  const secondsOf = ({ requestedMs, endedMs }: FinishedCharge) => (endedMs - requestedMs) / 1000;
  const ordered = [...finished].sort((one, other) => secondsOf(one) - secondsOf(other));
  const median = ordered[Math.floor(ordered.length / 2)];
  const killed = ordered.findLast((charge) =>
    killedAt.some((ms) => ms >= charge.requestedMs && ms <= charge.endedMs),
  );
  return [
    `median ${median ? secondsOf(median).toFixed(1) : 'none'}`,
    `longest with a kill meanwhile ${killed ? `${secondsOf(killed).toFixed(1)} (${killed.chargeId})` : 'none'}`,
  ].join('; ');
}
