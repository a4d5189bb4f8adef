// What customers do while Stripe is at fault, and how the emulator’s truth judges them afterwards.
import { expect, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, type TestStack } from './stack.ts';

/** How Stripe fails; `delaySeconds` is for late answers. */
export interface FaultShape {
  readonly kind: 500 | 429 | 409 | 'drop' | 'hang' | 'late';
  readonly when: 'before' | 'after';
  readonly times: number;
  readonly delaySeconds?: number;
}

interface OfCustomer {
  readonly customerId?: string;
}

/** A fault as the emulator’s control API takes and shows it. */
interface OrderedFault extends OfCustomer, FaultShape {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
}

/** `spare`: how many objects Stripe made so late that they had been replaced; nobody may have used them. */
export interface Scenario {
  readonly prepare: (customerId: string) => Promise<unknown>;
  readonly act: (customerId: string, status?: number) => Promise<unknown>;
  readonly untilEnded: (customerId: string) => Promise<unknown>;
  readonly verify: (customerId: string, spare?: number) => Promise<unknown>;
}

interface Made {
  readonly id: string;
  readonly metadata: OfCustomer;
}

/** Longer than the product's longest wait here, on a busy machine. */
export const PATIENCE = { timeout: 150_000, interval: 300 };

/** How often a caller tries who gets 503. */
const PATIENT_TRIES = 6;

export const chargeOf = (customerId: string) => `/v1/customers/${customerId}/charges/${customerId}`;

/** @param stackOf the file's stack, which is there once its tests run */
export function scenariosOn(stackOf: () => TestStack) {
  const injectFault = (fault: OrderedFault) =>
    stackOf().control('faults', { method: 'POST', ...fault, path: `/v1/${fault.path}` });

  const pendingFaults = async (): Promise<OrderedFault[]> => (await stackOf().control('faults')).faults;

  const untilStatus = (path: string, status: string) =>
    vi.waitFor(async () => expect(await stackOf().get(path)).toMatchObject({ status }), PATIENCE);

  /** Until no request is pending at the emulator that the product has stopped waiting for. */
  const untilNothingIsLate = (customerId: string) =>
    vi.waitFor(async () => {
      const { requests }: { requests: OfCustomer[] } = await stackOf().control('late');
      expect(requests.filter((request) => request.customerId === customerId)).toEqual([]);
    }, PATIENCE);

  /** How many activities have failed after all their retries. */
  async function failedForGood(customerId: string): Promise<number> {
    const { events } = await stackOf().client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
    return (events ?? []).filter((event) => event.activityTaskFailedEventAttributes).length;
  }

  /** Repeats a request that is answered 503, under the same ids, as a caller should. */
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

  const enrolWithoutFaults = async (customerId: string) => {
    expect([200, 201]).toContain(await insist('/v1/customers', enrolling(customerId)));
    await untilStatus(`/v1/customers/${customerId}`, 'active');
  };

  async function owe(customerId: string) {
    const request = { chargeId: customerId, amount: 1900, currency: 'eur' };
    expect([200, 202]).toContain(await insist(`/v1/customers/${customerId}/charges`, request));
  }

  /** Collected, once, on one intent, and the intent is the one that the charge names. */
  const collect: Scenario = {
    prepare: enrolWithoutFaults,
    act: owe,
    untilEnded: (customerId) => untilStatus(chargeOf(customerId), 'succeeded'),
    verify: async (customerId, spare = 0) => {
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

  const cancel: Scenario = {
    prepare: async (customerId) => {
      await enrolWithoutFaults(customerId);
      const card = await stackOf().cardOf(customerId);
      await stackOf().control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
      await owe(customerId);
      await untilStatus(chargeOf(customerId), 'awaiting_step_up');
    },
    act: async (customerId) => expect(await insist(`${chargeOf(customerId)}/cancel`)).toBe(200),
    untilEnded: (customerId) => untilStatus(chargeOf(customerId), 'cancelled'),
    verify: async (customerId) =>
      expect(await stackOf().truth(customerId)).toMatchObject({
        succeeded: 0,
        intents: [{ status: 'canceled' }],
      }),
  };

  /** One customer at Stripe, with one card, set up once. */
  const enrol: Scenario = {
    prepare: async () => undefined,
    act: async (customerId, status) => {
      if (status === undefined)
        return expect([200, 201]).toContain(await insist('/v1/customers', enrolling(customerId)));
      expect(await stackOf().post('/v1/customers', enrolling(customerId))).toMatchObject({ status });
    },
    untilEnded: (customerId) => untilStatus(`/v1/customers/${customerId}`, 'active'),
    verify: async (customerId, spare = 0) => {
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

  return { injectFault, pendingFaults, owe, untilNothingIsLate, failedForGood, collect, cancel, enrol };
}

function apart<Item>(items: readonly Item[], isIt: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isIt), items.filter((item) => !isIt(item))];
}
