// What changes at Stripe, or in the customer's hands, while a charge is under way: a card that is replaced, a customer
// who is deleted, an amount that somebody edits.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Merchant, startMerchant } from '../support/merchant.ts';
import { CONSENT, HOUR, startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

const NEXT_CARD = 'pm_card_mastercard';

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
beforeEach(() => merchant.reset());

const noticesOf = (customerId: string) =>
  merchant.received.filter(({ data }) => data.customerId === customerId).map(({ type }) => type);

const owe = (customerId: string, query = '') =>
  stack.post(`/v1/customers/${customerId}/charges${query}`, {
    chargeId: `${customerId}-1`,
    amount: 900,
    currency: 'eur',
  });

const chargeOf = (customerId: string) => `/v1/customers/${customerId}/charges/${customerId}-1`;

/** @returns once it is the card on file */
async function giveNextCard(customerId: string): Promise<void> {
  const path = `/v1/customers/${customerId}`;
  const { body } = await stack.post(`${path}/enrolments`, { paymentMethod: NEXT_CARD, consent: CONSENT });
  const { setupIntentId } = body.enrolment;
  await stack.until(
    path,
    ({ mandate }) => mandate?.status === 'active' && mandate.setupIntentId === setupIntentId,
  );
}

/** What the bank was asked for, in order: the end of each card's number, and what it answered. */
async function bankAnswers(chargeId: string): Promise<string[]> {
  const { charges } = await stack.truth(chargeId);
  const answers: string[] = [];
  for (const { paymentMethodId, status, declineCode } of charges) {
    const { card } = await stack.stripe('GET', `payment_methods/${paymentMethodId}`);
    answers.push(`${card.brand} ${declineCode ?? status}`);
  }
  return answers;
}

describe('a card that is replaced while the outcome on the old one is not known', () => {
  test.each([
    ['expired_card', 'needs a new card'],
    ['lost_card', 'is hard'],
    ['insufficient_funds', 'is soft'],
    ['authentication_required', 'asks for a step-up'],
  ])('%s, which %s, says nothing of the new card: it is charged at once', async (code) => {
    const customerId = `unknown-${code}`;
    const card = await stack.enrol(customerId);
    await stack.control('outcomes', { paymentMethod: card, outcomes: [code] });
    const lost = { kind: 'drop', customerId } as const;
    await stack.control('faults', {
      ...lost,
      method: 'POST',
      path: '/v1/payment_intents/*/confirm',
      when: 'after',
      times: UNTIL_GIVEN_UP,
    });
    await stack.control('faults', {
      ...lost,
      method: 'GET',
      path: '/v1/payment_intents/*',
      when: 'before',
      times: UNTIL_GIVEN_UP,
    });
    await stack.control('webhooks', { mode: 'lose' });
    await owe(customerId);
    await stack.untilCharge(customerId, `${customerId}-1`, 'unknown');
    await giveNextCard(customerId);
    await stack.control('webhooks', { mode: 'normal' });

    await stack.passTime(customerId, HOUR);
    expect(await stack.until(chargeOf(customerId), ({ status }) => status !== 'unknown')).toMatchObject({
      status: 'succeeded',
    });
    expect(await bankAnswers(`${customerId}-1`)).toEqual([`visa ${code}`, 'mastercard succeeded']);
    expect(noticesOf(customerId)).not.toContain('charge.awaiting_card');
    expect(noticesOf(customerId)).not.toContain('charge.step_up_required');
  });

  test('a payment under way on the old card that fails is collected on the new one', async () => {
    const card = await stack.enrol('was-processing');
    await stack.control('outcomes', { paymentMethod: card, outcomes: ['processing'] });
    await owe('was-processing');
    const { paymentIntentId } = await stack.untilCharge('was-processing', 'was-processing-1', 'processing');
    await giveNextCard('was-processing');
    await stack.control(`settle/${paymentIntentId}`, { result: 'fail' });
    await stack.untilCharge('was-processing', 'was-processing-1', 'succeeded');
    const truth = await stack.truth('was-processing-1');
    expect(truth).toMatchObject({ succeeded: 1, attempts: 2 });
    expect(noticesOf('was-processing')).not.toContain('charge.awaiting_card');
  });
});

test('a caller who waits is answered when the charge is settled, though another one is attempted first', async () => {
  await stack.enrol('two-at-once');
  const path = '/v1/customers/two-at-once/charges?wait=20';
  const [first, second] = await Promise.all(
    ['a', 'b'].map((chargeId) => stack.post(path, { chargeId, amount: 500, currency: 'eur' })),
  );
  expect(first?.body).toMatchObject({ chargeId: 'a', status: 'succeeded' });
  expect(second?.body).toMatchObject({ chargeId: 'b', status: 'succeeded' });
});

test('a customer who was deleted at Stripe, and the event was lost: the charge waits for a card, and the new one pays', async () => {
  await stack.enrol('deleted');
  const { stripeCustomerId } = await stack.get('/v1/customers/deleted');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.stripe('DELETE', `customers/${stripeCustomerId}`);
  await stack.control('webhooks', { mode: 'normal' });

  const { body } = await owe('deleted', '?wait=15');
  expect(body).toMatchObject({ status: 'awaiting_card' });
  await expect.poll(() => noticesOf('deleted')).toContain('charge.awaiting_card');
  expect(await stack.get('/v1/customers/deleted')).toMatchObject({ mandate: { status: 'inactive' } });

  await giveNextCard('deleted');
  // Stripe has kept its refusal under the key of the first try.
  const { attempts } = await stack.untilCharge('deleted', 'deleted-1', 'succeeded');
  expect(JSON.stringify(attempts)).not.toContain('idempotency_error');
  const truth = await stack.truth('deleted-1');
  expect(truth).toMatchObject({ succeeded: 1 });
  expect(truth.intents).toHaveLength(1);
});

test('a charge that Stripe refused and has kept the refusal of can be retried, and is paid once', async () => {
  const card = await stack.enrol('kept');
  const { stripeCustomerId } = await stack.get('/v1/customers/kept');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.stripe('POST', `payment_methods/${card}/detach`, {});
  await stack.control('webhooks', { mode: 'normal' });
  await owe('kept', '?wait=15');
  await giveNextCard('kept');
  const retried = await stack.post(`${chargeOf('kept')}/retry`);
  expect([200, 409]).toContain(retried.status); // 409: the new card has been charged already
  await stack.untilCharge('kept', 'kept-1', 'succeeded');
  const truth = await stack.truth('kept-1');
  expect(truth).toMatchObject({ succeeded: 1 });
  const open = truth.intents.filter(({ status }: { status: string }) => status !== 'canceled');
  expect(open).toMatchObject([{ status: 'succeeded', amountReceived: 900 }]);
  expect((await stack.stripe('GET', `customers/${stripeCustomerId}`)).id).toBe(stripeCustomerId);
});

test('an amount that somebody has changed at Stripe is not collected: what is owed is, and the change is on record', async () => {
  const card = await stack.enrol('edited');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['insufficient_funds'] });
  await owe('edited');
  const { paymentIntentId } = await stack.untilCharge('edited', 'edited-1', 'retrying');
  await stack.stripe('POST', `payment_intents/${paymentIntentId}`, { amount: '90000' });

  await stack.post(`${chargeOf('edited')}/retry`);
  const charge = await stack.untilCharge('edited', 'edited-1', 'succeeded');
  expect(charge).toMatchObject({ amount: 900 });
  const truth = await stack.truth('edited-1');
  expect(truth).toMatchObject({ succeeded: 1 });
  expect(truth.intents).toMatchObject([
    { paymentIntentId, status: 'canceled', amountReceived: 0 },
    { status: 'succeeded', amountReceived: 900 },
  ]);
  const [differs] = await stack.untilOnRecord('edited', 'payment_intent_differs');
  expect(differs.data).toMatchObject({ paymentIntentId });
});

test('a customer on the step-up page is never given an intent whose amount somebody has changed', async () => {
  const card = await stack.enrol('edited-page');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await owe('edited-page');
  const { paymentIntentId, stepUp } = await stack.untilCharge(
    'edited-page',
    'edited-page-1',
    'awaiting_step_up',
  );
  await stack.stripe('POST', `payment_intents/${paymentIntentId}`, { amount: '90000' });

  const session = await fetch(`${stepUp.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect(session.status).toBe(503);
  expect(await session.text()).not.toContain('_secret_');
  await stack.untilCharge('edited-page', 'edited-page-1', 'succeeded');
  expect((await stack.truth('edited-page-1')).intents).toMatchObject([
    { paymentIntentId, status: 'canceled', amountReceived: 0 },
    { status: 'succeeded', amountReceived: 900 },
  ]);
});
