// The policy file: what it must look like, that every fault is named at once, and what is frozen of it into a charge.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Environment } from '../../config/environment.ts';
import { BUILT_IN_POLICIES, frozenPolicy, policiesFrom, policiesOf } from '../../config/policies.ts';
import { faultsOfPolicyFile } from '../../config/policy-schema.ts';
import { DEFAULT_COLLECTION, DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { DAY } from '../../domain/shared/time.ts';

const T0 = Date.UTC(2026, 0, 1);
const DUE = { dueAtMs: T0, nowMs: T0 };

async function read(content: string) {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-policy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'policy.json');
  await writeFile(path, content);
  const environment = new Environment({ POLICY_FILE: path });
  return { policies: policiesFrom(environment), faults: environment.faults };
}

test('without a file there is the default that is built in', () => {
  const environment = new Environment({});
  expect(policiesFrom(environment)).toEqual(BUILT_IN_POLICIES);
  expect(environment.faults).toEqual([]);
  expect(frozenPolicy(BUILT_IN_POLICIES, undefined, DUE)).toBeUndefined();
});

test.each(['', '{', '[1,', 'no json at all'])('a file with %j in it is a fault', async (content) => {
  const { faults } = await read(content);
  expect(faults).toEqual(['POLICY_FILE: it must be a file that can be read, with JSON in it']);
});

test('a file that is not there is a fault, and its name is not repeated', () => {
  const environment = new Environment({ POLICY_FILE: '/no/such/hush7secret.json' });
  policiesFrom(environment);
  expect(environment.faults).toEqual(['POLICY_FILE: it must be a file that can be read, with JSON in it']);
});

test('every fault is named at once, by its place and without its value', async () => {
  const { faults, policies } = await read(
    JSON.stringify({
      timezone: 'hush7secret',
      policies: {
        a: { soft: { days: [0, 1.5, 'x'] }, unknown: { days: [400] }, transient: { hours: [73] } },
        b: { soft: { days: [1], at: '9:00' }, end: 'hush7secret', attempts: 9, days: [1] },
        'not a name': {},
      },
      budgets: { visa: { perAmountIn30Days: 21, perCardIn30Days: 35 }, amex: {} },
    }),
  );
  const at = (place: string) => faults.filter((fault) => fault.startsWith(`POLICY_FILE: ${place}: `)).length;
  for (const place of [
    '/timezone',
    '/policies/a/soft/days/0',
    '/policies/a/soft/days/1',
    '/policies/a/soft/days/2',
    '/policies/a/unknown/days/0',
    '/policies/a/transient/hours/0',
    '/policies/b/soft/at',
    '/policies/b/end',
    '/policies/b/attempts',
    '/policies/b/days',
    '/policies/not a name',
    '/budgets/visa/perAmountIn30Days',
    '/budgets/amex',
  ])
    expect(at(place), place).toBeGreaterThan(0);
  expect(faults.join()).toContain('/policies/b/end: must be one of fail, pause, cancel');
  expect(faults.join()).not.toContain('hush7secret');
  expect(policies).toEqual(BUILT_IN_POLICIES);
});

test.each([
  [{ timeZone: 'Mars/Olympus' }, '/timeZone: must be the name of a time zone'],
  [{ timeZone: '+02:00' }, '/timeZone: must be the name of a time zone'],
  [{ defaultPolicy: 'toString' }, '/defaultPolicy: must be the name of one of the policies'],
  [{ policies: { a: { soft: { days: [3, 1] } } } }, '/policies/a/soft/days: must rise'],
  [{ policies: { a: { unknown: { days: [1, 1] } } } }, '/policies/a/unknown/days: must rise'],
  [
    { policies: { a: { stepUp: { deadlineDays: 3, reminderDays: [1, 3], failures: 5 } } } },
    '/policies/a/stepUp/reminderDays: must all be before deadlineDays',
  ],
  [{ policies: { a: { soft: { days: [1], at: '09:00' } } } }, '/policies/a/soft/at: needs a /timeZone'],
  [
    { policies: { a: { transient: { hours: [72, 72, 72] } } } },
    '/policies/a/transient/hours: must be a week',
  ],
  [7, '/: must be object'],
  [null, '/: must be object'],
])('%j is a fault: %s', (file, fault) => {
  expect(faultsOfPolicyFile(file)).toEqual([expect.stringContaining(fault)]);
});

test('a budget may be smaller than the default, and one that is not named is the default', () => {
  const { budgets } = policiesOf({ budgets: { other: { perCardIn30Days: 4 } } });
  expect(budgets).toEqual({ ...DEFAULT_POLICY.budgets, other: { perCardIn30Days: 4 } });
});

describe('a policy that is frozen into a charge', () => {
  const policies = policiesOf({
    timeZone: 'Europe/Berlin',
    defaultPolicy: 'gentle',
    policies: {
      gentle: { soft: { days: [2, 5], at: '09:00' }, end: 'pause', attempts: DEFAULT_COLLECTION.attempts },
      plain: { transient: { hours: [2] } },
    },
  });

  test('is the one that is named, with what differs from the default and nothing else', () => {
    expect(frozenPolicy(policies, 'plain', DUE)).toEqual({ name: 'plain', transient: { hours: [2] } });
  });

  test('is the configured default where none is named', () => {
    expect(frozenPolicy(policies, undefined, DUE)).toMatchObject({
      name: 'gentle',
      soft: { days: [2, 5], at: '09:00' },
      end: 'pause',
      zone: { timeZone: 'Europe/Berlin' },
    });
    expect(frozenPolicy(policies, undefined, DUE)).not.toHaveProperty('attempts');
  });

  test.each(['nothing', 'constructor'])('is none that has not been configured, such as %s', (name) => {
    expect(frozenPolicy(policies, name, DUE)).toBeNull();
  });

  test('knows the customer’s own zone where there is one, for two years after the charge is due', () => {
    const dueAtMs = T0 + 300 * DAY;
    const zone = frozenPolicy(policies, 'gentle', { timeZone: 'America/New_York', dueAtMs, nowMs: T0 })?.zone;
    expect(zone?.timeZone).toBe('America/New_York');
    expect(zone?.offsets[0]).toEqual([T0, -5 * 60]);
    expect(zone?.offsets.at(-1)?.[0]).toBeGreaterThan(dueAtMs + 365 * DAY);
  });

  test('is small: what a happy charge carries', () => {
    expect(JSON.stringify(frozenPolicy(policies, 'gentle', DUE)).length).toBeLessThan(350);
  });
});

test('the page about policies shows a file that is right, and the defaults as they are', async () => {
  const page = await readFile(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const [, example = ''] = /```json\n([^`]+)```/.exec(page) ?? [];
  expect(faultsOfPolicyFile(JSON.parse(example))).toEqual([]);
  const rows = [...page.matchAll(/^\| (`[^|]+`) \| .+? \| `([^`]+)` \|(?: `\d+` \|)?$/gm)];
  const shown = rows.flatMap(([, fields = '', value = '']) =>
    [...fields.matchAll(/`([\w.]+)`/g)].slice(0, 1).map(([, field = '']) => [field, value]),
  );
  const { collection, budgets } = DEFAULT_POLICY;
  const valueAt = (field: string): unknown =>
    field.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], {
      ...collection,
      budgets,
    });
  expect(shown.length).toBeGreaterThan(14);
  for (const [field = '', value = ''] of shown) {
    const is = valueAt(field);
    const words = typeof is === 'string' ? is : JSON.stringify(is)?.replaceAll(',', ', ');
    expect(words, field).toBe(value);
  }
});
