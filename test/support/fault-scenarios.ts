// What customers do while a fault strikes, and how the emulator's truth judges them afterwards. It orders faults as told and
// knows no row of the tests.
import { expect, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, type TestStack } from './stack.ts';

/** How a fault strikes; `delaySeconds` is of late ones. */
export interface Strike {
  readonly kind: 500 | 429 | 409 | 'drop' | 'hang' | 'late';
  readonly when: 'before' | 'after';
  readonly times: number;
  readonly delaySeconds?: number;
}

interface Theirs {
  readonly customerId?: string;
}

/** A fault as the control table takes it, and shows it. */
interface Order extends Theirs, Strike {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
}

/** `spare`: how many things Stripe made so late that they had been replaced, and which nobody may have used. */
export interface Play {
  readonly given: (customerId: string) => Promise<unknown>;
  readonly asked: (customerId: string, status?: number) => Promise<unknown>;
  readonly over: (customerId: string) => Promise<unknown>;
  readonly judged: (customerId: string, spare?: number) => Promise<unknown>;
}

interface Made {
  readonly id: string;
  readonly metadata: Theirs;
}

/** Longer than the product's longest wait here, on a busy machine. */
export const PATIENCE = { timeout: 150_000, interval: 300 };

/** Of a caller whom billing had no time to answer. */
const PATIENT_TRIES = 6;

export const chargeOf = (customerId: string) => `/v1/customers/${customerId}/charges/${customerId}`;

/** @param stackOf the file's stack, which is there once its tests run */
export function playsOn(stackOf: () => TestStack) {
  const order = (fault: Order) =>
    stackOf().control('faults', { method: 'POST', ...fault, path: `/v1/${fault.path}` });

  const ordered = async (): Promise<Order[]> => (await stackOf().control('faults')).faults;

  const untilStatus = (path: string, status: string) =>
    vi.waitFor(async () => expect(await stackOf().get(path)).toMatchObject({ status }), PATIENCE);

  /** Nothing that the product has stopped waiting for is still on its way. */
  const untilNothingIsLate = (customerId: string) =>
    vi.waitFor(async () => {
      const { requests }: { requests: Theirs[] } = await stackOf().control('late');
      expect(requests.filter((request) => request.customerId === customerId)).toEqual([]);
    }, PATIENCE);

  /** How many questions to Stripe nobody answered however often they were repeated. */
  async function failedForGood(customerId: string): Promise<number> {
    const { events } = await stackOf().client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
    return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length;
  }

  /** As a caller should: what billing had no time to answer is asked again, under the same ids. */
  async function insist(path: string, body: object = {}): Promise<number> {
    for (let tries = 1; ; tries++) {
      const { status } = await stackOf().post(path, body);
      if (status !== 503 || tries === PATIENT_TRIES) return status;
    }
  }

  const enrolling = (customerId: string) => ({
    customerId,
    paymentMethod: 'pm_card_visa',
    consent: CONSENT,
  });

  const enrolInPeace = async (customerId: string) => {
    expect([200, 201]).toContain(await insist('/v1/customers', enrolling(customerId)));
    await untilStatus(`/v1/customers/${customerId}`, 'active');
  };

  async function owe(customerId: string) {
    const request = { chargeId: customerId, amount: 1900, currency: 'eur' };
    expect([200, 202]).toContain(await insist(`/v1/customers/${customerId}/charges`, request));
  }

  /** Collected, once, on one intent, and the intent is the one that the charge names. */
  const collect: Play = {
    given: enrolInPeace,
    asked: owe,
    over: (customerId) => untilStatus(chargeOf(customerId), 'succeeded'),
    judged: async (customerId, spare = 0) => {
      const { paymentIntentId } = await stackOf().get(chargeOf(customerId));
      const truth = await stackOf().truth(customerId);
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
      await enrolInPeace(customerId);
      const card = await stackOf().cardOf(customerId);
      await stackOf().control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
      await owe(customerId);
      await untilStatus(chargeOf(customerId), 'awaiting_step_up');
    },
    asked: async (customerId) => expect(await insist(`${chargeOf(customerId)}/cancel`)).toBe(200),
    over: (customerId) => untilStatus(chargeOf(customerId), 'cancelled'),
    judged: async (customerId) =>
      expect(await stackOf().truth(customerId)).toMatchObject({
        succeeded: 0,
        intents: [{ status: 'canceled' }],
      }),
  };

  /** One customer at Stripe, with one card, set up once. */
  const enrol: Play = {
    given: async () => undefined,
    asked: async (customerId, status) => {
      if (status === undefined)
        return expect([200, 201]).toContain(await insist('/v1/customers', enrolling(customerId)));
      expect(await stackOf().post('/v1/customers', enrolling(customerId))).toMatchObject({ status });
    },
    over: (customerId) => untilStatus(`/v1/customers/${customerId}`, 'active'),
    judged: async (customerId, spare = 0) => {
      const { stripeCustomerId, mandate } = await stackOf().get(`/v1/customers/${customerId}`);
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
      const tries = await stackOf().stripe('GET', `setup_attempts?setup_intent=${mandate.setupIntentId}`);
      expect(tries.data).toMatchObject([{ status: 'succeeded' }]);
      const cards = await stackOf().stripe('GET', `customers/${stripeCustomerId}/payment_methods`);
      expect(cards.data).toHaveLength(1);
    },
  };

  async function madeFor(what: 'customers' | 'setup_intents', customerId: string): Promise<Made[]> {
    const { data }: { data: Made[] } = await stackOf().stripe('GET', `${what}?limit=100`);
    return data.filter(({ metadata }) => metadata.customerId === customerId);
  }

  return { order, ordered, owe, untilNothingIsLate, failedForGood, collect, cancel, enrol };
}

function apart<Item>(items: readonly Item[], isIt: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isIt), items.filter((item) => !isIt(item))];
}
