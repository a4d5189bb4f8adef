// Every fault of Stripe's at every call that creates or moves something.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chargeOf, type FaultShape, scenariosOn } from '../support/fault-scenarios.ts';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

interface Fault extends FaultShape {
  readonly row: string;
}

/** No webhook arrives in these tests, so only retries and checks help. */
const FAULTS: readonly Fault[] = [
  { row: 'a time-out before Stripe acts', kind: 'hang', when: 'before', times: 1 },
  { row: 'a time-out after Stripe acted', kind: 'hang', when: 'after', times: 1 },
  { row: 'a connection dropped before Stripe acts', kind: 'drop', when: 'before', times: 2 },
  { row: 'a connection dropped after Stripe acted', kind: 'drop', when: 'after', times: 2 },
  {
    row: 'connections dropped before Stripe acts, until the outcome is unknown',
    kind: 'drop',
    when: 'before',
    times: UNTIL_GIVEN_UP,
  },
  {
    row: 'connections dropped after Stripe acted, until the outcome is unknown',
    kind: 'drop',
    when: 'after',
    times: UNTIL_GIVEN_UP,
  },
  {
    row: 'an answer later than anybody waits, Stripe having acted',
    kind: 'late',
    when: 'after',
    times: 1,
    delaySeconds: 25,
  },
  {
    row: 'a request that Stripe acts on after everybody has given up',
    kind: 'late',
    when: 'before',
    times: 1,
    delaySeconds: 25,
  },
  { row: 'a stored 500, and nothing done', kind: 500, when: 'before', times: 1 },
  { row: 'a stored 500, and all done', kind: 500, when: 'after', times: 1 },
  { row: 'a key in use by a request that came to nothing', kind: 409, when: 'before', times: 2 },
  { row: 'a key in use by a request that succeeds', kind: 409, when: 'after', times: 2 },
  { row: 'too many requests', kind: 429, when: 'before', times: 2 },
  {
    row: 'too many requests, for longer than a request is repeated',
    kind: 429,
    when: 'before',
    times: 8,
  },
];

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ stripeTimeoutMs: 3_000 });
  await stack.control('webhooks', { mode: 'lose' });
});
afterAll(() => stack.stop());

const { injectFault, pendingFaults, untilNothingIsLate, failedForGood, collect, cancel, enrol } = scenariosOn(
  () => stack,
);

let customers = 0;
const newId = () => `fault-${++customers}`;

const CALLS = [
  ['creating a PaymentIntent', 'payment_intents', collect],
  ['confirming a PaymentIntent', 'payment_intents/*/confirm', collect],
  ['cancelling a PaymentIntent', 'payment_intents/*/cancel', cancel],
  ['creating a customer', 'customers', enrol],
  ['creating a SetupIntent', 'setup_intents', enrol],
  ['confirming a SetupIntent', 'setup_intents/*/confirm', enrol],
] as const;

/** A retry has the key of the first try, which is in use while that one is late. A cancel has no key, so each try is late. */
const timesOf = ({ kind, times }: Fault, path: string) =>
  kind === 'late' && path.endsWith('/cancel') ? 3 * times : times;

test.concurrent.each(
  FAULTS.flatMap((fault) =>
    CALLS.map(([what, path, scenario]) => [fault.row, what, fault, path, scenario] as const),
  ),
)('%s: %s', async (_row, _what, fault, path, scenario) => {
  const customerId = newId();
  const { row: _, ...how } = fault;
  const times = timesOf(fault, path);
  await scenario.prepare(customerId);
  await injectFault({ ...how, times, path, customerId });
  await scenario.act(customerId);
  await scenario.untilEnded(customerId);
  const isLate = fault.kind === 'late';
  if (isLate) await untilNothingIsLate(customerId);
  const isMadeLate = isLate && fault.when === 'before' && !path.includes('/');
  await scenario.verify(customerId, isMadeLate ? 1 : 0);

  const left = (await pendingFaults()).find((each) => each.customerId === customerId)?.times ?? 0;
  expect(left, 'uses left').toBeLessThan(times);
  if (isLate || fault.times === UNTIL_GIVEN_UP) expect(await failedForGood(customerId)).toBeGreaterThan(0);
  if (fault.kind === 429 && scenario === collect) await expectOneAttempt(customerId);
});

/** Stripe refused the request unread: that is no attempt, and no unknown outcome. */
async function expectOneAttempt(customerId: string) {
  expect((await stack.get(chargeOf(customerId))).attempts).toMatchObject([
    { number: 1, outcome: 'succeeded' },
  ]);
  await stack.untilOnRecord(customerId, 'charge_closed');
  const attempts: Fact[] = await stack.untilOnRecord(customerId, 'attempt');
  const outcomes = attempts.map(({ data }) => data.outcome);
  expect(outcomes).toEqual(['succeeded']);
}

interface Fact {
  readonly data: { readonly outcome?: string };
}
