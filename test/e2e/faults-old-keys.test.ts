// Answers lost for longer than Stripe keeps idempotency keys: the request can only be looked up, a day later.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { PATIENCE, type Scenario, scenariosOn } from '../support/fault-scenarios.ts';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ stripeTimeoutMs: 3_000 });
  await stack.control('webhooks', { mode: 'lose' });
});
afterAll(() => stack.stop());

const { injectFault, pendingFaults, owe, collect, enrol } = scenariosOn(() => stack);

let customers = 0;
const newId = () => `late-${++customers}`;

describe('an answer that comes after the key’s 24 hours', () => {
  interface Question {
    readonly path: string;
    /** A listing of customers names none. */
    readonly isAboutNobody?: boolean;
    /** The status that the caller gets, where it is not the usual one. */
    readonly status?: number;
  }

  const LOST: readonly (readonly [what: string, path: string, Scenario, Question])[] = [
    ['creating a PaymentIntent', 'payment_intents', collect, { path: 'payment_intents' }],
    ['confirming a PaymentIntent', 'payment_intents/*/confirm', collect, { path: 'payment_intents/*' }],
    ['creating a customer', 'customers', enrol, { path: 'customers', isAboutNobody: true }],
    ['creating a SetupIntent', 'setup_intents', enrol, { path: 'setup_intents' }],
    // The api asks the same question: the client secret is kept nowhere but at Stripe.
    ['confirming a SetupIntent', 'setup_intents/*/confirm', enrol, { path: 'setup_intents/*', status: 503 }],
  ];

  const clearFaults = () => fetch(`${stack.emulatorUrl}/_emulator/faults`, { method: 'DELETE' });
  afterEach(clearFaults);

  /** Until the product is past repeating itself and asks Stripe what has become of it, in vain. */
  const untilAsking = () =>
    vi.waitFor(async () => {
      expect((await pendingFaults()).map(({ method, times }) => [method, times < 10_000])).toEqual([
        ['GET', true],
      ]);
    }, PATIENCE);

  // One after the other: all share the emulator's clock, and a workflow that waits for others checks ever more rarely.
  test.each(
    LOST.flatMap(([what, ...lost]) =>
      (['after', 'before'] as const).map((when) => [what, when, lost] as const),
    ),
  )(
    '%s, lost %s Stripe acted, is looked up and not repeated',
    async (_what, when, [path, scenario, { path: question, isAboutNobody, status }]) => {
      const customerId = newId();
      const about = isAboutNobody ? {} : { customerId };
      await scenario.prepare(customerId);
      await injectFault({ path, kind: 'drop', when, times: UNTIL_GIVEN_UP, customerId });
      await injectFault({
        path: question,
        method: 'GET',
        kind: 500,
        when: 'before',
        times: 10_000,
        ...about,
      });
      await scenario.act(customerId, status);
      await untilAsking();
      await stack.control('clock', { advanceSeconds: 25 * 3600 });
      await clearFaults();
      await scenario.untilEnded(customerId);
      await scenario.verify(customerId);
    },
  );

  test('no call to Stripe is repeated for longer than half the time that Stripe keeps its key', async () => {
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
