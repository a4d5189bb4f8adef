// Step-ups: the customer's queue waits, the customer authenticates and the charge is paid, or the deadline passes.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DAY, HOUR, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterEach(() => stack.control('webhooks', { mode: 'normal' }));
afterAll(() => stack.stop());

/** 4000 0027 6000 3184: authenticated up front, and the bank asks again at every charge. */
async function enrolAuthenticationRequired(customerId: string) {
  const { body } = await stack.post('/v1/customers', {
    customerId,
    paymentMethod: 'pm_card_authenticationRequired',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-01T09:00:00Z' },
  });
  expect(body.enrolment.status).toBe('awaiting_customer');
  await stack.control(`challenges/${body.enrolment.setupIntentId}`, { result: 'succeed' });
  await stack.untilCustomer(customerId, 'active');
}

async function chargeAndWaitForStepUp(customerId: string, chargeId: string) {
  await stack.post(`/v1/customers/${customerId}/charges`, { chargeId, amount: 3000, currency: 'eur' });
  return stack.untilCharge(customerId, chargeId, 'awaiting_step_up');
}

test('a card of 4000 0027 6000 3184 waits for the customer, and is collected on the same intent', async () => {
  await enrolAuthenticationRequired('ada');
  const waiting = await chargeAndWaitForStepUp('ada', 'ada-1');
  expect(waiting.stepUp.url).toContain('/step-up/');
  expect(Date.parse(waiting.stepUp.deadline) - Date.now()).toBeGreaterThan(6 * DAY);
  expect(await stack.get('/v1/customers/ada')).toMatchObject({ status: 'awaiting_step_up', amountDue: 3000 });
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  const charge = await stack.untilCharge('ada', 'ada-1', 'succeeded');
  expect(charge.paymentIntentId).toBe(waiting.paymentIntentId);
  expect(charge.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'step_up',
    'succeeded',
  ]);
  const truth = await stack.truth('ada-1');
  expect(truth).toMatchObject({ succeeded: 1 });
  expect(truth.intents).toHaveLength(1);
});

test('charges that fall due meanwhile are held, and collected when the queue goes on', async () => {
  const card = await stack.enrol('held');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('held', 'held-1');
  await stack.post('/v1/customers/held/charges', { chargeId: 'held-2', amount: 800, currency: 'eur' });
  expect((await stack.untilCharge('held', 'held-2', 'held')).status).toBe('held');
  expect(await stack.truth('held-2')).toMatchObject({ attempts: 0 });
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('held', 'held-1', 'succeeded');
  await stack.untilCharge('held', 'held-2', 'succeeded');
  expect(await stack.truth('held-2')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('when the webhook never comes, the caller’s word is enough', async () => {
  const card = await stack.enrol('reported');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('reported', 'reported-1');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  const answer = await stack.post('/v1/customers/reported/charges/reported-1/step-up');
  expect(answer.status).toBe(202);
  await stack.untilCharge('reported', 'reported-1', 'succeeded');
  expect(await stack.truth('reported-1')).toMatchObject({ succeeded: 1 });
});

test('when neither webhook nor anybody comes, the timer finds the money', async () => {
  const card = await stack.enrol('silent');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('silent', 'silent-1');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  await stack.passTime('silent', 6 * HOUR);
  await stack.untilCharge('silent', 'silent-1', 'succeeded');
  expect(await stack.truth('silent-1')).toMatchObject({ succeeded: 1 });
});

test('at the deadline the intent is cancelled at Stripe, and held charges go on', async () => {
  const card = await stack.enrol('nobody');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('nobody', 'nobody-1');
  await stack.post('/v1/customers/nobody/charges', { chargeId: 'nobody-2', amount: 800, currency: 'eur' });
  await stack.untilCharge('nobody', 'nobody-2', 'held');
  await stack.passTime('nobody', 7 * DAY + HOUR);
  const charge = await stack.untilCharge('nobody', 'nobody-1', 'failed');
  expect(charge.reason).toBe('step_up_expired');
  expect(charge).not.toHaveProperty('decline');
  await stack.untilCharge('nobody', 'nobody-2', 'succeeded');
  const truth = await stack.truth('nobody-1');
  expect(truth).toMatchObject({
    succeeded: 0,
    intents: [{ paymentIntentId: waiting.paymentIntentId, status: 'canceled' }],
  });
  const { items } = await stack.get('/v1/customers/nobody/evidence');
  const kinds = items.map(({ kind }: { kind: string }) => kind);
  expect(kinds.filter((kind: string) => kind === 'step_up_reminded')).toHaveLength(3);
});

test('a failed authentication leaves the charge waiting; the next one collects it', async () => {
  const card = await stack.enrol('clumsy');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const { paymentIntentId } = await chargeAndWaitForStepUp('clumsy', 'clumsy-1');
  await stack.control(`challenges/${paymentIntentId}`, { result: 'fail' });
  await stack.untilOnRecord('clumsy', 'step_up_failed');
  expect((await stack.get('/v1/customers/clumsy/charges/clumsy-1')).status).toBe('awaiting_step_up');
  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('clumsy', 'clumsy-1', 'succeeded');
  expect(await stack.truth('clumsy-1')).toMatchObject({ succeeded: 1 });
});

test('authenticated and then without money is a soft decline, not a step-up', async () => {
  const { body } = await stack.post('/v1/customers', {
    customerId: 'poor',
    paymentMethod: 'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-01T09:00:00Z' },
  });
  await stack.control(`challenges/${body.enrolment.setupIntentId}`, { result: 'succeed' });
  await stack.untilCustomer('poor', 'active');
  const card = await stack.cardOf('poor');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('poor', 'poor-1');
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  const charge = await stack.untilCharge('poor', 'poor-1', 'retrying');
  expect(charge.decline).toMatchObject({ declineCode: 'insufficient_funds' });
  expect(await stack.truth('poor-1')).toMatchObject({ succeeded: 0 });
});

test('the step-up page gives the secret of the same intent and the card to name, and wakes the workflow when done', async () => {
  const card = await stack.enrol('page');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const waiting = await chargeAndWaitForStepUp('page', 'page-1');
  await stack.control('webhooks', { mode: 'lose' });
  const { url } = waiting.stepUp;
  expect((await fetch(url)).status).toBe(200);
  const session = await fetch(`${url}/session`, { method: 'POST' });
  expect(session.status).toBe(200);
  const { clientSecret, paymentMethodId } = (await session.json()) as Record<string, string>;
  expect(clientSecret).toContain(`${waiting.paymentIntentId}_secret_`);
  expect(paymentMethodId).toBe(card);
  const confirmed = await stack.stripe(
    'POST',
    `payment_intents/${waiting.paymentIntentId}/confirm`,
    { client_secret: clientSecret ?? '', payment_method: card },
    'pk_test_e2e',
  );
  if (confirmed.status === 'requires_action')
    await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  expect((await fetch(`${url}/done`, { method: 'POST' })).ok).toBe(true);
  await stack.untilCharge('page', 'page-1', 'succeeded');
  const status = (await (await fetch(`${url}/status`)).json()) as { status: string };
  expect(status.status).toBe('succeeded');
  expect(await stack.truth('page-1')).toMatchObject({ succeeded: 1 });
});
