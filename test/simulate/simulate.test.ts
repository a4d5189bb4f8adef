// The lab: the same figures from the same seed, the picture of the docs among them, and clear words for a wrong command.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { policiesOf } from '../../config/policies.ts';
import type { PolicyFile } from '../../config/policy-schema.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import { type Assumptions, readAssumptions } from '../../simulate/assumptions.ts';
import { compare } from '../../simulate/compare.ts';
import { Issuer } from '../../simulate/issuer.ts';
import { lifeOf, T0 } from '../../simulate/life.ts';
import { simulate } from '../../simulate/main.ts';

const ASSUMPTIONS = readAssumptions(new URL('../../simulate/issuers.json', import.meta.url));
/** Everybody has this one trouble. */
function only(reason: string, over: Partial<Assumptions['reasons'][string]> = {}): Assumptions {
  const why = ASSUMPTIONS.reasons[reason];
  if (!why) throw new Error(reason);
  return { ...ASSUMPTIONS, reasons: { [reason]: { ...why, ...over } } };
}
const under = (file: PolicyFile) => [{ name: 'own', policies: policiesOf(file) }];
const play = (file: PolicyFile, assumptions: Assumptions, customers = 200) => {
  const [summary] = compare(under(file), { customers, seed: 1, days: 90, assumptions });
  if (!summary) throw new Error('nothing was played');
  return summary;
};
const own = (
  policy: NonNullable<PolicyFile['policies']>[string],
  budgets?: PolicyFile['budgets'],
): PolicyFile => ({
  defaultPolicy: 'own',
  policies: { own: policy },
  ...(budgets === undefined ? {} : { budgets }),
});

test('the picture in the docs is what its seed gives', { timeout: 180_000 }, async () => {
  const page = await readFile(new URL('../../docs/policy-lab.md', import.meta.url), 'utf8');
  const [, options = ''] = /npm run simulate -- (.+) --svg docs\/policy-lab\.svg/.exec(page) ?? [];
  const folder = await mkdtemp(join(tmpdir(), 'offsession-lab-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const svg = join(folder, 'lab.svg');
  const printed = simulate([...options.split(' '), '--svg', svg]);
  expect(await readFile(svg, 'utf8')).toBe(
    await readFile(new URL('../../docs/policy-lab.svg', import.meta.url), 'utf8'),
  );
  const [, shown = ''] = /```\n([^`]+)```/.exec(page) ?? [];
  expect(printed.trim()).toBe(shown.trim());
});

test('every policy meets the same customers with the same luck', () => {
  const assumptions = only('a bank that wants the customer');
  const [one, other] = [play(own({ soft: { days: [1] } }), assumptions), play({}, assumptions)];
  expect(one.recoveredByDay).toEqual(other.recoveredByDay);
  expect(one.recoveredByDay.at(-1)).toBeGreaterThan(0.5);
});

test('another seed has other customers', () => {
  const lab = { customers: 300, days: 60, assumptions: ASSUMPTIONS };
  const [one] = compare(under({}), { ...lab, seed: 1 });
  const [other] = compare(under({}), { ...lab, seed: 2 });
  expect(one?.recoveredByDay).not.toEqual(other?.recoveredByDay);
});

describe('what a policy does shows', () => {
  test('more days recover more of those without money, and ask more', () => {
    const few = play(own({ soft: { days: [1] } }), only('no money'));
    const many = play(own({ soft: { days: [1, 3, 5, 7, 9, 12] } }), only('no money'));
    expect(many.recoveredByDay.at(-1)).toBeGreaterThan(few.recoveredByDay.at(-1) ?? 1);
    expect(many.asks).toBeGreaterThan(few.asks);
    expect(many.budgetSpent).toBeGreaterThan(few.budgetSpent);
  });

  test('hours recover an issuer that was out of reach on the first day', () => {
    const file = own({ transient: { hours: [2, 4, 8] } });
    expect(play(file, only('an issuer out of reach')).recoveredByDay[1]).toBeGreaterThan(0.9);
    expect(play(own({ transient: { hours: [] } }), only('an issuer out of reach')).recoveredByDay[0]).toBe(0);
  });

  test('a budget of one ask ends the asking', () => {
    const budgets = { visa: { perAmountIn30Days: 1, perCardIn30Days: 1 }, other: { perCardIn30Days: 1 } };
    const networks = { visa: 1, amex: 1 };
    const { asks, budgetSpentAtMost } = play(own({}, budgets), { ...only('a wary issuer'), networks });
    expect(asks).toBeLessThanOrEqual(2);
    expect(budgetSpentAtMost).toBe(1);
  });

  test('notices of each decline are mails, and some pay in', () => {
    const silent = play({}, only('no money'));
    const loud = play(own({ declineNotices: 'each' }), only('no money'));
    expect(loud.mails).toBeGreaterThan(silent.mails);
    expect(loud.recoveredByDay.at(-1)).toBeGreaterThan(silent.recoveredByDay.at(-1) ?? 1);
  });

  test('no policy ever asks a lost card twice', () => {
    const assumptions = only('a lost card');
    for (let customer = 0; customer < 50; customer++) {
      const issuer = new Issuer(assumptions, 1, customer, T0);
      const { asks, paidAfterMs } = lifeOf(issuer, policiesOf({}), 90);
      expect(asks).toBe(paidAfterMs === null ? 1 : 2);
    }
  });

  test('an issuer that is out of reach for an hour is asked an hour later, and pays', () => {
    const issuer = new Issuer(only('an issuer out of reach', { down: { hours: 0.001 } }), 1, 7, T0);
    expect(lifeOf(issuer, policiesOf({}), 90)).toMatchObject({ asks: 2, paidAfterMs: HOUR });
    expect(lifeOf(issuer, policiesOf({}), 90).paidAfterMs).toBeLessThan(DAY);
  });
});

describe('a wrong command', () => {
  test.each([
    [['--customers', '0'], '--customers must be a whole number from 1 to 1000000'],
    [['--seed', 'x'], '--seed must be a whole number'],
    [['--days', '7'], '--days must be a whole number from 30 to 365'],
    [['--more'], "Unknown option '--more'"],
    [['--policy', '/no/such.json'], 'ENOENT'],
  ])('%j is refused: %s', (argv, words) => {
    expect(() => simulate(argv)).toThrow(words);
  });

  test('so are a policy and assumptions with wrong fields, every one named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offsession-lab-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'wrong.json');
    await writeFile(file, '{"policies": {"a": {"end": 1, "attempts": 9}}, "networks": {"visa": 2}}');
    for (const place of ['/policies/a/end: ', '/policies/a/attempts: ', '/networks: '])
      expect(() => simulate(['--policy', file])).toThrow(place);
    expect(() => simulate(['--issuers', file])).toThrow('/networks/visa: ');
  });
});
