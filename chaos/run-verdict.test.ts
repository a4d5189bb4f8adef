// A run that did too little, and what belongs to no charge, are found.
import { expect, test } from 'vitest';
import { makePlan } from './plan.ts';
import { type Done, judgeRun, judgeUnplanned, planned } from './run-verdict.ts';
import { intent, paid } from './sample-charge.ts';

const plan = makePlan({ seed: 1, charges: 60, kills: 6 });
const ALL: Done = { charges: 60, kills: 6, failures: [] };
const [customer] = plan.customers;
const [first] = customer?.rounds[0] ?? [];
if (!customer || !first) throw new Error('the plan is empty');

const found = (done: Partial<Done>) =>
  judgeRun(plan, { ...ALL, ...done }).map(({ fault, what }) => `${fault}: ${what}`);

test('all charges ended and all kills done is a run with no finding', () => {
  expect(planned(plan)).toEqual({ charges: 60, kills: 6 });
  expect(found({})).toEqual([]);
});

test('a charge that has not ended, a kill that was not done and an action that failed are findings', () => {
  expect(found({ charges: 59 })).toEqual(['not done as planned: 59 of 60 charges have ended']);
  expect(found({ kills: 5 })).toEqual(['not done as planned: 5 of 6 kills were done']);
  expect(found({ failures: ['cut webhooks failed'] })).toEqual(['not done as planned: cut webhooks failed']);
});

const its = { chargeId: first.chargeId as string | null, customerId: customer.customerId as string | null };
const truthOf = (actor: typeof its) => ({
  attempts: 1,
  succeeded: 1,
  charges: [{ ...paid, ...actor }],
  intents: [{ ...intent, ...actor }],
});

test('what Stripe has of a planned charge is not unplanned', () => {
  expect(judgeUnplanned(truthOf(its), plan.customers)).toEqual([]);
});

test.each([
  ['for a charge that nobody planned', { ...its, chargeId: 'another' }],
  ['for another customer’s charge', { ...its, customerId: 'somebody' }],
  ['without any name', { chargeId: null, customerId: null }],
])('money and an intent %s are found', (_what, actor) => {
  const unplanned = judgeUnplanned(truthOf(actor), plan.customers);
  expect(unplanned.map(({ fault }) => fault)).toEqual(['of no planned charge', 'of no planned charge']);
  expect(unplanned.map(({ what }) => what.split(' ')[0])).toEqual(['ch_1', 'pi_1']);
});
