// What somebody can try who does not come by the api: with another key of the Stripe account, or at Temporal itself.
import { ActivityClient } from '@temporalio/client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { sentState } from '../../domain/sent-state.ts';
import { BILLING_QUEUE, STRIPE_QUEUE, workflowIdOf } from '../../workflows/messages.ts';
import { attempting } from '../activities/_attempts.ts';
import { startSampleWorkflows } from '../support/sample-workflows.ts';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: { MAX_CHARGE_AMOUNT: 'eur:5000,default:100' } });
});
afterAll(() => stack?.stop());

const ATTACKER = 'sk_test_of_somebody_else';

test('an intent at Stripe with our metadata copied, paid and refunded, while our own create is never answered: nothing is called paid, and an operator is asked', async () => {
  const card = await stack.enrol('eve');
  const { stripeCustomerId, mandate } = await stack.get('/v1/customers/eve');
  // Whoever has a key of the account can read what we wrote on the SetupIntent.
  const { metadata } = await stack.stripe(
    'GET',
    `setup_intents/${mandate.setupIntentId}`,
    undefined,
    ATTACKER,
  );
  const theirs = await stack.stripe(
    'POST',
    'payment_intents',
    {
      amount: '1900',
      currency: 'eur',
      customer: stripeCustomerId,
      payment_method: card,
      confirm: 'true',
      'allowed_payment_method_types[0]': 'card',
      'metadata[customerId]': 'eve',
      'metadata[chargeId]': 'eve-1',
      'metadata[installationId]': metadata.installationId,
      'metadata[intentNumber]': '1',
    },
    ATTACKER,
  );
  expect(theirs).toMatchObject({ status: 'succeeded', amount_received: 1900 });
  await stack.stripe('POST', 'refunds', { payment_intent: theirs.id }, ATTACKER);
  const lost = { method: 'POST', path: '/v1/payment_intents', kind: 'drop', when: 'before' };
  await stack.control('faults', { ...lost, times: UNTIL_GIVEN_UP });

  const charge = { chargeId: 'eve-1', amount: 1900, currency: 'eur' };
  expect(await stack.post('/v1/customers/eve/charges', charge)).toMatchObject({ status: 202 });
  await stack.untilCharge('eve', 'eve-1', 'refused');
  expect(await stack.untilOnRecord('eve', 'charge_refused')).toMatchObject([
    { chargeId: 'eve-1', data: { code: 'ambiguous_payment_intent' } },
  ]);
  const { intents } = await stack.truth('eve-1');
  expect(intents).toMatchObject([{ paymentIntentId: theirs.id }]);
  expect(await stack.get('/v1/customers/eve/charges/eve-1')).not.toHaveProperty('paymentIntentId');
});

test('a charge over the largest amount is refused by the workflow itself, and one within it is collected', async () => {
  await stack.enrol('max');
  const workflow = stack.client.workflow.getHandle(workflowIdOf('max'));
  const open = (chargeId: string, amount: number, currency = 'eur') =>
    workflow.executeUpdate('openCharge', { args: [{ actor: 'mallory', chargeId, amount, currency }] });
  await expect(open('max-1', 5_001)).rejects.toMatchObject({ cause: { details: ['amount_too_large'] } });
  await expect(open('max-2', 101, 'usd')).rejects.toMatchObject({ cause: { details: ['amount_too_large'] } });
  expect(
    (await stack.post('/v1/customers/max/charges', { chargeId: 'max-3', amount: 5_001, currency: 'eur' }))
      .body,
  ).toMatchObject({ status: 422, code: 'amount_too_large' });
  await open('max-4', 5_000);
  await stack.untilCharge('max', 'max-4', 'succeeded');
  for (const chargeId of ['max-1', 'max-2', 'max-3'])
    expect(await stack.truth(chargeId)).toMatchObject({ intents: [] });
});

test('an activity that somebody starts at Temporal without a workflow does nothing', async () => {
  const card = await stack.enrol('alone');
  const { stripeCustomerId } = await stack.get('/v1/customers/alone');
  const { connection, options } = stack.client;
  const activities = new ActivityClient({ connection, namespace: options.namespace });
  const run = (type: string, taskQueue: string, input: object) =>
    activities.execute(type, {
      id: `${type}-alone`,
      taskQueue,
      args: [input],
      startToCloseTimeout: '10 seconds',
      scheduleToCloseTimeout: '20 seconds',
    });
  const byHand = await stack.stripe('POST', 'payment_intents', {
    amount: '5001',
    currency: 'eur',
    customer: stripeCustomerId,
    'metadata[chargeId]': 'alone-1',
  });
  const owed = {
    customerId: 'alone',
    chargeId: 'alone-1',
    amount: 5_001,
    stripeCustomerId,
    paymentMethodId: card,
  };
  for (const paymentIntentId of [null, byHand.id]) {
    const state = sentState(attempting({ ...owed, paymentIntentId }));
    const attempted = run('attemptCharge', STRIPE_QUEUE, { chargeId: 'alone-1', state, nowMs: Date.now() });
    await expect(attempted).rejects.toMatchObject({ cause: { type: 'NoWorkflow' } });
  }
  await expect(run('setCaughtUp', BILLING_QUEUE, { throughMs: Date.UTC(2100, 0) })).rejects.toMatchObject({
    cause: { type: 'NoWorkflow' },
  });
  expect(await stack.truth('alone-1')).toMatchObject({
    attempts: 0,
    intents: [{ paymentIntentId: byHand.id, status: 'requires_payment_method' }],
  });
});

test('an activity that a workflow of somebody else’s asks for does nothing', async () => {
  const card = await stack.enrol('foreign');
  const { stripeCustomerId } = await stack.get('/v1/customers/foreign');
  const { namespace } = stack.client.options;
  const elsewhere = await startSampleWorkflows({ taskQueue: 'elsewhere', activities: {} }, namespace);
  onTestFinished(() => elsewhere.stop());
  const run = (workflowId: string, name: string, taskQueue: string, input: object) =>
    elsewhere.client.workflow.execute('runForeignActivity', {
      workflowId,
      taskQueue: 'elsewhere',
      args: [name, taskQueue, input],
    });
  const owed = { customerId: 'foreign', chargeId: 'foreign-1', amount: 5_001, stripeCustomerId };
  const state = sentState(attempting({ ...owed, paymentMethodId: card, paymentIntentId: null }));
  const attempt = { chargeId: 'foreign-1', state, nowMs: Date.now() };
  const refused = { cause: { cause: { type: 'NoWorkflow' } } };
  // Under a name of its own, and under what a customer's workflow could be called.
  for (const id of ['a-workflow', 'billing/foreign-too'])
    await expect(run(id, 'attemptCharge', STRIPE_QUEUE, attempt)).rejects.toMatchObject(refused);
  await expect(
    run('a-third', 'setCaughtUp', BILLING_QUEUE, { throughMs: Date.UTC(2100, 0) }),
  ).rejects.toMatchObject(refused);
  expect(await stack.truth('foreign-1')).toMatchObject({ attempts: 0, intents: [] });
});

test.each([
  [
    'a request',
    (chargeId: string) => ({ kind: 'openCharge', actor: 'm', chargeId, amount: 5_001, currency: 'eur' }),
  ],
  ['an answer to another step', () => ({ kind: 'recorded', through: 0, alreadyClosed: [] })],
  [
    'half an answer',
    () => ({ kind: 'paymentIntentCreated', chargeId: 'done-half-an-answer-1', paymentIntentId: {} }),
  ],
  ['what is no event', () => ({ kind: 'anything' })],
  ['nothing', () => null],
])('an activity that somebody completes with %s counts as unanswered', async (what, forged) => {
  const customerId = `done-${what.replaceAll(' ', '-')}`;
  await stack.enrol(customerId);
  await stack.control('faults', {
    method: 'POST',
    path: '/v1/payment_intents',
    kind: 'hang',
    when: 'before',
    times: 1,
  });
  const workflowId = workflowIdOf(customerId);
  const handle = stack.client.workflow.getHandle(workflowId);
  const charge = { chargeId: `${customerId}-1`, amount: 900, currency: 'eur' };
  await stack.post(`/v1/customers/${customerId}/charges`, charge);
  const pending = async () =>
    (await handle.describe()).raw.pendingActivities?.find(
      ({ activityType }) => activityType?.name === 'attemptCharge',
    );
  await expect.poll(pending).toBeDefined();
  const activityId = (await pending())?.activityId ?? '';
  await stack.client.activity.complete({ workflowId, activityId }, forged(`${customerId}-2`));

  await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
  expect(await stack.truth(`${customerId}-1`)).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(await stack.call('GET', `/v1/customers/${customerId}/charges/${customerId}-2`)).toMatchObject({
    status: 404,
  });
  expect(await stack.truth(`${customerId}-2`)).toMatchObject({ intents: [] });
  const { events } = await handle.fetchHistory();
  expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
});
