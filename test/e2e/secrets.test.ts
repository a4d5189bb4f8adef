// After customers of every kind, there is no secret and no personal data in Temporal, logs, metrics, errors or evidence.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forbidden, secretsIn } from '../support/secrets.ts';
import { MERCHANT_SECRET, metricsUrl, startTestStack, type TestStack, workerLog } from '../support/stack.ts';

const LINK_SECRET = 'the secret of links that nobody must ever read';
const WEBHOOK_SECRET = 'whsec_of_the_endpoint_at_stripe';
const TRACES = { ip: '203.0.113.77', userAgent: 'Netscape/4.08 (of Ada)' };
const PAGE_AGENT = 'Mosaic/1.0 (of Grace)';
const EMAIL = 'ada.lovelace@private.example';
const DESCRIPTION = 'a very private consultation';
const RETURN_URL = 'https://shop.example/account/of/ada';
const METADATA = 'internal note on ada';

/** What is secret or personal here. */
const OURS = {
  'a signing secret': [WEBHOOK_SECRET, MERCHANT_SECRET, LINK_SECRET],
  'an email': [EMAIL, 'private.example'],
  'an IP': [TRACES.ip],
  'a user agent': ['Netscape', 'Mosaic'],
  'a description': [DESCRIPTION, METADATA],
  'an address of the caller’s': ['shop.example'],
};

let stack: TestStack;
let merchant: Server;
const apiLog: string[] = [];
const errorBodies: string[] = [];

beforeAll(async () => {
  workerLog.length = 0; // other files of this process have written into it
  // It refuses at first: failures are what finds its way into logs and histories.
  let asked = 0;
  merchant = createServer((_request, response) => {
    asked += 1;
    response.writeHead(asked % 2 === 1 ? 500 : 200).end(`${LINK_SECRET} in the words of an endpoint`);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => merchant.once('listening', resolve));
  stack = await startTestStack({
    merchantUrl: `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/hook`,
    env: {
      LINK_SECRET,
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      RETURN_URL_ORIGINS: 'https://shop.example',
      TRUST_PROXY: '127.0.0.1',
    },
    logger: pino({ level: 'trace' }, { write: (line) => void apiLog.push(line) }),
  });
  await live();
});
afterAll(async () => {
  await stack.stop();
  merchant.close();
});

/** A POST that may fail; the words of failures are kept. */
async function post(path: string, body: object, key?: string) {
  const answer = await stack.call('POST', path, body, key);
  if (answer.status >= 400) errorBodies.push(JSON.stringify(answer.body));
  return answer;
}

/** As a customer's browser asks. */
async function page(url: string, body: object = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': PAGE_AGENT, 'x-forwarded-for': TRACES.ip },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) errorBodies.push(text);
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

const charge = (chargeId: string) => ({
  chargeId,
  amount: 4900,
  currency: 'eur',
  description: DESCRIPTION,
  metadata: { note: METADATA },
});

async function live(): Promise<void> {
  const consent = { termsVersion: '1', acceptedAt: '2026-11-01T09:00:00Z', ...TRACES };
  const personal = { email: EMAIL, returnUrl: RETURN_URL, metadata: { note: METADATA } };

  // In the caller's page, with 3-D Secure; a charge that succeeds.
  const ada = await post('/v1/customers', { customerId: 'ada', consent, ...personal });
  const { clientSecret, setupIntentId } = ada.body.enrolment;
  await stack.giveCard(clientSecret, '4000002500003155');
  await stack.control(`challenges/${setupIntentId}`, { result: 'succeed' });
  await stack.untilCustomer('ada', 'active');
  await post('/v1/customers/ada/charges?wait=15', charge('ada-1'));

  // On our page, while Stripe fails; a charge that is declined and cancelled.
  const grace = await post('/v1/customers', { customerId: 'grace', ...personal });
  const { url } = grace.body.enrolment;
  await stack.control('faults', {
    method: 'GET',
    path: '/v1/setup_intents/*',
    kind: '500',
    when: 'before',
    times: 2,
  });
  await page(`${url}/session`);
  let session = await page(`${url}/session`, { consent: true });
  while (session.status !== 200) session = await page(`${url}/session`, { consent: true });
  await stack.giveCard(session.body.clientSecret, '4242424242424242');
  await page(`${url}/done`);
  await stack.untilCustomer('grace', 'active');
  await page(`${url}/session`, { consent: true });
  const card = await stack.cardOf('grace');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['insufficient_funds'] });
  await post('/v1/customers/grace/charges?wait=15', charge('grace-1'));
  await post('/v1/customers/grace/charges/grace-1/cancel', {});

  // The bank wants the customer; answers are lost on the way.
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  const confirm = { method: 'POST', path: '/v1/payment_intents/*/confirm' };
  await stack.control('faults', { ...confirm, kind: 'drop', when: 'before', times: 1 });
  await post('/v1/customers/grace/charges', charge('grace-2'));
  const waiting = await stack.untilCharge('grace', 'grace-2', 'awaiting_step_up');
  await page(`${waiting.stepUp.url}/session`);
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  await page(`${waiting.stepUp.url}/done`);
  await stack.untilCharge('grace', 'grace-2', 'succeeded');
  await page(`${waiting.stepUp.url}/session`);

  // What Stripe refuses, and what we refuse.
  await post('/v1/customers', {
    customerId: 'edsger',
    paymentMethod: 'pm_card_chargeDeclined',
    consent,
    ...personal,
  });
  await post('/v1/customers', {
    customerId: 'nobody',
    paymentMethod: 'pm_there_is_none',
    consent,
    ...personal,
  });
  await post('/v1/customers', { customerId: 'ada', ...personal, email: `${EMAIL} is none` });
  await post('/v1/customers', { customerId: 'ada', email: EMAIL });
  await post('/v1/customers/edsger/charges', charge('edsger-1'));
  await post('/v1/customers/ada/charges', { ...charge('ada-1'), amount: 1 });
  await post('/v1/customers/ada/charges', { ...charge('ada-2'), description: `${DESCRIPTION}\0` });
  await post('/v1/customers', { customerId: 'x' }, 'Bearer-of-a-wrong-key');
  await page(url.replace('/enrol/', '/step-up/'));
  for (const headers of [{}, { 'stripe-signature': `t=1,v1=${'0'.repeat(64)}` }]) {
    const forged = await fetch(`${stack.url}/webhooks/stripe`, {
      method: 'POST',
      headers,
      body: `{"a":"${EMAIL}"}`,
    });
    errorBodies.push(await forged.text());
  }
  await post('/v1/customers/ada/pause', {});
  await post('/v1/customers/ada/resume', {});
  await post('/v1/customers/ada/cancel', {});
}

function expectNothingIn(what: string, text: string): void {
  for (const found of secretsIn(text, forbidden({ ...OURS, 'the API key': [stack.apiKey] }))) {
    const around = text.slice(Math.max(0, found.at - 200), found.at + 80);
    expect(around, `${what} holds ${found.what}`).toBeNull();
  }
}

/** All of a message, its bytes as the text they are; Temporal's own messages turn theirs into Base64 by themselves. */
function readable(message: unknown): string {
  return JSON.stringify(message, (name, value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'string' && (name === 'data' || name === 'encoding'))
      return Buffer.from(value, 'base64').toString();
    const bytes = value?.type === 'Buffer' ? Buffer.from(value.data) : value;
    return bytes instanceof Uint8Array ? Buffer.from(bytes).toString() : value;
  });
}

test('Temporal: no history, id, search attribute, memo, summary or detail holds any', async () => {
  const types = new Set<string>();
  for await (const found of stack.client.workflow.list()) {
    types.add(found.type);
    const handle = stack.client.workflow.getHandle(found.workflowId, found.runId);
    expectNothingIn(`history of ${found.workflowId}`, readable(await handle.fetchHistory()));
    expectNothingIn(`description of ${found.workflowId}`, readable((await handle.describe()).raw));
    if (found.type === 'CustomerBilling')
      expectNothingIn(
        `details of ${found.workflowId}`,
        readable(await handle.query('__temporal_workflow_metadata')),
      );
  }
  let notices = 0;
  for await (const { activityId } of stack.client.activity.list(`ActivityType = 'sendMerchantNotice'`)) {
    notices += 1;
    const described = await stack.client.workflowService.describeActivityExecution({
      namespace: stack.client.options.namespace,
      activityId,
      includeInput: true,
      includeOutcome: true,
      includeLastFailure: true,
    });
    expectNothingIn(`description of ${activityId}`, readable(described));
  }
  expect(notices).toBeGreaterThan(0);
  expect(types).toEqual(new Set(['CatchUp', 'CustomerBilling']));
});

test('the test itself would find one', async () => {
  const history = readable(await stack.client.workflow.getHandle('billing/ada').fetchHistory());
  expect(history).toContain('ada-1');
  expect(() => expectNothingIn('a trap', readable({ data: Buffer.from('pi_1_secret_2') }))).toThrow(
    'client secret',
  );
});

test('logs: neither the api nor the worker has logged any', () => {
  expect(apiLog.length).toBeGreaterThan(20);
  expect(workerLog.length).toBeGreaterThan(0);
  expectNothingIn('the api’s log', apiLog.join('\n'));
  expectNothingIn('the worker’s log', workerLog.join('\n'));
});

test('metrics hold none', async () => {
  const metrics = await (await fetch(metricsUrl)).text();
  expect(metrics).toContain('temporal_');
  expectNothingIn('the metrics', metrics);
});

test('answers that are no success hold none', () => {
  expect(errorBodies.length).toBeGreaterThan(8);
  expectNothingIn('an error', errorBodies.join('\n'));
});

test('evidence holds none, but what a consent was given with, in its erasable part', async () => {
  for (const customerId of ['ada', 'grace', 'edsger']) {
    const { items } = await stack.get(`/v1/customers/${customerId}/evidence`);
    expect(items.length).toBeGreaterThan(2);
    const kept = items.map(({ personal: _erasable, ...item }: { personal?: object }) => item);
    expectNothingIn(`the evidence of ${customerId}`, JSON.stringify(kept));
  }
});
