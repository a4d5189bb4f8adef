// The result of a run, for people: every finding, the stories of its charges, and the table. It judges nothing.
import type { Plan } from './plan.ts';
import { planned } from './run-verdict.ts';
import { type Account, FAULTS, type Finding, story } from './verdict.ts';

/** A charge, from being asked for to its end, epoch milliseconds. */
export interface Life {
  readonly chargeId: string;
  readonly askedMs: number;
  readonly endedMs: number;
}

export interface Result {
  readonly plan: Plan;
  readonly temporalName: string;
  readonly accounts: readonly Account[];
  /** With the account of the charge, where it is about one. */
  readonly findings: readonly (Finding & { readonly account?: Account })[];
  /** How often each kind of deed was done. */
  readonly counts: ReadonlyMap<string, number>;
  readonly endedByThemselves: number;
  readonly busySeconds: number;
  readonly lives: readonly Life[];
  readonly killedAt: readonly number[];
  /** Null: they never did. */
  readonly agreedAfterSeconds: number | null;
}

export function killsIn(counts: ReadonlyMap<string, number>): number {
  return [...counts].reduce((sum, [name, count]) => (name.startsWith('kill ') ? sum + count : sum), 0);
}

/** @returns line by line */
export function report(result: Result): string[] {
  const { plan, accounts, findings, counts, busySeconds, lives, agreedAfterSeconds } = result;
  const all = planned(plan);
  const group = (verb: string) =>
    [...counts]
      .filter(([name]) => name.startsWith(`${verb} `))
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, count]) => `${name.slice(verb.length + 1)} ${count}`)
      .join(', ') || 'none';
  const rows: [string, string | number][] = [
    ['server', result.temporalName],
    ['charges', `${lives.length} of ${all.charges} planned`],
    ['times the bank was asked', accounts.reduce((sum, { bank }) => sum + bank.length, 0)],
    ['kills', `${killsIn(counts)} of ${all.kills} planned (${group('kill')})`],
    ['cuts', group('cut')],
    ['frozen', group('freeze')],
    ['slow spells', group('slow')],
    ['Stripe’s faults', group('stripe')],
    ['webhook spells', group('webhooks')],
    ['processes that gave up and were started again', result.endedByThemselves],
    ...FAULTS.map((fault): [string, number] => [
      fault,
      findings.filter((finding) => finding.fault === fault).length,
    ]),
    ['minutes under fire', (busySeconds / 60).toFixed(1)],
    ['charges per second', (lives.length / busySeconds).toFixed(2)],
    ['seconds of a charge', lengths(result)],
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

function found({ findings }: Result): string[] {
  return [...new Set(findings.map(({ account }) => account))].flatMap((account) => {
    const its = findings.filter((finding) => finding.account === account);
    const words = its.map(({ fault, what }) => `${fault}: ${what}`);
    return account ? ['', words.join('; '), ...story(account)] : ['', ...words];
  });
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
