// Lives in which something goes wrong or is taken back, on the whole stack, each run's history written down. It replays
// nothing.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { BILLING_QUEUE, CATCH_UP } from '../../workflows/messages.ts';
import { CONSENT, DAY, UNTIL_GIVEN_UP } from '../support/stack.ts';
import {
  charge,
  charged,
  enrolmentOf,
  keep,
  keepCustomer,
  playOnOneStack,
  stack,
  statusOf,
  world,
} from './history-files.ts';

const BY = { actor: 'olga', reason: 'an exercise' };

playOnOneStack();

const failing = (customerId: string, path: string, kind: number | string, times: number) =>
  stack.control('faults', { method: 'POST', path: `/v1/${path}`, kind, when: 'before', times, customerId });

test('consent given on our page', async () => {
  const { url } = await enrolmentOf('on-page', {});
  const answer = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ consent: true }),
  });
  const { clientSecret } = (await answer.json()) as { clientSecret: string };
  await stack.giveCard(clientSecret, '4242424242424242');
  await fetch(`${url}/done`, { method: 'POST' });
  await stack.untilCustomer('on-page', 'active');
  await keepCustomer('on-page');
});

test('charges called off: before they are due, and while the bank waits for the customer', async () => {
  await charged('called-off', 'authentication_required');
  await stack.untilCharge('called-off', 'called-off-1', 'awaiting_step_up');
  await charge('called-off', 2, { dueAt: new Date(Date.now() + 2 * DAY).toISOString() });
  for (const number of [2, 1]) {
    await stack.post(`/v1/customers/called-off/charges/called-off-${number}/cancel`);
    await stack.untilCharge('called-off', `called-off-${number}`, 'cancelled');
  }
  await keepCustomer('called-off');
});

test('a charge that an operator retries before its day', async () => {
  await charged('retried', 'insufficient_funds');
  await stack.untilCharge('retried', 'retried-1', 'retrying');
  await stack.post('/v1/customers/retried/charges/retried-1/retry');
  await stack.untilCharge('retried', 'retried-1', 'succeeded');
  await keepCustomer('retried');
});

test('an intent whose creation nobody saw end is looked up', async () => {
  await stack.enrol('looked-up');
  await failing('looked-up', 'payment_intents', 'drop', UNTIL_GIVEN_UP);
  await charge('looked-up', 1);
  await stack.untilCharge('looked-up', 'looked-up-1', 'succeeded');
  await keepCustomer('looked-up');
});

test('a request that Stripe refuses, and another card', async () => {
  const paymentMethod = await stack.enrol('refused');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.stripe('POST', `payment_methods/${paymentMethod}/detach`, {});
  await charge('refused', 1);
  await stack.untilCharge('refused', 'refused-1', 'refused');
  await stack.control('webhooks', { mode: 'normal' });
  await stack.post('/v1/customers/refused/enrolments', {
    paymentMethod: 'pm_card_mastercard',
    consent: CONSENT,
  });
  await stack.untilCustomer('refused', 'past_due');
  await stack.post('/v1/customers/refused/charges/refused-1/retry');
  await stack.untilCharge('refused', 'refused-1', 'succeeded');
  await keepCustomer('refused');
});

test('too many requests, once', async () => {
  await stack.enrol('rate-limited');
  await failing('rate-limited', 'payment_intents/*/confirm', 429, 1);
  await charge('rate-limited', 1);
  await stack.untilCharge('rate-limited', 'rate-limited-1', 'succeeded');
  await keepCustomer('rate-limited');
});

test('held by the emergency brake', async () => {
  await stack.enrol('halted');
  await world.ledger.setKillSwitch({ isOn: true, ...BY });
  await charge('halted', 1);
  await stack.untilCharge('halted', 'braked-1', 'held');
  await world.ledger.setKillSwitch({ isOn: false, ...BY });
  await stack.passTime('halted', DAY);
  await stack.untilCharge('halted', 'braked-1', 'succeeded');
  await keepCustomer('halted');
});

test('a calendar used up, and a card that nobody gives', async () => {
  await charged('spent', ...Array.from({ length: 8 }, () => 'insufficient_funds'));
  await stack.passTime('spent', 30 * DAY);
  await stack.untilCharge('spent', 'spent-1', 'failed');
  await keepCustomer('spent');
  await charged('cardless', 'lost_card');
  await stack.untilCharge('cardless', 'cardless-1', 'awaiting_card');
  await stack.passTime('cardless', 61 * DAY);
  await stack.untilCharge('cardless', 'cardless-1', 'failed');
  await keepCustomer('cardless');
});

test('money that goes back: a refund, a dispute, and one after the customer has gone, found by the catch-up', async () => {
  await charged('taken-back', 'succeed');
  const { paymentIntentId } = await stack.untilCharge('taken-back', 'taken-back-1', 'succeeded');
  await stack.stripe('POST', 'refunds', { payment_intent: paymentIntentId, amount: '100' });
  await stack.untilOnRecord('taken-back', 'refund');
  await stack.post('/v1/customers/taken-back/cancel');
  await expect.poll(() => statusOf('taken-back'), { timeout: 15_000 }).toBe('COMPLETED');
  await keepCustomer('taken-back');

  await stack.control('webhooks', { mode: 'lose' });
  await stack.control('disputes', { paymentIntentId });
  await stack.control('webhooks', { mode: 'normal' });
  const workflowId = `catch-up-${randomUUID()}`;
  await stack.client.workflow.execute(CATCH_UP, { taskQueue: BILLING_QUEUE, workflowId });
  await stack.untilOnRecord('taken-back', 'dispute');
  await expect.poll(() => statusOf('taken-back'), { timeout: 15_000 }).toBe('COMPLETED');
  await keep('catch-up', workflowId);
  await keep('disputed-when-gone', 'billing/taken-back');
});
