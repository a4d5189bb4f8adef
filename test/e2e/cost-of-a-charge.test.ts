// What a charge costs at Temporal and at Stripe, counted: it does not depend on the machine, and must not grow unseen.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { costAtRest, costBetween } from '../../bench/history-cost.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

const costSoFar = (customerId: string) => costAtRest(stack.client, workflowIdOf(customerId));

/** Since the emulator started: the customers of one test file follow each other. */
async function requests(): Promise<number> {
  const { endpoints } = await stack.control('requests');
  const counts = Object.values(endpoints) as { readonly requests: number }[];
  return counts.reduce((sum, { requests: count }) => sum + count, 0);
}

/** The cost of a happy charge of a customer who was charged before. */
async function costOfCharge(customerId: string, dueInMs?: number) {
  await stack.enrol(customerId);
  const charge = async (chargeId: string, dueAt?: string) => {
    const body = { chargeId, amount: 4900, currency: 'eur', ...(dueAt && { dueAt }) };
    await stack.post(`/v1/customers/${customerId}/charges`, body);
    await stack.untilCharge(customerId, chargeId, 'succeeded');
  };
  await charge(`${customerId}-1`);
  const before = await costSoFar(customerId);
  const asked = await requests();
  await charge(
    `${customerId}-2`,
    dueInMs === undefined ? undefined : new Date(Date.now() + dueInMs).toISOString(),
  );
  const cost = costBetween(await costSoFar(customerId), before);
  return { ...cost, requests: (await requests()) - asked };
}

test('a charge asked for just then', async () => {
  const cost = await costOfCharge('just-then');
  console.log(cost);
  expect(cost).toBeDefined();
});

test('a charge that falls due', async () => {
  const cost = await costOfCharge('falls-due', 4_000);
  console.log(cost);
  expect(cost).toBeDefined();
});
