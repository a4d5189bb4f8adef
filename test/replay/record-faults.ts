// Records customers with whom something goes wrong or who are paid back, on the whole stack.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { BILLING_QUEUE, CATCH_UP, workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, DAY, UNTIL_GIVEN_UP } from '../support/stack.ts';
import {
  backends,
  charge,
  charged,
  enrolmentOf,
  keep,
  keepCustomer,
  shareOneStack,
  stack,
  statusOf,
} from './history-files.ts';

const BY = { actor: 'olga', reason: 'an exercise' };

shareOneStack();

const failing = (customerId: string, path: string, kind: number | string, times: number) =>
  stack.control('faults', { method: 'POST', path: `/v1/${path}`, kind, when: 'before', times, customerId });

test('consent given on our page', async () => {
  const { url } = await enrolmentOf('consent-on-page', {});
  const answer = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ consent: true }),
  });
  const { clientSecret } = (await answer.json()) as { clientSecret: string };
  await stack.giveCard(clientSecret, '4242424242424242');
  await fetch(`${url}/done`, { method: 'POST' });
  await stack.untilCustomer('consent-on-page', 'active');
  await keepCustomer('consent-on-page');
});

test('charges cancelled: before they are due, and while the bank waits for the customer', async () => {
  await charged('charges-cancelled', 'authentication_required');
  await stack.untilCharge('charges-cancelled', 'charges-cancelled-1', 'awaiting_step_up');
  await charge('charges-cancelled', 2, { dueAt: new Date(Date.now() + 2 * DAY).toISOString() });
  for (const number of [2, 1]) {
    await stack.post(`/v1/customers/charges-cancelled/charges/charges-cancelled-${number}/cancel`);
    await stack.untilCharge('charges-cancelled', `charges-cancelled-${number}`, 'cancelled');
  }
  await keepCustomer('charges-cancelled');
});

test('a charge that an operator retries before its day', async () => {
  await charged('retried', 'insufficient_funds');
  await stack.untilCharge('retried', 'retried-1', 'retrying');
  await stack.post('/v1/customers/retried/charges/retried-1/retry');
  await stack.untilCharge('retried', 'retried-1', 'succeeded');
  await keepCustomer('retried');
});

test('an intent whose creation nobody saw end is found', async () => {
  await stack.enrol('intent-found');
  await failing('intent-found', 'payment_intents', 'drop', UNTIL_GIVEN_UP);
  await charge('intent-found', 1);
  await stack.untilCharge('intent-found', 'intent-found-1', 'succeeded');
  await keepCustomer('intent-found');
});

test('a card that was detached without a word, and another card', async () => {
  const paymentMethod = await stack.enrol('card-detached');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.stripe('POST', `payment_methods/${paymentMethod}/detach`, {});
  await charge('card-detached', 1);
  await stack.untilCharge('card-detached', 'card-detached-1', 'awaiting_card');
  await stack.control('webhooks', { mode: 'normal' });
  await stack.post('/v1/customers/card-detached/enrolments', {
    paymentMethod: 'pm_card_mastercard',
    consent: CONSENT,
  });
  await stack.untilCharge('card-detached', 'card-detached-1', 'succeeded');
  await keepCustomer('card-detached');
});

test('a charge that is refused because somebody copied our metadata, and that an operator cancels', async () => {
  const paymentMethod = await stack.enrol('charge-refused');
  const { stripeCustomerId, mandate } = await stack.get('/v1/customers/charge-refused');
  const { metadata } = await stack.stripe('GET', `setup_intents/${mandate.setupIntentId}`);
  await stack.payByHand(stripeCustomerId, paymentMethod, {
    amount: '1000',
    'metadata[customerId]': 'charge-refused',
    'metadata[chargeId]': 'charge-refused-1',
    'metadata[installationId]': metadata.installationId,
    'metadata[intentNumber]': '1',
  });
  await failing('charge-refused', 'payment_intents', 'drop', UNTIL_GIVEN_UP);
  await charge('charge-refused', 1);
  await stack.untilCharge('charge-refused', 'charge-refused-1', 'refused');
  await stack.post('/v1/customers/charge-refused/charges/charge-refused-1/cancel');
  await stack.untilCharge('charge-refused', 'charge-refused-1', 'cancelled');
  await keepCustomer('charge-refused');
});

test('too many requests, once', async () => {
  await stack.enrol('rate-limited');
  await failing('rate-limited', 'payment_intents/*/confirm', 429, 1);
  await charge('rate-limited', 1);
  await stack.untilCharge('rate-limited', 'rate-limited-1', 'succeeded');
  await keepCustomer('rate-limited');
});

test('held by the kill switch', async () => {
  await stack.enrol('halted');
  await backends.ledger.setKillSwitch({ isOn: true, ...BY });
  await charge('halted', 1);
  await stack.untilCharge('halted', 'halted-1', 'held');
  await backends.ledger.setKillSwitch({ isOn: false, ...BY });
  await stack.passTime('halted', DAY);
  await stack.untilCharge('halted', 'halted-1', 'succeeded');
  await keepCustomer('halted');
});

test('a calendar used up, and a card that nobody gives', async () => {
  await charged('attempts-used-up', ...Array.from({ length: 8 }, () => 'insufficient_funds'));
  await stack.passTime('attempts-used-up', 29 * DAY);
  await stack.untilCharge('attempts-used-up', 'attempts-used-up-1', 'failed');
  await keepCustomer('attempts-used-up');
  await charged('no-other-card', 'lost_card');
  await stack.untilCharge('no-other-card', 'no-other-card-1', 'awaiting_card');
  await stack.passTime('no-other-card', 61 * DAY);
  await stack.untilCharge('no-other-card', 'no-other-card-1', 'failed');
  await keepCustomer('no-other-card');
});

test('a refund, and a dispute after the customer was cancelled, found by the catch-up', async () => {
  await charged('refunded', 'succeed');
  const { paymentIntentId } = await stack.untilCharge('refunded', 'refunded-1', 'succeeded');
  await stack.stripe('POST', 'refunds', { payment_intent: paymentIntentId, amount: '100' });
  await stack.untilOnRecord('refunded', 'refund');
  await stack.post('/v1/customers/refunded/cancel');
  await expect.poll(() => statusOf('refunded'), { timeout: 15_000 }).toBe('COMPLETED');
  await keepCustomer('refunded');

  await stack.control('webhooks', { mode: 'lose' });
  await stack.control('disputes', { paymentIntentId });
  await stack.control('webhooks', { mode: 'normal' });
  const workflowId = `catch-up-${randomUUID()}`;
  await stack.client.workflow.execute(CATCH_UP, { taskQueue: BILLING_QUEUE, workflowId });
  await stack.untilOnRecord('refunded', 'dispute');
  await expect.poll(() => statusOf('refunded'), { timeout: 15_000 }).toBe('COMPLETED');
  await keep('catch-up', workflowId);
  await keep('disputed-after-cancelling', workflowIdOf('refunded'));
});
