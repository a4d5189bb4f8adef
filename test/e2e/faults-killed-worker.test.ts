// A worker that is killed between Stripe's answer and the record.
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { takeNamespace } from '../support/namespace.ts';
import { RUNS_POSTGRES } from '../support/postgres.ts';
import { type Processes, startProcesses } from '../support/processes.ts';
import { CONSENT } from '../support/stack.ts';

interface Fact {
  readonly kind: string;
  readonly data: {
    readonly outcome?: string;
    readonly answer?: { readonly stripeChargeId: string | null } | null;
    readonly paymentIntentId?: string;
  };
}

const SETUP = { customerId: 'setup', paymentMethod: 'pm_card_visa', consent: CONSENT };

/** A killed worker is missed after 15 s, and the next one has to start first. */
const GOES_ON_WITHIN = { timeout: 90_000, interval: 250 };

/** Stripe has done what it was asked, and holds its answer back: only then comes SIGKILL. No webhook arrives here. */
const isDone = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 60_000, interval: 100 });

let stack: Processes;

async function owe(id: string) {
  const request = { chargeId: id, amount: 1900, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${id}/charges`, request)).status).toBe(202);
}

async function factsOf(id: string, kind: string): Promise<Fact[]> {
  const { items } = await stack.get(`/v1/customers/${id}/evidence`);
  return items.filter((fact: Fact) => fact.kind === kind);
}

/** What each customer's workflow waits for, and at which try it is. */
const callsUnderWay = () =>
  Promise.all(
    ['create', 'confirm', 'step-up', 'setup'].map(async (id) => {
      const { raw } = await stack.client.workflow.getHandle(workflowIdOf(id)).describe();
      const [call] = raw.pendingActivities ?? [];
      return [id, call?.activityType?.name, call?.attempt];
    }),
  );

/** SetupIntents at Stripe, found by our metadata: nobody has told us their ids. */
async function setupsOf(customerId: string): Promise<{ id: string; status: string }[]> {
  const { data } = await stack.stripe('GET', 'setup_intents?limit=100');
  return data.filter(
    (each: { metadata: { customerId?: string } }) => each.metadata.customerId === customerId,
  );
}

const untilStatus = (id: string, status: string) =>
  expect
    .poll(async () => (await stack.get(`/v1/customers/${id}/charges/${id}`)).status, GOES_ON_WITHIN)
    .toBe(status);

/** One intent, one question to the bank, and each answer on record exactly once. */
async function expectOnce(id: string, outcome: string, intentStatus: string) {
  const truth = await stack.truth(id);
  expect(truth).toMatchObject({ attempts: 1, succeeded: outcome === 'succeeded' ? 1 : 0 });
  expect(truth.intents).toMatchObject([{ status: intentStatus, confirmations: 1 }]);
  const [{ stripeChargeId, paymentIntentId }] = truth.charges;
  await stack.untilOnRecord(id, 'attempt');
  const attempts = await factsOf(id, 'attempt');
  expect(attempts.map(({ data }) => data.outcome)).toEqual([outcome]);
  expect(attempts[0]?.data.answer?.stripeChargeId).toBe(stripeChargeId);
  const created = await factsOf(id, 'payment_intent_created');
  expect(created.map(({ data }) => data.paymentIntentId)).toEqual([paymentIntentId]);
  const charge = await stack.get(`/v1/customers/${id}/charges/${id}`);
  expect(charge).toMatchObject({ paymentIntentId, attempts: [{ number: 1, outcome }] });
}

describe.runIf(RUNS_POSTGRES)('a worker killed between Stripe’s answer and the record', () => {
  /** One death for all four: each customer's call hangs when it comes. */
  beforeAll(async () => {
    stack = await startProcesses({
      temporal: { address: inject('temporalAddress'), namespace: await takeNamespace() },
    });
    await stack.control('webhooks', { mode: 'lose' });
    await stack.enrol('create');
    await stack.enrol('confirm');
    const paymentMethod = await stack.enrol('step-up');
    await stack.control('outcomes', { paymentMethod, outcomes: ['authentication_required'] });

    const hold = (path: string, times: number) =>
      stack.control('faults', { method: 'POST', path: `/v1/${path}`, kind: 'hang', when: 'after', times });
    await hold('payment_intents', 1);
    await owe('create');
    await isDone(async () => expect((await stack.truth('create')).intents).toHaveLength(1));
    await hold('payment_intents/*/confirm', 2);
    await owe('confirm');
    await owe('step-up');
    await hold('setup_intents/*/confirm', 1);
    const enrolling = stack.post('/v1/customers', SETUP);
    for (const id of ['confirm', 'step-up'])
      await isDone(async () => expect((await stack.truth(id)).attempts).toBe(1));
    await isDone(async () => expect(await setupsOf('setup')).toMatchObject([{ status: 'succeeded' }]));
    expect(await callsUnderWay()).toEqual([
      ['create', 'attemptCharge', 1],
      ['confirm', 'attemptCharge', 1],
      ['step-up', 'attemptCharge', 1],
      ['setup', 'confirmSetupIntent', 1],
    ]);

    await stack.worker.kill(0);
    await enrolling; // late, and perhaps too late for the caller, who then asks again
  });
  afterAll(() => stack?.stop());

  test('after Stripe created the intent: the next worker gets the same intent, and collects on it', async () => {
    await untilStatus('create', 'succeeded');
    await expectOnce('create', 'succeeded', 'succeeded');
  });

  test('after Stripe took the money: it is on record once, and nobody asks the bank again', async () => {
    await untilStatus('confirm', 'succeeded');
    await expectOnce('confirm', 'succeeded', 'succeeded');
  });

  test('after the bank asked for the customer: one step-up begins, and the same intent is paid', async () => {
    await untilStatus('step-up', 'awaiting_step_up');
    await expectOnce('step-up', 'step_up', 'requires_payment_method');
    expect(await factsOf('step-up', 'step_up_started')).toHaveLength(1);
    const [{ paymentIntentId }] = (await stack.truth('step-up')).intents;
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    await stack.post('/v1/customers/step-up/charges/step-up/step-up');
    await stack.untilOnRecord('step-up', 'charge_closed');
    const truth = await stack.truth('step-up');
    expect(truth).toMatchObject({ attempts: 2, succeeded: 1, intents: [{ paymentIntentId }] });
    const attempts = await factsOf('step-up', 'attempt');
    expect(attempts.map(({ data }) => data.answer?.stripeChargeId)).toEqual(
      truth.charges.map(({ stripeChargeId }: { stripeChargeId: string }) => stripeChargeId),
    );
  });

  test('after the card was set up: one SetupIntent, tried once, and one mandate', async () => {
    expect((await stack.post('/v1/customers', SETUP)).status).toBeLessThan(300);
    await expect
      .poll(async () => (await stack.get('/v1/customers/setup')).status, GOES_ON_WITHIN)
      .toBe('active');
    const setups = await setupsOf('setup');
    const { mandate } = await stack.get('/v1/customers/setup');
    expect(setups).toMatchObject([{ id: mandate.setupIntentId, status: 'succeeded' }]);
    const tries = await stack.stripe('GET', `setup_attempts?setup_intent=${mandate.setupIntentId}`);
    expect(tries.data).toMatchObject([{ status: 'succeeded' }]);
    await stack.untilOnRecord('setup', 'mandate');
    for (const kind of ['consent', 'setup_intent_created', 'mandate'])
      expect(await factsOf('setup', kind), kind).toHaveLength(1);
  });
});
