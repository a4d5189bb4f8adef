// What a charge and an enrolment leave at Temporal and ask of Stripe: numbers that no machine changes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { costBetween, type HistoryCost, historyCost } from '../../bench/history-cost.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { type Merchant, startMerchant } from '../support/merchant.ts';
import { CONSENT, HOUR, startTestStack, type TestStack } from '../support/stack.ts';

interface Cost {
  /** At the customer's workflow. */
  readonly history: HistoryCost;
  /** Activities without a workflow: one for each notice, and each is an action. */
  readonly notices: number;
  /** Requests to Stripe, by method and path. */
  readonly requests: { readonly [endpoint: string]: number };
}

let merchant: Merchant;
let stack: TestStack;
beforeAll(async () => {
  merchant = await startMerchant();
  stack = await startTestStack({ merchantUrl: merchant.url });
});
afterAll(async () => {
  await stack.stop();
  await merchant.stop();
});

/** The catch-up reads events in its own time. */
async function requests(): Promise<Record<string, number>> {
  const { endpoints } = await stack.control('requests');
  const counts = Object.entries<{ requests: number }>(endpoints);
  return Object.fromEntries(
    counts.filter(([name]) => name !== 'GET /v1/events').map(([name, count]) => [name, count.requests]),
  );
}

/** Until nothing has happened at the customer's workflow for long enough that every event of Stripe's has come. */
async function atRest(customerId: string): Promise<HistoryCost> {
  let before = await historyCost(stack.client, workflowIdOf(customerId));
  for (let quiet = 0; quiet < 6; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await historyCost(stack.client, workflowIdOf(customerId));
    quiet = after.events === before.events ? quiet + 1 : 0;
    before = after;
  }
  return before;
}

const NOTHING: HistoryCost = {
  workflowTasks: 0,
  events: 0,
  bytes: 0,
  actions: 0,
  activities: 0,
  timers: 0,
  signals: 0,
  searchAttributeUpserts: 0,
  runs: 0,
};

async function costOf(customerId: string, action: () => Promise<unknown>, isNew = false): Promise<Cost> {
  const before = isNew ? NOTHING : await atRest(customerId);
  const asked = await requests();
  const told = merchant.received.length;
  await action();
  const history = costBetween(before, await atRest(customerId));
  const sent = Object.entries(await requests()).map(
    ([endpoint, times]) => [endpoint, times - (asked[endpoint] ?? 0)] as const,
  );
  return {
    history,
    notices: merchant.received.length - told,
    requests: Object.fromEntries(sent.filter(([, times]) => times > 0)),
  };
}

async function collect(customerId: string, chargeId: string, status = 'succeeded'): Promise<void> {
  const charge = { chargeId, amount: 1900, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${customerId}/charges`, charge)).status).toBe(202);
  await stack.untilCharge(customerId, chargeId, status);
}

const TWO_CALLS = { 'POST /v1/payment_intents': 1, 'POST /v1/payment_intents/:id/confirm': 1 };

test('a charge opened at once, for a customer who has been charged before', async () => {
  await stack.enrol('monthly');
  await collect('monthly', 'june');
  const { history, notices, requests } = await costOf('monthly', () => collect('monthly', 'july'));
  expect(history).toMatchObject({
    workflowTasks: 2,
    activities: 1,
    timers: 0,
    signals: 0,
    searchAttributeUpserts: 0,
    actions: 2, // the request and the attempt
  });
  expect(history.events).toBeLessThanOrEqual(11);
  expect(history.bytes).toBeLessThanOrEqual(5_000);
  expect(notices).toBe(1);
  expect(requests).toEqual(TWO_CALLS);
});

test('a charge due later: opened for one task, and collected in two', async () => {
  await stack.enrol('planned');
  await collect('planned', 'june');
  const dueAt = new Date(Date.now() + HOUR).toISOString();
  const charge = { chargeId: 'july', amount: 1900, currency: 'eur', dueAt };
  const opening = await costOf('planned', () => stack.post('/v1/customers/planned/charges', charge));
  expect(opening.history).toMatchObject({
    workflowTasks: 1,
    activities: 0,
    timers: 1,
    searchAttributeUpserts: 1,
    actions: 3,
  });
  expect(opening.requests).toEqual({});

  const { history, notices, requests } = await costOf('planned', async () => {
    await stack.passTime('planned', 2 * HOUR);
    await stack.untilCharge('planned', 'july', 'succeeded');
  });
  expect(history).toMatchObject({
    workflowTasks: 2,
    activities: 1,
    timers: 0,
    signals: 0,
    searchAttributeUpserts: 1,
    actions: 2,
  });
  const skipping = 3; // events of the time that is skipped
  expect(history.events - skipping).toBeLessThanOrEqual(12);
  expect(opening.history.bytes + history.bytes).toBeLessThanOrEqual(6_500);
  expect(history.bytes).toBeLessThanOrEqual(5_000);
  expect(notices).toBe(1);
  expect(requests).toEqual(TWO_CALLS);
});

test('an enrolment with a card given', async () => {
  const body = { customerId: 'new', paymentMethod: 'pm_card_visa', consent: CONSENT };
  const enrolled = async () => {
    expect((await stack.post('/v1/customers', body)).status).toBe(201);
    await stack.untilCustomer('new', 'active');
  };
  const { history, notices, requests } = await costOf('new', enrolled, true);
  expect(history).toMatchObject({ activities: 6 });
  expect(history.workflowTasks).toBeLessThanOrEqual(8);
  expect(history.actions).toBeLessThanOrEqual(12);
  expect(history.bytes).toBeLessThanOrEqual(16_000);
  expect(notices).toBe(1);
  expect(requests).toEqual({
    'POST /v1/customers': 1,
    'POST /v1/setup_intents': 1,
    'POST /v1/setup_intents/:id/confirm': 1,
    'GET /v1/setup_intents/:id': 1,
  });
});

test('a charge for which the bank wants the customer', async () => {
  const paymentMethod = await stack.enrol('asked');
  await collect('asked', 'june');
  await stack.control('outcomes', { paymentMethod, outcomes: ['authentication_required'] });
  const asking = await costOf('asked', () => collect('asked', 'july', 'awaiting_step_up'));
  expect(asking.history).toMatchObject({ workflowTasks: 2, activities: 1, timers: 1, signals: 0 });
  expect(asking.notices).toBe(1);
  expect(asking.requests).toEqual({ ...TWO_CALLS, 'GET /v1/charges': 1 });

  const { paymentIntentId } = await stack.get('/v1/customers/asked/charges/july');
  const { history, notices, requests } = await costOf('asked', async () => {
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    await stack.untilCharge('asked', 'july', 'succeeded');
  });
  // The customer at the bank, and what came of it: Stripe's two events, each read, and the end put on record.
  expect(history.signals).toBeLessThanOrEqual(2);
  expect(history.activities).toBeLessThanOrEqual(3);
  expect(history.workflowTasks).toBeLessThanOrEqual(6);
  expect(notices).toBe(1);
  expect(requests['GET /v1/payment_intents/:id']).toBeLessThanOrEqual(2);
});
