// Records customers of every kind on the whole stack.
import { expect, test } from 'vitest';
import { recoverOne } from '../../ops/commands/recover.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, DAY, HOUR } from '../support/stack.ts';
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

shareOneStack();

test('plain charge, with a card given on the server', async () => {
  await charged('plain-charge');
  await stack.untilCharge('plain-charge', 'plain-charge-1', 'succeeded');
  await charge('plain-charge', 2, { dueAt: new Date(Date.now() + 2 * DAY).toISOString() });
  await stack.passTime('plain-charge', 3 * DAY);
  await stack.untilCharge('plain-charge', 'plain-charge-2', 'succeeded');
  await keepCustomer('plain-charge');
});

test('enrolled in the caller’s page', async () => {
  const { clientSecret, setupIntentId } = await enrolmentOf('own-card-form');
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'fail' });
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'succeed' });
  await stack.untilCustomer('own-card-form', 'active');
  await keepCustomer('own-card-form');
});

test('enrolment declined', async () => {
  await enrolmentOf('enrolment-failed', { paymentMethod: 'pm_card_chargeDeclined', consent: CONSENT });
  await keepCustomer('enrolment-failed');
});

test('enrolment renewed, and at last given up', async () => {
  await enrolmentOf('enrolment-renewed');
  await stack.passTime('enrolment-renewed', 32 * DAY);
  expect((await stack.get('/v1/customers/enrolment-renewed')).enrolment.status).toBe('expired');
  await keepCustomer('enrolment-renewed');
});

test('soft decline, retried over days', async () => {
  await charged('soft-decline', 'insufficient_funds', 'insufficient_funds');
  await stack.untilCharge('soft-decline', 'soft-decline-1', 'retrying');
  await stack.passTime('soft-decline', 4 * DAY);
  await stack.untilCharge('soft-decline', 'soft-decline-1', 'succeeded');
  await keepCustomer('soft-decline');
});

test('step-up succeeded, with a held charge behind it', async () => {
  await charged('step-up', 'authentication_required');
  const { paymentIntentId } = await stack.untilCharge('step-up', 'step-up-1', 'awaiting_step_up');
  await charge('step-up', 2);
  await stack.untilCharge('step-up', 'step-up-2', 'held');
  await stack.control(`challenges/${paymentIntentId}`, { result: 'fail' });
  await stack.untilOnRecord('step-up', 'step_up_failed');
  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  await stack.post('/v1/customers/step-up/charges/step-up-1/step-up');
  await stack.untilCharge('step-up', 'step-up-2', 'succeeded');
  await keepCustomer('step-up');
});

test('step-up expired', async () => {
  await charged('step-up-expired', 'authentication_required');
  await stack.untilCharge('step-up-expired', 'step-up-expired-1', 'awaiting_step_up');
  await stack.passTime('step-up-expired', 7 * DAY + HOUR);
  await stack.untilCharge('step-up-expired', 'step-up-expired-1', 'failed');
  await keepCustomer('step-up-expired');
});

test('hard decline, and another card', async () => {
  await charged('new-card', 'stolen_card');
  await stack.untilCharge('new-card', 'new-card-1', 'awaiting_card');
  await stack.post('/v1/customers/new-card/enrolments', {
    paymentMethod: 'pm_card_mastercard',
    consent: CONSENT,
  });
  await stack.untilCharge('new-card', 'new-card-1', 'succeeded');
  await keepCustomer('new-card');
});

test('India: a mandate at Stripe, and money that takes its time', async () => {
  const terms = { maxAmount: 1_000_000, currency: 'inr' };
  const paymentMethod = await stack.completeEnrolment(
    'india-mandate',
    await enrolmentOf('india-mandate', { consent: CONSENT, terms }),
  );
  await stack.control('outcomes', { paymentMethod, outcomes: ['processing'] });
  await charge('india-mandate', 1, { amount: 50_000, currency: 'inr' });
  const { paymentIntentId } = await stack.untilCharge('india-mandate', 'india-mandate-1', 'processing');
  await stack.control(`settle/${paymentIntentId}`, {});
  await stack.untilCharge('india-mandate', 'india-mandate-1', 'succeeded');
  await keepCustomer('india-mandate');
});

test('paused and resumed', async () => {
  await stack.enrol('paused');
  await stack.post('/v1/customers/paused/pause');
  await charge('paused', 1);
  await stack.passTime('paused', DAY);
  await stack.post('/v1/customers/paused/resume');
  await stack.untilCharge('paused', 'paused-1', 'succeeded');
  await keepCustomer('paused');
});

test('cancelled with an open intent; then back, from the ledger’s snapshot', async () => {
  await charged('cancelled', 'authentication_required');
  await stack.untilCharge('cancelled', 'cancelled-1', 'awaiting_step_up');
  await stack.post('/v1/customers/cancelled/cancel');
  await stack.untilCharge('cancelled', 'cancelled-1', 'cancelled');
  await expect.poll(() => statusOf('cancelled'), { timeout: 15_000 }).toBe('COMPLETED');
  await keepCustomer('cancelled');
  await stack.post('/v1/customers/cancelled/enrolments', { paymentMethod: 'pm_card_visa', consent: CONSENT });
  await stack.untilCustomer('cancelled', 'active');
  await keep('returned', workflowIdOf('cancelled'));
});

test('recovered: the cluster is gone, and a run starts from the ledger’s snapshot', async () => {
  const paymentMethod = await stack.enrol('recovered');
  const outcomes = ['insufficient_funds', 'authentication_required'];
  await stack.control('outcomes', { paymentMethod, outcomes });
  await charge('recovered', 1);
  await stack.untilCharge('recovered', 'recovered-1', 'retrying');
  await charge('recovered', 2);
  const { paymentIntentId } = await stack.untilCharge('recovered', 'recovered-2', 'awaiting_step_up');
  await charge('recovered', 3, { dueAt: new Date(Date.now() + 2 * DAY).toISOString() });
  await stack.untilCharge('recovered', 'recovered-3', 'scheduled');
  const lost = stack.client.workflow.getHandle(workflowIdOf('recovered'));
  await lost.terminate('as if its cluster were gone');
  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  expect(await recoverOne('recovered', { ledger: backends.ledger, client: stack.client })).toBe('started');
  await stack.untilCharge('recovered', 'recovered-2', 'succeeded');
  await stack.passTime('recovered', 3 * DAY);
  for (const number of [1, 3]) await stack.untilCharge('recovered', `recovered-${number}`, 'succeeded');
  await keepCustomer('recovered');
});

test('an outcome nobody knew', async () => {
  await stack.enrol('outcome-unknown');
  const path = '/v1/payment_intents/:id/confirm';
  await stack.control('faults', { method: 'POST', path, kind: 'drop', when: 'after', times: 6 });
  await charge('outcome-unknown', 1);
  await stack.until(
    '/v1/customers/outcome-unknown/charges/outcome-unknown-1',
    ({ status }) => status === 'succeeded',
  );
  await keepCustomer('outcome-unknown');
});

test('continued as new, each month', async () => {
  await stack.enrol('continued-as-new');
  await stack.passTime('continued-as-new', 71 * DAY);
  await charge('continued-as-new', 1);
  await stack.untilCharge('continued-as-new', 'continued-as-new-1', 'succeeded');
  await keepCustomer('continued-as-new');
});
