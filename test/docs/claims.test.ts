// What the documentation lists is what the code has.
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { HTTP_STATUS } from '../../api/http/refusal-status.ts';
import { DEFAULT_COLLECTION, DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { STRIPE_EVENTS } from '../../domain/shared/stripe-events.ts';
import { DAY, HOUR, SECOND } from '../../domain/shared/time.ts';
import { FILES, sectionOf, textOf } from './pages.ts';

const IMPORT_RULES: readonly ImportRule[] = createRequire(import.meta.url)(
  '../../.dependency-cruiser.cjs',
).forbidden;

interface ImportRule {
  readonly name: string;
  readonly to: { readonly pathNot?: string | readonly string[] };
}

test('README tells the operator to subscribe to exactly the events that are read', () => {
  const listed = sectionOf('README.md', 'Production').match(/^[a-z_]+(\.[a-z_]+)+$/gm) ?? [];
  expect(listed.toSorted()).toEqual(Object.keys(STRIPE_EVENTS).toSorted());
});

test('README shows every status of a charge and no other, in the diagram and in the table', () => {
  const [, union = ''] = /export type ChargeStatus =([^;]+);/.exec(textOf('domain/view.ts')) ?? [];
  const statuses = [...union.matchAll(/'([a-z_]+)'/g)].map(([, status]) => status).toSorted();
  const section = sectionOf('README.md', 'The states of a charge');
  const arrows = [...section.matchAll(/^ +(\S+) --> ([^\s:]+)/gm)];
  const drawn = new Set(arrows.flatMap(([, from, to]) => [from, to]).filter((status) => status !== '[*]'));
  const tabled = [...section.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, status]) => status);
  expect(statuses.length).toBeGreaterThan(0);
  expect([...drawn].toSorted()).toEqual(statuses);
  expect(tabled.toSorted()).toEqual(statuses);
});

test('the picture of the folders has every arrow that lint allows between them, and no other', () => {
  const picture = sectionOf('docs/architecture.md', 'Who imports whom');
  const drawn = [...picture.matchAll(/^ +(\w+) --> (.+)$/gm)].flatMap(([, from, to = '']) =>
    to.split(' & ').map((target) => `${from} --> ${target}`),
  );
  const rooms = new Set(drawn.flatMap((arrow) => arrow.split(' --> ')));
  const allowed = IMPORT_RULES.filter(({ name }) => name.endsWith('-imports')).flatMap(({ name, to }) => {
    const from = name.replace(/-imports$/, '');
    const targets = [to.pathNot ?? []].flat().map((path) => /^\^(\w+)\//.exec(path)?.[1]);
    return targets.flatMap((target) =>
      target === undefined || target === from || !rooms.has(from) ? [] : [`${from} --> ${target}`],
    );
  });
  expect(drawn.toSorted()).toEqual([...new Set(allowed)].toSorted());
});

/** The words of a type that is a union of strings, or of several. */
function wordsOf(...types: readonly [file: string, type: string][]): string[] {
  return types.flatMap(([file, type]) => {
    const [, union = ''] = new RegExp(`export type ${type} =([^;]+);`).exec(textOf(file)) ?? [];
    return [...union.matchAll(/'([a-z_.]+)'/g)].map(([, word = '']) => word);
  });
}

/** The first cells of a table's rows that are code, with the second ones. */
function rowsOf(heading: string): [word: string, second: string][] {
  const section = sectionOf('docs/callers.md', heading);
  return [...section.matchAll(/^\| `([a-z_.]+)` \| ([^|]*) \|/gm)].map(([, word = '', second = '']) => [
    word,
    second,
  ]);
}

test.each<[heading: string, ...types: [file: string, type: string][]]>([
  ['Customers', ['domain/view.ts', 'CustomerStatus']],
  ['Enrolments', ['domain/model/enrolment.ts', 'EnrolmentStatus']],
  ['Notices', ['domain/model/facts.ts', 'NoticeKind']],
])('callers are told of every word of %s and of no other', (heading, ...types) => {
  const words = wordsOf(...types);
  expect(words.length).toBeGreaterThan(0);
  expect(
    rowsOf(heading)
      .map(([word]) => word)
      .toSorted(),
  ).toEqual(words.toSorted());
});

test('callers are told of everything that a charge may wait for', () => {
  const words = wordsOf(
    ['domain/view.ts', 'WaitReason'],
    ['domain/charge/close.ts', 'CardWaitReason'],
    ['domain/shared/chargeable-card.ts', 'NoCardReason'],
  );
  expect(words.length).toBeGreaterThan(5);
  const told = rowsOf('Charges').map(([word]) => word);
  expect(words.filter((word) => !told.includes(word))).toEqual([]);
});

test('callers are told of every code of a problem, with its status', () => {
  const told = rowsOf('Problems');
  const codes = [...wordsOf(['api/http/problems.ts', 'ProblemCode']), ...Object.keys(HTTP_STATUS)];
  expect(told.map(([code]) => code).toSorted()).toEqual([...new Set(codes)].toSorted());
  const statuses = Object.fromEntries(told.map(([code, status]) => [code, Number(status)]));
  expect(statuses).toMatchObject(HTTP_STATUS);
});

test('no page carries the marks of a merge that was not finished', () => {
  expect(FILES.filter((file) => /^(<{7}|={7}|>{7})( |$)/m.test(textOf(file)))).toEqual([]);
});

test('every test that the threat model names exists', () => {
  const named = [...textOf('docs/threat-model.md').matchAll(/`(test\/[\w./-]+\.test\.ts)` “([^”]+)”/g)];
  expect(named.length).toBeGreaterThan(20);
  const missing = named.filter(([, file = '', name = '']) => !textOf(file).includes(name));
  expect(missing.map(([found]) => found)).toEqual([]);
});

test('.env.example explains every variable that a process reads, and no other', () => {
  const explained = [...textOf('.env.example').matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(([, name = '']) => name);
  const PRODUCT = /^(api|config|emulator|ops|temporal|worker)\/.*\.ts$/;
  // Either `env.NAME`, or the name given to a function that reads or checks it.
  const read = FILES.filter((path) => PRODUCT.test(path)).flatMap((path) =>
    [...textOf(path).matchAll(/\benv\.([A-Z][A-Z_]+)|\(\s*'([A-Z]+_[A-Z_]+)'/g)].map(
      ([, one, other]) => one ?? other ?? '',
    ),
  );
  const elsewhere = ['docker-compose.yml', 'deploy/create-databases.sh', 'temporal/address.ts']
    .map(textOf)
    .join();
  expect([...new Set(read)].filter((name) => !explained.includes(name))).toEqual([]);
  expect(explained.filter((name) => !read.includes(name) && !elsewhere.includes(name))).toEqual([]);
});

const list = (numbers: readonly number[]) => `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
const policy = DEFAULT_POLICY;
const { budgets } = policy;
const collection = DEFAULT_COLLECTION;
const word = (count: number) => ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'][count] ?? count;

test.each([
  ['0004', `${list(collection.soft.days)} days after the first attempt on this card`],
  ['0004', `${list(collection.transient.hours)} hours later`],
  ['0004', `but after ${list(collection.unknown.days)} days only`],
  ['0004', `at most ${collection.attempts} attempts for a charge`],
  ['0004', `Visa: ${budgets.visa.perAmountIn30Days} attempts in 30 days`],
  [
    '0004',
    `Mastercard: ${budgets.mastercard.perCardIn24Hours} in 24 hours and ${budgets.mastercard.perCardIn30Days} in 30 days`,
  ],
  ['0004', `any other network: ${budgets.other.perCardIn30Days} in 30 days`],
  ['0004', `for up to ${policy.budgetWaitMs / DAY} days`],
  ['0004', `waits ${collection.card.waitDays} days for a card`],
  ['0005', `The customer has ${collection.stepUp.deadlineDays} days`],
  ['0005', `reminders after ${list(collection.stepUp.reminderDays)} days`],
  ['0005', `${word(collection.stepUp.failures)} failed authentications in one wait`],
  [
    '0003',
    `${(policy.unknownCheckBackoffMs[0] ?? 0) / SECOND} seconds to ${(policy.unknownCheckBackoffMs.at(-1) ?? 0) / HOUR} hour`,
  ],
  ['0008', `replaced after ${policy.setupRenewalMs / DAY} days`],
  ['0008', `${word(policy.setupFailures)} times in all`],
  ['0008', `read again every ${policy.mandateReadIntervalMs / DAY} days`],
  ['0016', `has ${policy.openCharges} charges that have not ended`],
])('decision %s says: %s', (number, sentence) => {
  const page = FILES.find((path) => path.startsWith(`docs/decisions/${number}-`)) ?? '';
  expect(textOf(page).replace(/\s+/g, ' ').toLowerCase()).toContain(sentence.toLowerCase());
});

test('the rate limits are those of the code, under the names and in the files that are given', () => {
  const page = FILES.find((path) => path.startsWith('docs/decisions/0014-')) ?? '';
  const rows = [...textOf(page).matchAll(/\| ([\d,]+) a minute.* \| `([A-Z_]+)`, `([\w./-]+)` \|/g)];
  expect(rows.length).toBeGreaterThan(3);
  for (const [row, limit = '', name = '', file = ''] of rows) {
    const [, value = ''] = new RegExp(`const ${name} = (.*);`).exec(textOf(file)) ?? [];
    expect(value.replaceAll('_', ''), row).toMatch(new RegExp(`\\b${limit.replaceAll(',', '')}\\b`));
  }
});

test('README says how long a charge waits for the customer and for a card', () => {
  const states = sectionOf('README.md', 'The states of a charge');
  expect(states).toContain(`deadline of ${collection.stepUp.deadlineDays} days`);
  expect(states).toContain(`awaiting_card --> failed: ${collection.card.waitDays} days`);
});

test('the page about scale has the numbers of the code', () => {
  const page = textOf('docs/scale.md').replace(/\s+/g, ' ');
  const limits = [...textOf('worker/config.ts').matchAll(/perEndpoint: ([\d_]+), total: ([\d_]+) }/g)];
  const [live, test, standIn] = limits.map(([, one = '', all = '']) => [one, all.replace('_', '')]);
  const [, perKey = ''] = /REQUESTS_PER_KEY = ([\d_]+);/.exec(textOf('api/http/auth.ts')) ?? [];
  const [, shards] = /NUM_HISTORY_SHARDS: "(\d+)"/.exec(textOf('docker-compose.yml')) ?? [];
  const [, hours] = /RETENTION=(\d+)h/.exec(textOf('deploy/temporal-setup.sh')) ?? [];
  for (const sentence of [
    `${live?.[0]} requests a second for one endpoint and ${live?.[1]} in all with live keys`,
    `${test?.join(' and ')} with test keys, ${standIn?.join(' and ')} for a stand-in`,
    `one charge at a time and ${policy.openCharges} open ones`,
    `${perKey.replace('_', ',')} requests a minute for one API key`,
    `\`NUM_HISTORY_SHARDS\`, ${shards} in Compose`,
    `retention, ${Number(hours) / 24} days in Compose`,
  ])
    expect(page).toContain(sentence);
});
