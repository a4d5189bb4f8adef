// A customer gives a card: on the server, in the caller's own page, on ours.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test('a card given with the request is confirmed on the server and becomes a mandate', async () => {
  const { status, body } = await stack.post('/v1/customers', {
    customerId: 'server-side',
    email: 'ada@example.com',
    paymentMethod: 'pm_card_visa',
    consent: CONSENT,
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    status: 'active',
    enrolment: { status: 'succeeded' },
    card: { last4: '4242' },
  });
  expect(body.mandate).toMatchObject({
    status: 'active',
    stripeMandateId: null,
    acceptedAt: '2026-11-01T09:00:00.000Z',
  });
  const setup = await stack.stripe('GET', `setup_intents/${body.enrolment.setupIntentId}`);
  expect(setup).toMatchObject({ status: 'succeeded', usage: 'off_session', customer: body.stripeCustomerId });
  const customer = await stack.stripe('GET', `customers/${body.stripeCustomerId}`);
  expect(customer).toMatchObject({ email: 'ada@example.com', metadata: { customerId: 'server-side' } });
  expect(customer.invoice_settings?.default_payment_method ?? null).toBeNull();
});

test('a card of 4000 0025 0000 3155 is authenticated in the caller’s page, and then charged without the customer', async () => {
  const opened = await stack.post('/v1/customers', { customerId: 'client-side', consent: CONSENT });
  expect(opened.status).toBe(201);
  const { clientSecret, setupIntentId, status } = opened.body.enrolment;
  expect(status).toBe('awaiting_customer');
  expect(clientSecret).toContain(`${setupIntentId}_secret_`);

  expect(await stack.giveCard(clientSecret, '4000002500003155')).toMatchObject({ status: 'requires_action' });
  await stack.control(`challenges/${setupIntentId}`, { result: 'succeed' });
  const customer = await stack.untilCustomer('client-side', 'active');
  expect(customer.card.last4).toBe('3155');

  const { body: charge } = await stack.post('/v1/customers/client-side/charges?wait=15', {
    chargeId: 'client-side-1',
    amount: 2500,
    currency: 'eur',
  });
  expect(charge.status).toBe('succeeded');
  expect(await stack.truth('client-side-1')).toMatchObject({ succeeded: 1, attempts: 1 });

  const { items } = await stack.get('/v1/customers/client-side/evidence');
  const mandate = items.find(({ kind }: { kind: string }) => kind === 'mandate');
  expect(mandate.data.threeDSecure).toMatchObject({
    result: 'authenticated',
    authenticationFlow: 'challenge',
  });
  expect(mandate.data.consent.termsVersion).toBe(CONSENT.termsVersion);
});

test('a failed authentication keeps its reason, and the customer may try again on the same enrolment', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'second-try', consent: CONSENT });
  const { clientSecret, setupIntentId } = body.enrolment;
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'fail' });
  const failed = await stack.until(
    '/v1/customers/second-try',
    ({ enrolment }) => enrolment.status === 'failed',
  );
  expect(failed.status).toBe('awaiting_mandate');
  await stack.giveCard(clientSecret, '4242424242424242');
  const customer = await stack.untilCustomer('second-try', 'active');
  expect(customer.enrolment).toMatchObject({ status: 'succeeded', setupIntentId });
});

test('a card that declines on the server is no mandate, and nothing can be charged', async () => {
  const { status, body } = await stack.post('/v1/customers', {
    customerId: 'declined',
    paymentMethod: 'pm_card_chargeDeclined',
    consent: CONSENT,
  });
  expect(status).toBe(201);
  expect(body).toMatchObject({ status: 'awaiting_mandate', enrolment: { status: 'failed' } });
  expect(body.mandate).toBeUndefined();
  const refused = await stack.post('/v1/customers/declined/charges', {
    chargeId: 'declined-1',
    amount: 100,
    currency: 'eur',
  });
  expect(refused).toMatchObject({ status: 409, body: { code: 'no_mandate' } });
  expect((await stack.truth('declined-1')).intents).toEqual([]);
});

describe('on our page', () => {
  const session = (token: string, body: object) =>
    fetch(`${stack.url}/enrol/${token}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('the secret is given out only once the customer has agreed, and the flow ends in a mandate', async () => {
    const { body } = await stack.post('/v1/customers', { customerId: 'our-page' });
    expect(body.enrolment.clientSecret).toBeUndefined();
    const { url } = body.enrolment;
    const token = url.split('/').at(-1);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('cache-control')).toContain('no-store');

    expect((await session(token, {})).status).toBeGreaterThanOrEqual(400);
    const answer = await session(token, { consent: true });
    expect(answer.status).toBe(200);
    const { clientSecret } = (await answer.json()) as { clientSecret: string };
    await stack.giveCard(clientSecret, '4242424242424242');
    await fetch(`${stack.url}/enrol/${token}/done`, { method: 'POST' });
    await stack.untilCustomer('our-page', 'active');
    const { items } = await stack.get('/v1/customers/our-page/evidence');
    const consent = items.find(({ kind }: { kind: string }) => kind === 'consent');
    expect(consent.data).toMatchObject({ source: 'page', termsVersion: expect.any(String) });
  });

  test('a link made up by somebody opens nothing', async () => {
    expect((await fetch(`${stack.url}/enrol/abc.def.ghi`)).status).toBe(404);
    expect((await session('abc.def.ghi', { consent: true })).status).toBe(404);
  });
});

test('the same enrolment posted again is the same, and another one under its id is refused', async () => {
  const request = { customerId: 'again', paymentMethod: 'pm_card_visa', consent: CONSENT };
  const first = await stack.post('/v1/customers', request);
  const second = await stack.post('/v1/customers', request);
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body.stripeCustomerId).toBe(first.body.stripeCustomerId);
  expect(second.body.enrolment.setupIntentId).toBe(first.body.enrolment.setupIntentId);
  const other = await stack.post('/v1/customers', { ...request, paymentMethod: 'pm_card_mastercard' });
  expect(other).toMatchObject({ status: 409, body: { code: 'customer_conflict' } });
});

test('a customer that exists at Stripe is adopted, not made again', async () => {
  const { id } = await stack.stripe('POST', 'customers', { name: 'Already there' });
  const { body } = await stack.post('/v1/customers', {
    customerId: 'adopted',
    stripeCustomerId: id,
    paymentMethod: 'pm_card_visa',
    consent: CONSENT,
  });
  expect(body).toMatchObject({ status: 'active', stripeCustomerId: id });
});
