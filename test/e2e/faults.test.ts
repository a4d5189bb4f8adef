// Answers that never come, come late, or lie: each fault at each call to Stripe that makes or moves something, all side by
// side, for nearly all of it is waiting. No webhook arrives here, so only retries and looks help. The sandbox's truth
// decides.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

interface Fault {
  readonly row: string;
  readonly kind: 500 | 429 | 409 | 'drop' | 'hang' | 'late';
  readonly when: 'before' | 'after';
  readonly times: number;
  readonly delaySeconds?: number;
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

let people = 0;
const newId = () => `fault-${++people}`;

interface Theirs {
  readonly customerId?: string;
}

/** A fault as the control table takes it, and shows it. */
interface Order extends Theirs, Omit<Fault, 'row'> {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
}

const order = (fault: Order) =>
  stack.control('faults', { method: 'POST', ...fault, path: `/v1/${fault.path}` });

const ordered = async (): Promise<Order[]> => (await stack.control('faults')).faults;

/** The longest waits of the product that a row here runs into, and a busy machine. */
const PATIENCE = { timeout: 150_000, interval: 300 };

const untilStatus = (path: string, status: string) =>
  vi.waitFor(async () => expect(await stack.get(path)).toMatchObject({ status }), PATIENCE);

/** Nothing that the product has stopped waiting for is still on its way. */
const untilNothingIsLate = (customerId: string) =>
  vi.waitFor(async () => {
    const { requests }: { requests: Theirs[] } = await stack.control('late');
    expect(requests.filter((request) => request.customerId === customerId)).toEqual([]);
  }, PATIENCE);

/** How many questions to Stripe nobody answered however often they were repeated. */
async function failedForGood(customerId: string): Promise<number> {
  const { events } = await stack.client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
  return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length;
}

/** `spare`: how many things Stripe made so late that they had been replaced, and which nobody may have used. */
interface Play {
  readonly given: (customerId: string) => Promise<unknown>;
  readonly asked: (customerId: string, status?: number) => Promise<unknown>;
  readonly over: (customerId: string) => Promise<unknown>;
  readonly judged: (customerId: string, spare?: number) => Promise<unknown>;
}

const chargeOf = (customerId: string) => `/v1/customers/${customerId}/charges/${customerId}`;

async function owe(customerId: string, status = 202) {
  const request = { chargeId: customerId, amount: 1900, currency: 'eur' };
  expect(await stack.post(`/v1/customers/${customerId}/charges`, request)).toMatchObject({ status });
}

/** Collected, once, on one intent, and the intent is the one that the charge names. */
const collect: Play = {
  given: (customerId) => stack.enrol(customerId),
  asked: owe,
  over: (customerId) => untilStatus(chargeOf(customerId), 'succeeded'),
  judged: async (customerId, spare = 0) => {
    const { paymentIntentId } = await stack.get(chargeOf(customerId));
    const truth = await stack.truth(customerId);
    expect(truth).toMatchObject({ succeeded: 1, attempts: 1 });
    const intents: { paymentIntentId: string }[] = truth.intents;
    const [own, others] = apart(intents, (intent) => intent.paymentIntentId === paymentIntentId);
    expect(own).toMatchObject([{ status: 'succeeded', amountReceived: 1900 }]);
    expect(others).toMatchObject(
      Array(spare).fill({ status: 'requires_payment_method', amountReceived: 0, confirmations: 0 }),
    );
  },
};

const cancel: Play = {
  given: async (customerId) => {
    const card = await stack.enrol(customerId);
    await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
    await owe(customerId);
    await stack.untilCharge(customerId, customerId, 'awaiting_step_up');
  },
  asked: (customerId) => stack.post(`${chargeOf(customerId)}/cancel`),
  over: (customerId) => untilStatus(chargeOf(customerId), 'cancelled'),
  judged: async (customerId) =>
    expect(await stack.truth(customerId)).toMatchObject({ succeeded: 0, intents: [{ status: 'canceled' }] }),
};

/** One customer at Stripe, with one card, set up once. */
const enrol: Play = {
  given: async () => undefined,
  asked: async (customerId, status = 201) => {
    const request = { customerId, paymentMethod: 'pm_card_visa', consent: CONSENT };
    expect(await stack.post('/v1/customers', request)).toMatchObject({ status });
  },
  over: (customerId) => untilStatus(`/v1/customers/${customerId}`, 'active'),
  judged: async (customerId, spare = 0) => {
    const { stripeCustomerId, mandate } = await stack.get(`/v1/customers/${customerId}`);
    const made = await madeFor('customers', customerId);
    const [own, others] = apart(made, ({ id }) => id === stripeCustomerId);
    expect(own).toHaveLength(1);
    const setups = await madeFor('setup_intents', customerId);
    const [used, unused] = apart(setups, ({ id }) => id === mandate.setupIntentId);
    expect(used).toMatchObject([{ status: 'succeeded', customer: stripeCustomerId }]);
    expect(unused).toMatchObject(
      Array(unused.length).fill({ status: 'requires_payment_method', latest_attempt: null }),
    );
    expect(others.length + unused.length, 'made too late to be used').toBe(spare);
    const tries = await stack.stripe('GET', `setup_attempts?setup_intent=${mandate.setupIntentId}`);
    expect(tries.data).toMatchObject([{ status: 'succeeded' }]);
    const cards = await stack.stripe('GET', `customers/${stripeCustomerId}/payment_methods`);
    expect(cards.data).toHaveLength(1);
  },
};

interface Made {
  readonly id: string;
  readonly metadata: Theirs;
}

async function madeFor(what: 'customers' | 'setup_intents', customerId: string): Promise<Made[]> {
  const { data }: { data: Made[] } = await stack.stripe('GET', `${what}?limit=100`);
  return data.filter(({ metadata }) => metadata.customerId === customerId);
}

function apart<Item>(items: readonly Item[], isIt: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isIt), items.filter((item) => !isIt(item))];
}

const CALLS = [
  ['creating a PaymentIntent', 'payment_intents', collect],
  ['confirming a PaymentIntent', 'payment_intents/*/confirm', collect],
  ['cancelling a PaymentIntent', 'payment_intents/*/cancel', cancel],
  ['creating a customer', 'customers', enrol],
  ['creating a SetupIntent', 'setup_intents', enrol],
  ['confirming a SetupIntent', 'setup_intents/*/confirm', enrol],
] as const;

/** A try is repeated under its key, which is in use while the first is late; cancelling has no key, and is late anew. */
const strikesOf = ({ kind, times }: Fault, path: string) =>
  kind === 'late' && path.endsWith('/cancel') ? 3 * times : times;

test.concurrent.each(
  FAULTS.flatMap((fault) => CALLS.map(([what, path, play]) => [fault.row, what, fault, path, play] as const)),
)('%s: %s', async (_row, _what, fault, path, play) => {
  const customerId = newId();
  const { row: _, ...how } = fault;
  const times = strikesOf(fault, path);
  await play.given(customerId);
  await order({ ...how, times, path, customerId });
  await play.asked(customerId);
  await play.over(customerId);
  const isLate = fault.kind === 'late';
  if (isLate) await untilNothingIsLate(customerId);
  const isMadeLate = isLate && fault.when === 'before' && !path.includes('/');
  await play.judged(customerId, isMadeLate ? 1 : 0);

  const left = (await ordered()).find((each) => each.customerId === customerId)?.times ?? 0;
  expect(left, 'strikes left').toBeLessThan(times);
  if (isLate || fault.times === UNTIL_GIVEN_UP) expect(await failedForGood(customerId)).toBeGreaterThan(0);
  if (fault.kind === 429 && play === collect) await expectOneAttempt(customerId);
});

/** Stripe turned the request away unread, which is no attempt, and leaves nobody in the dark. */
async function expectOneAttempt(customerId: string) {
  expect((await stack.get(chargeOf(customerId))).attempts).toMatchObject([
    { number: 1, outcome: 'succeeded' },
  ]);
  const { items }: { items: Fact[] } = await stack.until(
    `/v1/customers/${customerId}/evidence`,
    ({ items }) => items.some(({ kind }: Fact) => kind === 'charge_closed'),
  );
  const outcomes = items.filter(({ kind }) => kind === 'attempt').map(({ data }) => data.outcome);
  expect(outcomes).toEqual(['succeeded']);
}

interface Fact {
  readonly kind: string;
  readonly data: { readonly outcome?: string };
}

/** Nobody could ask Stripe what had become of it until a day later. */
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

  const clearFaults = () => fetch(`${stack.sandboxUrl}/_sandbox/faults`, { method: 'DELETE' });
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
