// Answers that never come, or lie: each fault at each call to Stripe that makes or moves something, all side by side, for
// nearly all of it is waiting. No webhook arrives here, so only retries and looks help. The sandbox's truth decides.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

interface Fault {
  readonly row: string;
  readonly kind: 500 | 429 | 409 | 'drop' | 'hang';
  readonly when: 'before' | 'after';
  readonly times: number;
}

const FAULTS: readonly Fault[] = [
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

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ stripeTimeoutMs: 3_000 });
  await stack.control('webhooks', { mode: 'lose' });
});
afterAll(() => stack.stop());

const fail = (
  customerId: string,
  path: string,
  { kind, when, times }: Pick<Fault, 'kind' | 'when' | 'times'>,
  method = 'POST',
) => stack.control('faults', { method, path: `/v1/${path}`, kind, when, times, customerId });

let people = 0;
const newId = () => `fault-${++people}`;

async function owe(customerId: string) {
  const request = { chargeId: customerId, amount: 1900, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${customerId}/charges`, request)).status).toBe(202);
}

/** Until the workflow is past repeating itself and asks Stripe what has become of it, in vain. */
async function untilAsking(customerId: string, activity: string) {
  const handle = stack.client.workflow.getHandle(workflowIdOf(customerId));
  const pending = async () =>
    (await handle.describe()).raw.pendingActivities?.map(({ activityType }) => activityType?.name);
  await vi.waitFor(async () => expect(await pending()).toContain(activity), {
    timeout: 60_000,
    interval: 200,
  });
}

/** How many questions to Stripe nobody answered however often they were repeated. */
async function failedForGood(customerId: string): Promise<number> {
  const { events } = await stack.client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length;
}

/** Collected, once, on one intent, and the intent is the one that the charge names. */
async function expectCollected(customerId: string) {
  const charge = await stack.untilCharge(customerId, customerId, 'succeeded');
  const truth = await stack.truth(customerId);
  expect(truth).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(truth.intents).toMatchObject([
    { paymentIntentId: charge.paymentIntentId, status: 'succeeded', amountReceived: 1900 },
  ]);
  return charge;
}

type Play = (customerId: string, strike: () => Promise<unknown>) => Promise<void>;

const collect: Play = async (customerId, strike) => {
  await stack.enrol(customerId);
  await strike();
  await owe(customerId);
  await expectCollected(customerId);
};

const cancel: Play = async (customerId, strike) => {
  const card = await stack.enrol(customerId);
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await owe(customerId);
  await stack.untilCharge(customerId, customerId, 'awaiting_step_up');
  await strike();
  await stack.post(`/v1/customers/${customerId}/charges/${customerId}/cancel`);
  await stack.untilCharge(customerId, customerId, 'cancelled');
  expect(await stack.truth(customerId)).toMatchObject({ succeeded: 0, intents: [{ status: 'canceled' }] });
};

const enrol: Play = async (customerId, strike) => {
  await strike();
  const request = { customerId, paymentMethod: 'pm_card_visa', consent: CONSENT };
  expect((await stack.post('/v1/customers', request)).status).toBe(201);
  const { stripeCustomerId, mandate } = await stack.untilCustomer(customerId, 'active');
  const made: { data: { metadata: Named }[] } = await stack.stripe('GET', 'customers?limit=100');
  expect(made.data.filter(({ metadata }) => metadata.customerId === customerId)).toMatchObject([
    { id: stripeCustomerId },
  ]);
  const setups = await stack.stripe('GET', `setup_intents?customer=${stripeCustomerId}`);
  expect(setups.data).toMatchObject([{ id: mandate.setupIntentId, status: 'succeeded' }]);
};

interface Named {
  readonly customerId?: string;
}

const CALLS = [
  ['creating a PaymentIntent', 'payment_intents', collect],
  ['confirming a PaymentIntent', 'payment_intents/*/confirm', collect],
  ['cancelling a PaymentIntent', 'payment_intents/*/cancel', cancel],
  ['creating a customer', 'customers', enrol],
  ['creating a SetupIntent', 'setup_intents', enrol],
  ['confirming a SetupIntent', 'setup_intents/*/confirm', enrol],
] as const;

test.concurrent.each(
  FAULTS.flatMap((fault) => CALLS.map(([what, path, play]) => [fault.row, what, fault, path, play] as const)),
)('%s: %s', async (_row, _what, fault, path, play) => {
  const customerId = newId();
  await play(customerId, () => fail(customerId, path, fault));
  const { faults }: { faults: (Fault & Named)[] } = await stack.control('faults');
  const left = faults.find((each) => each.customerId === customerId)?.times ?? 0;
  expect(left, 'strikes left').toBeLessThan(fault.times);
  if (fault.times === UNTIL_GIVEN_UP) expect(await failedForGood(customerId)).toBeGreaterThan(0);
});

/** Nobody could ask Stripe what had become of it until a day later. */
describe('an answer that comes after the key’s 24 hours', () => {
  const LOST = [
    ['creating', 'after', 'payment_intents', 'payment_intents', 'lookUpIntent'],
    ['creating', 'before', 'payment_intents', 'payment_intents', 'lookUpIntent'],
    ['confirming', 'after', 'payment_intents/*/confirm', 'payment_intents/*', 'readIntent'],
    ['confirming', 'before', 'payment_intents/*/confirm', 'payment_intents/*', 'readIntent'],
  ] as const;

  // One after the other: the clock is everybody's, and who waits for the others comes to ever rarer looks.
  test.each(LOST)(
    '%s, lost %s Stripe acted, is looked up and not repeated',
    async (_what, when, path, question, activity) => {
      const customerId = newId();
      await stack.enrol(customerId);
      await fail(customerId, path, { kind: 'drop', when, times: UNTIL_GIVEN_UP });
      await fail(customerId, question, { kind: 500, when: 'before', times: 10_000 }, 'GET');
      await owe(customerId);
      await untilAsking(customerId, activity);
      await stack.control('clock', { advanceSeconds: 25 * 3600 });
      await fetch(`${stack.sandboxUrl}/_sandbox/faults`, { method: 'DELETE' });
      await expectCollected(customerId);
    },
  );

  test('no call to Stripe is repeated for longer than half the life of its key', async () => {
    const customerId = newId();
    await stack.enrol(customerId);
    await owe(customerId);
    await stack.untilCharge(customerId, customerId, 'succeeded');
    const { events } = await stack.client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
    const ends = (events ?? [])
      .map((event) => event.activityTaskScheduledEventAttributes)
      .filter((scheduled) => scheduled?.taskQueue?.name === 'stripe')
      .map((scheduled) => Number(scheduled?.scheduleToCloseTimeout?.seconds));
    expect(ends.length).toBeGreaterThan(3);
    expect(Math.max(...ends)).toBeLessThanOrEqual(12 * 3600);
    expect(Math.min(...ends)).toBeGreaterThan(0);
  });
});
