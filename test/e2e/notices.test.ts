// What the merchant hears: each notice signed, once, with links that open; an endpoint that is down is asked again.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { MERCHANT_SECRET, startTestStack, type TestStack } from '../support/stack.ts';

interface Heard {
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the body is what the endpoint gets
  readonly data: any;
}

let endpoint: Server;
let stack: TestStack;
let heard: Heard[];
/** Statuses to answer next; 200 when there are none. */
let answers: number[];
/** What failed to verify. */
let forged: unknown[];

beforeAll(async () => {
  const webhook = new Webhook(MERCHANT_SECRET);
  endpoint = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray()).toString();
    try {
      const headers = request.headers as Record<string, string>;
      const { type, data } = webhook.verify(raw, headers) as Heard;
      heard.push({ id: String(headers['webhook-id']), type, data });
    } catch (error) {
      forged.push(error);
    }
    response.writeHead(answers.shift() ?? 200).end();
  });
  await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening));
  const { port } = endpoint.address() as AddressInfo;
  stack = await startTestStack({ merchantUrl: `http://127.0.0.1:${port}/` });
});
afterAll(async () => {
  await stack.stop();
  endpoint.closeAllConnections();
  await new Promise((closed) => endpoint.close(closed));
});
beforeEach(() => {
  heard = [];
  answers = [];
  forged = [];
});

/** The notices of this type, once there are as many. */
async function hear(type: string, count = 1): Promise<readonly Heard[]> {
  const ofType = () => heard.filter((notice) => notice.type === type);
  await expect.poll(() => ofType().length, { timeout: 60_000 }).toBe(count);
  expect(forged).toEqual([]);
  return ofType();
}

test('enrolled and collected: both are told, signed, each once', async () => {
  await stack.enrol('told');
  expect(await hear('customer.enrolled')).toMatchObject([
    { id: 'told:enrolled-1', data: { customerId: 'told', brand: 'visa', last4: '4242' } },
  ]);
  await stack.post('/v1/customers/told/charges', { chargeId: 'told-1', amount: 4900, currency: 'eur' });
  expect(await hear('charge.succeeded')).toMatchObject([
    { data: { customerId: 'told', chargeId: 'told-1', amount: 4900, currency: 'eur' } },
  ]);
  expect(heard).toHaveLength(2);
});

test('the bank wants the customer: the notice carries a link that opens the page of this charge', async () => {
  const card = await stack.enrol('asked');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/asked/charges', { chargeId: 'asked-1', amount: 3000, currency: 'eur' });
  const [notice] = await hear('charge.step_up_required');
  expect(notice?.data).toMatchObject({ customerId: 'asked', chargeId: 'asked-1', amount: 3000 });
  expect(Date.parse(notice?.data.deadline)).toBeGreaterThan(Date.now());
  expect((await fetch(notice?.data.url)).status).toBe(200);
  const status = await (await fetch(`${notice?.data.url}/status`)).json();
  expect(status).toMatchObject({ status: 'awaiting_step_up' });
});

test('a dead card: another one is asked for, and a charge nobody pays is told as failed', async () => {
  const card = await stack.enrol('dead');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['stolen_card'] });
  await stack.post('/v1/customers/dead/charges', { chargeId: 'dead-1', amount: 1000, currency: 'eur' });
  const [waiting] = await hear('charge.awaiting_card');
  expect(waiting?.data).toMatchObject({ customerId: 'dead', chargeId: 'dead-1' });
  await stack.passTime('dead', 61 * 24 * 3_600_000);
  const [failed] = await hear('charge.failed');
  expect(failed?.data).toMatchObject({ customerId: 'dead', chargeId: 'dead-1', reason: 'no_card' });
});

test('an endpoint that fails hears the same notice again, under the same id', async () => {
  answers = [503, 500];
  await stack.enrol('flaky');
  const tries = await hear('customer.enrolled', 3);
  expect(tries.map(({ id }) => id)).toEqual(Array(3).fill('flaky:enrolled-1'));
});
