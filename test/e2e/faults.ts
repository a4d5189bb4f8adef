// Answers that never come, or lie: each fault at each call to Stripe that makes or moves something. No webhook arrives
// here, so only retries, looks and timers help. The sandbox's truth decides.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

interface Fault {
  readonly row: string;
  readonly kind: 500 | 429 | 409 | 'drop' | 'hang';
  readonly when: 'before' | 'after';
  readonly times: number;
}

/** Stripe's SDK asks once more by itself when a connection is dropped, and an activity asks three times. */
const UNTIL_GIVEN_UP = 6;
/** Played in three files, side by side: nearly all of it is waiting. */
export const FAULTS: readonly Fault[] = [
  { row: 'a time-out before Stripe acts', kind: 'hang', when: 'before', times: 1 },
  { row: 'a time-out after Stripe acted', kind: 'hang', when: 'after', times: 1 },
  { row: 'a connection dropped before Stripe acts', kind: 'drop', when: 'before', times: 2 },
  { row: 'a connection dropped after Stripe acted', kind: 'drop', when: 'after', times: 2 },
  {
    row: 'connections dropped before Stripe acts, until nobody knows',
    kind: 'drop',
    when: 'before',
    times: UNTIL_GIVEN_UP,
  },
  {
    row: 'connections dropped after Stripe acted, until nobody knows',
    kind: 'drop',
    when: 'after',
    times: UNTIL_GIVEN_UP,
  },
  { row: 'a stored 500, and nothing done', kind: 500, when: 'before', times: 1 },
  { row: 'a stored 500, and all done', kind: 500, when: 'after', times: 1 },
  { row: 'a key in use by a request that came to nothing', kind: 409, when: 'before', times: 2 },
  { row: 'a key in use by a request that succeeds', kind: 409, when: 'after', times: 2 },
  { row: 'too many requests', kind: 429, when: 'before', times: 2 },
];

/** From the request to its end; more means that somebody waits for a timer they should not need. */
const SOON_MS = 14_000;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ stripeTimeoutMs: 1_500 });
  await stack.control('webhooks', { mode: 'lose' });
});
afterEach(() => mend());
afterAll(() => stack.stop());

const fail = (path: string, { kind, when, times }: Omit<Fault, 'row'>, method = 'POST') =>
  stack.control('faults', { method, path: `/v1/${path}`, kind, when, times });

async function mend() {
  await fetch(`${stack.sandboxUrl}/_sandbox/faults`, { method: 'DELETE' });
}

let people = 0;
const newId = () => `fault-${++people}`;

async function owe(customerId: string) {
  const request = { chargeId: customerId, amount: 1900, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${customerId}/charges`, request)).status).toBe(202);
}

/** Until the workflow is past repeating itself and asks Stripe what has become of it, in vain. */
async function untilAsking(customerId: string, activity: string) {
  const handle = stack.client.workflow.getHandle(`billing/${customerId}`);
  await expect
    .poll(
      async () => {
        const { raw } = await handle.describe();
        return raw.pendingActivities?.map(({ activityType }) => activityType?.name);
      },
      { timeout: 15_000 },
    )
    .toContain(activity);
}

/** Collected, once, on one intent, and the intent is the one that the charge names. */
async function expectCollected(customerId: string, startedAt: number) {
  const charge = await stack.untilCharge(customerId, customerId, 'succeeded');
  expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
  const truth = await stack.truth(customerId);
  expect(truth).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(truth.intents).toMatchObject([
    { paymentIntentId: charge.paymentIntentId, status: 'succeeded', amountReceived: 1900 },
  ]);
  return charge;
}

/** Each of these faults at each call. */
export function playFaults(faults: readonly Fault[]): void {
  describe.each(faults.map(({ row, ...fault }) => [row, fault] as const))('%s', (_row, fault) => {
    test.each([
      ['creating a PaymentIntent', 'payment_intents'],
      ['confirming a PaymentIntent', 'payment_intents/*/confirm'],
    ])('%s', async (_what, path) => {
      const customerId = newId();
      await stack.enrol(customerId);
      await fail(path, fault);
      const startedAt = Date.now();
      await owe(customerId);
      await expectCollected(customerId, startedAt);
    });

    test('cancelling a PaymentIntent', async () => {
      const customerId = newId();
      const card = await stack.enrol(customerId);
      await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
      await owe(customerId);
      await stack.untilCharge(customerId, customerId, 'awaiting_step_up');
      await fail('payment_intents/*/cancel', fault);
      const startedAt = Date.now();
      await stack.post(`/v1/customers/${customerId}/charges/${customerId}/cancel`);
      await stack.untilCharge(customerId, customerId, 'cancelled');
      expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
      expect(await stack.truth(customerId)).toMatchObject({
        succeeded: 0,
        intents: [{ status: 'canceled' }],
      });
    });

    test.each([
      ['creating a customer', 'customers'],
      ['creating a SetupIntent', 'setup_intents'],
      ['confirming a SetupIntent', 'setup_intents/*/confirm'],
    ])('%s', async (_what, path) => {
      const customerId = newId();
      await fail(path, fault);
      const startedAt = Date.now();
      const request = { customerId, paymentMethod: 'pm_card_visa', consent: CONSENT };
      expect((await stack.post('/v1/customers', request)).status).toBe(201);
      const { stripeCustomerId, mandate } = await stack.untilCustomer(customerId, 'active');
      expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
      const made = await stack.stripe('GET', 'customers?limit=100');
      const named = made.data.filter((each: Named) => each.metadata.customerId === customerId);
      expect(named).toMatchObject([{ id: stripeCustomerId }]);
      const setups = await stack.stripe('GET', `setup_intents?customer=${stripeCustomerId}`);
      expect(setups.data).toMatchObject([{ id: mandate.setupIntentId, status: 'succeeded' }]);
    });
  });

  interface Named {
    readonly metadata: { readonly customerId?: string };
  }
}

/** Answers that come when Stripe has forgotten the key. */
export function playKeysEnd(): void {
  describe('an answer that comes after the key’s 24 hours', () => {
    const everyone = { kind: 500, when: 'before', times: 10_000 } as const;

    test.each([
      ['creating', 'after', 'payment_intents', 'payment_intents'],
      ['creating', 'before', 'payment_intents', 'payment_intents'],
      ['confirming', 'after', 'payment_intents/*/confirm', 'payment_intents/*'],
      ['confirming', 'before', 'payment_intents/*/confirm', 'payment_intents/*'],
    ] as const)(
      '%s, lost %s Stripe acted, is looked up and not repeated',
      async (_what, when, path, question) => {
        const customerId = newId();
        await stack.enrol(customerId);
        await fail(path, { kind: 'drop', when, times: UNTIL_GIVEN_UP });
        await fail(question, everyone, 'GET');
        await owe(customerId);
        await untilAsking(customerId, question === 'payment_intents' ? 'lookUpIntent' : 'readIntent');
        await stack.control('clock', { advanceSeconds: 25 * 3600 });
        await mend();
        await expectCollected(customerId, Date.now());
      },
    );

    test('no call to Stripe is repeated for longer than half the life of its key', async () => {
      const customerId = newId();
      await stack.enrol(customerId);
      await owe(customerId);
      await stack.untilCharge(customerId, customerId, 'succeeded');
      const { events } = await stack.client.workflow.getHandle(`billing/${customerId}`).fetchHistory();
      const ends = (events ?? [])
        .map((event) => event.activityTaskScheduledEventAttributes)
        .filter((scheduled) => scheduled?.taskQueue?.name === 'stripe')
        .map((scheduled) => Number(scheduled?.scheduleToCloseTimeout?.seconds));
      expect(ends.length).toBeGreaterThan(3);
      expect(Math.max(...ends)).toBeLessThanOrEqual(12 * 3600);
      expect(Math.min(...ends)).toBeGreaterThan(0);
    });
  });
}
