// Every field that the evidence is to keep, held against the object at Stripe that it comes from.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the servers send
type Json = any;

const REQUEST_ID = expect.stringMatching(/^req_/);
const CONSENT = {
  termsVersion: '2026-11',
  acceptedAt: '2026-11-01T09:00:00Z',
  ip: '203.0.113.7',
  userAgent: 'a browser',
};

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

async function evidenceOf(customerId: string, kind: string): Promise<Json[]> {
  const { items } = await stack.get(`/v1/customers/${customerId}/evidence`);
  return items.filter((item: Json) => item.kind === kind);
}

const owe = (customerId: string) =>
  stack.post(`/v1/customers/${customerId}/charges`, {
    chargeId: customerId,
    amount: 3000,
    currency: 'eur',
  });

test('consent, SetupAttempt with its 3-D Secure, card and mandate, as Stripe has them', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'enrolled', consent: CONSENT });
  const { setupIntentId, clientSecret } = body.enrolment;
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'succeed' });
  await stack.untilCustomer('enrolled', 'active');
  const { data: attempts } = await stack.stripe('GET', `setup_attempts?setup_intent=${setupIntentId}`);
  const secure = attempts[0].payment_method_details.card.three_d_secure;
  const { card } = await stack.stripe('GET', `payment_methods/${attempts[0].payment_method}`);

  const [consent] = await evidenceOf('enrolled', 'consent');
  expect(consent).toMatchObject({
    data: { termsVersion: CONSENT.termsVersion, acceptedAt: new Date(CONSENT.acceptedAt).toISOString() },
    personal: { ip: CONSENT.ip, userAgent: CONSENT.userAgent },
  });
  const [mandate] = await evidenceOf('enrolled', 'mandate');
  expect(mandate.data).toMatchObject({
    setupIntentId,
    setupAttemptId: attempts[0].id,
    threeDSecure: {
      result: 'authenticated',
      version: secure.version,
      authenticationFlow: secure.authentication_flow,
      electronicCommerceIndicator: secure.electronic_commerce_indicator,
      transactionId: secure.transaction_id,
    },
    card: { brand: card.brand, last4: card.last4, country: card.country, fingerprint: card.fingerprint },
    stripeMandateId: null,
    requestId: REQUEST_ID,
  });
  expect([secure.version, secure.electronic_commerce_indicator, card.fingerprint]).not.toContain(null);
});

test('consent that was given on our page, with the address and the browser it came from', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'on-page' });
  const answer = await fetch(`${body.enrolment.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'a browser' },
    body: JSON.stringify({ consent: true }),
  });
  expect(answer.status).toBe(200);
  const [consent] = await stack.untilOnRecord('on-page', 'consent');
  expect(consent).toMatchObject({
    actor: 'link',
    data: { source: 'page' },
    personal: { ip: '127.0.0.1', userAgent: 'a browser' },
  });
});

test('Stripe’s mandate, its id and status, where Stripe makes one', async () => {
  const terms = { maxAmount: 1_000_000, currency: 'inr', every: { unit: 'month', count: 1 } };
  const { body } = await stack.post('/v1/customers', { customerId: 'india', consent: CONSENT, terms });
  await stack.completeEnrolment('india', body.enrolment);
  const { mandate: stripeMandateId } = await stack.stripe(
    'GET',
    `setup_intents/${body.enrolment.setupIntentId}`,
  );
  const [mandate] = await evidenceOf('india', 'mandate');
  expect(mandate.data).toMatchObject({ stripeMandateId, status: 'active', card: { country: 'IN' } });
  expect(stripeMandateId).toMatch(/^mandate_/);
});

test('a failed enrolment keeps the try, its 3-D Secure result, its reason and Stripe’s request id', async () => {
  const { body } = await stack.post('/v1/customers', { customerId: 'failed', consent: CONSENT });
  const { setupIntentId, clientSecret } = body.enrolment;
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'fail' });
  await stack.until('/v1/customers/failed', ({ enrolment }) => enrolment.status === 'failed');
  const { data: attempts } = await stack.stripe('GET', `setup_attempts?setup_intent=${setupIntentId}`);
  const [item] = await stack.untilOnRecord('failed', 'setup_failed');
  expect(item.data).toMatchObject({
    setupIntentId,
    setupAttemptId: attempts[0].id,
    threeDSecure: { result: 'failed' },
    decline: { code: 'setup_intent_authentication_failure' },
    requestId: REQUEST_ID,
  });
});

test('each attempt keeps what the network and the issuer said, declined or paid', async () => {
  const paymentMethod = await stack.enrol('attempts');
  await stack.control('outcomes', {
    paymentMethod,
    outcomes: [{ decline_code: 'insufficient_funds', advice_code: 'try_again_later' }],
  });
  await owe('attempts');
  await stack.untilCharge('attempts', 'attempts', 'retrying');
  await stack.post('/v1/customers/attempts/charges/attempts/retry');
  const { paymentIntentId } = await stack.untilCharge('attempts', 'attempts', 'succeeded');
  const { data: charges } = await stack.stripe('GET', `charges?payment_intent=${paymentIntentId}`);
  await stack.untilOnRecord('attempts', 'charge_closed');
  const attempts = await evidenceOf('attempts', 'attempt');
  expect(attempts.map(({ data }) => data.outcome)).toEqual(['declined', 'succeeded']);
  for (const [index, charge] of charges.toReversed().entries()) {
    const { card } = charge.payment_method_details;
    expect(attempts[index].data).toMatchObject({
      paymentMethodId: paymentMethod,
      answer: {
        paymentIntentId: paymentIntentId,
        stripeChargeId: charge.id,
        networkTransactionId: card.network_transaction_id,
        exemption: card.three_d_secure?.exemption_indicator ?? null,
        electronicCommerceIndicator: card.electronic_commerce_indicator,
        requestId: REQUEST_ID,
      },
    });
    expect(card.network_transaction_id).not.toBeNull();
  }
  const { outcome } = charges[1];
  expect(attempts[0].data.decline).toEqual({
    code: 'card_declined',
    declineCode: 'insufficient_funds',
    adviceCode: 'try_again_later',
    network: 'visa',
    networkDeclineCode: outcome.network_decline_code,
    networkAdviceCode: outcome.network_advice_code,
  });
});

test('an attempt whose outcome nobody knows keeps the request id of the answer that told nothing', async () => {
  await stack.enrol('unknown');
  const fault = { method: 'POST', path: '/v1/payment_intents/*/confirm', kind: 500, when: 'after' };
  await stack.control('faults', { ...fault, times: UNTIL_GIVEN_UP, customerId: 'unknown' });
  await owe('unknown');
  await stack.untilCharge('unknown', 'unknown', 'succeeded');
  await stack.untilOnRecord('unknown', 'charge_closed');
  const attempts = await evidenceOf('unknown', 'attempt');
  expect(attempts).toMatchObject([
    { data: { outcome: 'unknown', answer: null, requestId: REQUEST_ID } },
    { data: { outcome: 'succeeded', answer: { requestId: REQUEST_ID } } },
  ]);
});

test('a customer who tried twice while nobody looked: both answers are on record, and the money once', async () => {
  const paymentMethod = await stack.enrol('twice');
  const outcomes = ['authentication_required', 'insufficient_funds', 'succeed'];
  await stack.control('outcomes', { paymentMethod, outcomes });
  await owe('twice');
  const { paymentIntentId } = await stack.untilCharge('twice', 'twice', 'awaiting_step_up');
  await stack.control('webhooks', { mode: 'lose' });
  const { client_secret } = await stack.stripe('GET', `payment_intents/${paymentIntentId}`);
  for (const _try of ['declined', 'paid']) {
    const confirmation = { client_secret, payment_method: paymentMethod };
    const path = `payment_intents/${paymentIntentId}/confirm`;
    const { status } = await stack.stripe('POST', path, confirmation, 'pk_test_e2e');
    // Once authenticated, the bank does not ask again.
    if (status === 'requires_action')
      await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  }
  await stack.control('webhooks', { mode: 'normal' });
  expect((await stack.post('/v1/customers/twice/charges/twice/step-up')).status).toBe(202);
  await stack.untilCharge('twice', 'twice', 'succeeded');
  const { data: charges } = await stack.stripe('GET', `charges?payment_intent=${paymentIntentId}`);
  await stack.untilOnRecord('twice', 'charge_closed');
  const attempts = await evidenceOf('twice', 'attempt');
  expect(attempts.map(({ data }) => [data.answer.stripeChargeId, data.outcome])).toEqual(
    charges
      .toReversed()
      .map(({ id }: Json, index: number) => [id, ['step_up', 'declined', 'succeeded'][index]]),
  );
  expect(await stack.truth('twice')).toMatchObject({ succeeded: 1, attempts: 3 });
});
