// Stripe's rate limits in the emulator: what is above them is refused and changes nothing.
import { expect, test } from 'vitest';
import { RateLimiter } from '../../../emulator/http/rate-limits.ts';
import { clientFor, type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

const LIMITS = { perEndpoint: 25, total: 100 };
/** So slow that no second request is let through while a test lasts. */
const ONE_EACH = 1 / 1000;
const CREATE = 'POST /v1/payment_intents';

/** How many of so many requests at one moment are let through. */
function admitted(limiter: RateLimiter, count: number, nowMs: number, endpoint = CREATE, limits = LIMITS) {
  return Array.from({ length: count }, () => limiter.admit(endpoint, limits, nowMs)).filter(
    (reason) => reason === null,
  ).length;
}

/** How many of so many customers created at once there are then, and why the others were refused. */
async function createAtOnce({ url }: Emulator, count: number) {
  const stripe = clientFor(url);
  const answers = await Promise.allSettled(
    Array.from({ length: count }, () => stripe.customers.create({ metadata: { customerId: 'many' } })),
  );
  return {
    created: answers.filter(({ status }) => status === 'fulfilled').length,
    refused: answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : [])),
  };
}

test('an endpoint takes what a second allows at once, and then as much as time passes', () => {
  const limiter = new RateLimiter();
  expect(admitted(limiter, 30, 0)).toBe(25);
  expect(limiter.admit(CREATE, LIMITS, 39)).toBe('endpoint-rate');
  expect(admitted(limiter, 30, 200)).toBe(5);
  expect(admitted(limiter, 30, 60_000)).toBe(25);
});

test('all endpoints together take no more than the account may', () => {
  const limiter = new RateLimiter();
  const endpoints = ['a', 'b', 'c', 'd'];
  expect(endpoints.map((endpoint) => admitted(limiter, 25, 0, endpoint))).toEqual([25, 25, 25, 25]);
  expect(limiter.admit('e', LIMITS, 0)).toBe('global-rate');
  expect(admitted(limiter, 10, 10, 'e')).toBe(1);
});

test('without limits every request is let through, and all are counted', () => {
  const limiter = new RateLimiter();
  for (let index = 0; index < 200; index += 1) expect(limiter.admit(CREATE, null, 0)).toBeNull();
  expect(limiter.counted()).toEqual({ [CREATE]: { requests: 200, rateLimited: 0 } });
});

test('above the limit the answer is 429 with its reason, nothing is created, and no key is used up', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const limits = { perEndpoint: ONE_EACH, total: 100 };
  expect(await emulator.control('/rate-limits', limits)).toEqual({ status: 200, body: limits });
  await intentFor(emulator, customer.id, 'ch-0'); // takes the one there is
  const create = () =>
    emulator.stripe.paymentIntents.create(
      { amount: 2000, currency: 'eur', customer: customer.id, metadata: { chargeId: 'ch-1' } },
      { idempotencyKey: 'key-1' },
    );
  const refused = await failureOf(create());
  expect(refused).toMatchObject({ type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' });
  expect(refused.headers).toMatchObject({ 'stripe-rate-limited-reason': 'endpoint-rate' });
  const { body: truth } = await emulator.control('/truth?chargeId=ch-1');
  expect(truth.intents).toEqual([]);

  expect(await emulator.control('/rate-limits', undefined, 'DELETE')).toMatchObject({ status: 200 });
  expect((await create()).status).toBe('requires_payment_method');
});

test('the ids of objects do not make endpoints of their own, and each endpoint is counted', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const [first, second] = [await intentFor(emulator, customer.id), await intentFor(emulator, customer.id)];
  await emulator.control('/rate-limits', { perEndpoint: ONE_EACH, total: 100 });
  await emulator.stripe.paymentIntents.retrieve(first.id);
  expect(await failureOf(emulator.stripe.paymentIntents.retrieve(second.id))).toMatchObject({
    statusCode: 429,
  });
  const { body } = await emulator.control('/requests');
  expect(body.endpoints).toMatchObject({
    [CREATE]: { requests: 2, rateLimited: 0 },
    'GET /v1/payment_intents/:id': { requests: 2, rateLimited: 1 },
  });
});

test('many requests at once are refused above the limit, and the rest are carried out', async () => {
  const emulator = await startEmulator();
  await emulator.control('/rate-limits', { perEndpoint: 100, total: ONE_EACH });
  const { created, refused } = await createAtOnce(emulator, 20);
  expect([created, refused.length]).toEqual([1, 19]);
  expect(new Set(refused.map(({ statusCode }) => statusCode))).toEqual(new Set([429]));
  await emulator.control('/rate-limits', undefined, 'DELETE');
  const { data } = await emulator.stripe.customers.list({ limit: 100 });
  expect(data.length).toBe(created);
});

test.each([{ perEndpoint: 0, total: 100 }, { perEndpoint: 25 }, { perEndpoint: '25', total: 100 }])(
  'limits that are none are refused and change nothing: %j',
  async (limits) => {
    const emulator = await startEmulator();
    expect((await emulator.control('/rate-limits', limits)).status).toBe(400);
    expect((await createAtOnce(emulator, 40)).created).toBe(40);
  },
);
