// A request that is refused has changed nothing: not in the ledger, not in Temporal, not at Stripe.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await stack.enrol('known');
  await stack.post('/v1/customers/known/charges?wait=15', charge);
  await stack.post('/v1/customers', { customerId: 'enrolling' });
});
afterAll(() => stack.stop());

const charge = { chargeId: 'known-1', amount: 4900, currency: 'eur' };

/** All that anybody could have changed. */
async function everything(): Promise<string> {
  const histories: string[] = [];
  for await (const { workflowId } of stack.client.workflow.list()) {
    const { historyLength } = await stack.client.workflow.getHandle(workflowId).describe();
    histories.push(`${workflowId}: ${historyLength}`);
  }
  const [customers, charges, known, enrolling, truth, intents, setups] = await Promise.all([
    stack.get('/v1/customers'),
    stack.get('/v1/charges'),
    stack.get('/v1/customers/known/evidence'),
    stack.get('/v1/customers/enrolling/evidence'),
    stack.truth('known-1'),
    stack.stripe('GET', 'payment_intents?limit=100'),
    stack.stripe('GET', 'setup_intents?limit=100'),
  ]);
  // Links are made at the moment of asking.
  const all = JSON.stringify({
    customers,
    charges,
    known,
    enrolling,
    truth,
    intents,
    setups,
    histories: histories.sort(),
  });
  return all.replace(/eyJ[\w.-]+/g, 'link');
}

test('refused requests of every kind leave everything as it was', async () => {
  const { url } = (await stack.get('/v1/customers/enrolling')).enrolment;
  const page = new URL(url).pathname;
  // The events of the enrolments arrive a little after them: what there is is read once they have.
  let before = '';
  await vi.waitFor(
    async () => {
      const earlier = await everything();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      before = await everything();
      expect(before).toBe(earlier);
    },
    { timeout: 60_000 },
  );
  const requests: [number, string, unknown, Record<string, string>?][] = [
    [400, '/v1/customers', {}],
    [400, '/v1/customers', { customerId: 'new', unknown: 1 }],
    [400, '/v1/customers', { customerId: 'new', email: 'none' }],
    [400, '/v1/customers', '{"customerId": "new"'],
    [400, '/v1/customers', null],
    [415, '/v1/customers', 'customerId=new', { 'content-type': 'text/plain' }],
    [413, '/v1/customers', { customerId: 'new', metadata: { a: 'x'.repeat(200_000) } }],
    [401, '/v1/customers', { customerId: 'new' }, { authorization: 'Bearer wrong' }],
    [422, '/v1/customers', { customerId: 'new', paymentMethod: 'pm_card_visa' }],
    [422, '/v1/customers', { customerId: 'new', returnUrl: 'https://evil.example/' }],
    [409, '/v1/customers', { customerId: 'known', paymentMethod: 'pm_card_mastercard', consent: CONSENT }],
    [400, '/v1/customers/known/enrolments', { paymentMethod: 7 }],
    [404, '/v1/customers/nobody/enrolments', {}],
    [400, '/v1/customers/known/charges', { ...charge, chargeId: 'new', amount: '4900' }],
    [400, '/v1/customers/known/charges', { ...charge, chargeId: 'a/b' }],
    [400, '/v1/customers/known/charges?wait=31', { ...charge, chargeId: 'new' }],
    [422, '/v1/customers/known/charges', { ...charge, chargeId: 'new', amount: 1 }],
    [422, '/v1/customers/known/charges', { ...charge, chargeId: 'new', amount: -4900 }],
    [422, '/v1/customers/known/charges', { ...charge, chargeId: 'new', currency: 'xxx' }],
    [409, '/v1/customers/known/charges', { ...charge, amount: 5000 }],
    [409, '/v1/customers/enrolling/charges', { ...charge, chargeId: 'new' }],
    [404, '/v1/customers/nobody/charges', charge],
    [409, '/v1/customers/known/charges/known-1/cancel', {}],
    [404, '/v1/customers/known/charges/nothing/retry', {}],
    [400, '/v1/customers/known/pause', null],
    [400, '/v1/customers/known/cancel', { reason: 7 }],
    [400, '/v1/customers/known/cancel', { because: 'unknown' }],
    [400, `${page}/session`, { consent: false }],
    [422, `${page}/session`, {}],
    [400, `${page}/done`, { extra: 1 }],
    [404, '/enrol/forged/session', { consent: true }],
    [400, '/webhooks/stripe', { id: 'evt_1', type: 'setup_intent.succeeded' }],
  ];
  for (const [status, path, body, headers = {}] of requests) {
    const answer = await fetch(stack.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    expect({ path, body, status: answer.status }, text).toEqual({ path, body, status });
    expect(answer.headers.get('content-type'), path).toContain('application/problem+json');
  }
  expect(await everything()).toBe(before);
});

test('headers that are too large are a problem as well', async () => {
  const answer = await fetch(`${stack.url}/v1/customers`, {
    headers: { authorization: `Bearer ${'x'.repeat(20_000)}` },
  });
  expect(answer.status).toBe(431);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await answer.json()).toMatchObject({ status: 431, code: 'headers_too_large' });
});
