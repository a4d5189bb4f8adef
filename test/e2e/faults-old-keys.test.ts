// Answers that come after Stripe has forgotten the key: nobody could ask what had become of the request until a day later.
// No webhook arrives here. The emulator's truth decides.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { PATIENCE, type Play, playsOn } from '../support/fault-scenarios.ts';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ stripeTimeoutMs: 3_000 });
  await stack.control('webhooks', { mode: 'lose' });
});
afterAll(() => stack.stop());

const { order, ordered, owe, collect, enrol } = playsOn(() => stack);

let people = 0;
const newId = () => `late-${++people}`;

describe('an answer that comes after the key’s 24 hours', () => {
  interface Question {
    readonly path: string;
    /** A listing of customers names none. */
    readonly isAboutNobody?: boolean;
    /** What the caller hears who made the product ask, where that is not as ever. */
    readonly status?: number;
  }

  const LOST: readonly (readonly [what: string, path: string, Play, Question])[] = [
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
      expect((await ordered()).map(({ method, times }) => [method, times < 10_000])).toEqual([['GET', true]]);
    }, PATIENCE);

  // One after the other: the clock is everybody's, and who waits for the others comes to ever rarer looks.
  test.each(
    LOST.flatMap(([what, ...lost]) =>
      (['after', 'before'] as const).map((when) => [what, when, lost] as const),
    ),
  )(
    '%s, lost %s Stripe acted, is looked up and not repeated',
    async (_what, when, [path, play, { path: question, isAboutNobody, status }]) => {
      const customerId = newId();
      const about = isAboutNobody ? {} : { customerId };
      await play.given(customerId);
      await order({ path, kind: 'drop', when, times: UNTIL_GIVEN_UP, customerId });
      await order({ path: question, method: 'GET', kind: 500, when: 'before', times: 10_000, ...about });
      await play.asked(customerId, status);
      await untilAsking();
      await stack.control('clock', { advanceSeconds: 25 * 3600 });
      await clearFaults();
      await play.over(customerId);
      await play.judged(customerId);
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
