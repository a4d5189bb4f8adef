// The pace of requests to Stripe: spread evenly over processes, and slower for everybody after a 429.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { StripeTurns } from '../../ledger/ledger.ts';
import { createPace, endpointOf, type Pace } from '../../stripe/pace.ts';
import { scriptedStripe } from './scripted-stripe.ts';

const LIMITS = { perEndpoint: 25, total: 100 };

/** As the ledger reserves them, in memory. */
function turnsInMemory() {
  const next = new Map<string, number>();
  const statements: { readonly endpoint: string; readonly turns: number }[] = [];
  const turns: StripeTurns = {
    async reserveStripeTurns({ endpoint, turns: count, perEndpoint, total, overdueMs }) {
      statements.push({ endpoint, turns: count });
      const now = performance.now();
      const start = (name: string, perSecond: number) => {
        const at = Math.max(next.get(name) ?? 0, now - overdueMs);
        next.set(name, at + (count * 1_000) / perSecond);
        return at - now;
      };
      return Math.max(start('', total), start(endpoint, perEndpoint));
    },
    async postponeStripeTurns(ms) {
      next.set('', Math.max(next.get('') ?? 0, performance.now() + ms));
    },
  };
  return { turns, statements };
}

const noFault = (error: unknown) => {
  throw error;
};
const ALL_ALIKE = () => 3;

/** Milliseconds from now at which each of `count` requests may be sent. */
async function times(paces: readonly Pace[], endpoint: string, count: number): Promise<number[]> {
  const from = performance.now();
  const at = await Promise.all(
    Array.from({ length: count }, async (_, number) => {
      await paces[number % paces.length]?.turn(endpoint);
      return performance.now() - from;
    }),
  );
  return at.sort((one, other) => one - other);
}

test('two processes together keep the limit of an endpoint, and use it', async () => {
  const { turns } = turnsInMemory();
  const paces = [
    createPace(turns, LIMITS, noFault, ALL_ALIKE),
    createPace(turns, LIMITS, noFault, ALL_ALIKE),
  ];
  const at = await times(paces, 'POST /v1/payment_intents', 30);
  // 24 a second and a few at the beginning, so the thirtieth after about a second, and never in less.
  expect(at.at(-1)).toBeGreaterThan(950);
  for (let first = 0; first + 29 < at.length; first++)
    expect((at[first + 29] ?? 0) - (at[first] ?? 0)).toBeGreaterThan(950);
});

test('what waits is reserved together, so a long line costs the ledger a quarter of the statements', async () => {
  const { turns, statements } = turnsInMemory();
  const pace = createPace(turns, { perEndpoint: 500, total: 1_000 }, noFault, ALL_ALIKE);
  await times([pace], 'a', 41);
  expect(statements.reduce((sum, { turns: count }) => sum + count, 0)).toBe(41);
  expect(statements.length).toBeLessThan(15);
});

test('a person’s request goes before the batch’s that wait already, and what is not urgent after them', async () => {
  const { turns } = turnsInMemory();
  let priority = 3;
  const pace = createPace(turns, LIMITS, noFault, () => priority);
  const order: string[] = [];
  const ask = async (name: string) => {
    await pace.turn('a');
    order.push(name);
  };
  const batch = Array.from({ length: 20 }, () => ask('batch'));
  await sleep(100);
  priority = 1;
  const person = ask('person');
  priority = 4;
  const later = ask('later');
  priority = 3;
  await Promise.all([...batch, person, later, ask('batch')]);
  // What was reserved together before is served before.
  expect(order.indexOf('person')).toBeLessThan(12);
  expect(order.at(-1)).toBe('later');
});

test('an endpoint’s line holds up no other endpoint', async () => {
  const { turns } = turnsInMemory();
  const pace = createPace(turns, LIMITS, noFault, ALL_ALIKE);
  let isLineServed = false;
  void times([pace], 'POST /v1/payment_intents', 40).then(() => {
    isLineServed = true;
  });
  await sleep(20);
  await times([pace], 'POST /v1/setup_intents', 1);
  expect(isLineServed).toBe(false);
});

test('where the ledger gives no turns the process keeps the pace alone, and says so', async () => {
  const onFault = vi.fn();
  const away: StripeTurns = {
    reserveStripeTurns: async () => Promise.reject(new Error('away')),
    postponeStripeTurns: async () => Promise.reject(new Error('away')),
  };
  const pace = createPace(away, LIMITS, onFault, ALL_ALIKE);
  const at = await times([pace], 'a', 6);
  expect(at.at(-1)).toBeGreaterThan(200);
  expect(onFault).toHaveBeenCalled();
  pace.slowDown();
});

test('after too many requests everybody waits for a moment, in other processes too', async () => {
  const { turns } = turnsInMemory();
  const [one, other] = [
    createPace(turns, LIMITS, noFault, ALL_ALIKE),
    createPace(turns, LIMITS, noFault, ALL_ALIKE),
  ];
  one.slowDown();
  const first = await Promise.all([one, other].map((pace) => times([pace], 'b', 1)));
  for (const [at] of first) expect(at).toBeGreaterThan(800);
});

describe('a client of Stripe', () => {
  const paced = (over: Partial<Pace> = {}) => {
    const asked: string[] = [];
    const pace: Pace = { turn: async (endpoint) => void asked.push(endpoint), slowDown: vi.fn(), ...over };
    return { asked, pace };
  };
  const INTENT = { id: 'pi_1', object: 'payment_intent', livemode: false };

  test('waits for its turn before each request, but for a confirm, whose turn is taken before', async () => {
    const { asked, pace } = paced();
    const { stripe } = await scriptedStripe(() => [200, INTENT], pace);
    await stripe.paymentIntents.retrieve('pi_1', { expand: ['latest_charge'] });
    await stripe.paymentIntents.confirm('pi_1');
    await stripe.turnToConfirm();
    await stripe.setupIntents.confirm('seti_1');
    expect(asked).toEqual([
      'GET /v1/payment_intents/:id',
      'POST /v1/payment_intents/:id/confirm',
      'POST /v1/setup_intents/:id/confirm',
    ]);
  });

  test('is not sent while it waits, and its time-out does not run', async () => {
    let go = () => {};
    const { pace } = paced({ turn: () => new Promise((resolve) => (go = resolve)) });
    const { stripe, requests } = await scriptedStripe(() => [200, INTENT], pace);
    const reading = stripe.paymentIntents.retrieve('pi_1');
    await sleep(700); // the client of this test waits 500 ms for an answer
    expect(requests).toHaveLength(0);
    go();
    expect((await reading).id).toBe('pi_1');
  });

  test('slows everybody down after a 429', async () => {
    const { pace } = paced();
    const tooMany = { error: { type: 'invalid_request_error', code: 'rate_limit' } };
    const { stripe } = await scriptedStripe(() => [429, tooMany], pace);
    await expect(stripe.paymentIntents.retrieve('pi_1')).rejects.toMatchObject({ statusCode: 429 });
    expect(pace.slowDown).toHaveBeenCalledTimes(1);
  });
});

test.each([
  ['GET', '/v1/payment_intents?limit=100&customer=cus_1', 'GET /v1/payment_intents'],
  ['GET', '/v1/payment_intents/pi_1?expand[]=x', 'GET /v1/payment_intents/:id'],
  ['POST', '/v1/payment_intents/pi_1/cancel', 'POST /v1/payment_intents/:id/cancel'],
  ['GET', '/v1/payment_intents/search', 'GET /v1/payment_intents/search'],
])('%s %s is the endpoint "%s"', (method, path, endpoint) => {
  expect(endpointOf(method, path)).toBe(endpoint);
});
