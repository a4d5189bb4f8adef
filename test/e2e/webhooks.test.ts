// Webhooks as they are: doubled, late, lost, foreign, in floods and in any order; the event and the timer must end in
// the same state.
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CATCH_UP_ID, workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, DAY, HOUR, startTestStack, type TestStack } from '../support/stack.ts';

const [SECRET, OLD_SECRET] = ['whsec_of_today', 'whsec_that_is_rolled_out'];

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the servers send
type Json = any;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: { STRIPE_WEBHOOK_SECRET: `${SECRET},${OLD_SECRET}` } });
});
afterEach(() => stack.control('webhooks', { mode: 'normal' }));
afterAll(() => stack.stop());

/** An event as Stripe would send it; `seconds` is its age. @returns the status of the answer */
async function send(
  type: string,
  object: Json,
  more: { id?: string; secret?: string; seconds?: number } = {},
) {
  const { id = `evt_${randomUUID().replaceAll('-', '')}`, secret = SECRET, seconds = 0 } = more;
  const created = Math.floor(Date.now() / 1000) - seconds;
  const payload = JSON.stringify({ id, object: 'event', type, created, data: { object } });
  const answer = await fetch(`${stack.url}/webhooks/stripe`, {
    method: 'POST',
    headers: {
      'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: secret ?? '' }),
    },
    body: payload,
  });
  return answer.status;
}

async function owe(customerId: string, chargeId = `${customerId}-1`) {
  const request = { chargeId, amount: 3000, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${customerId}/charges`, request)).status).toBe(202);
}

/** A charge that waits for the customer. @returns it */
async function stepUp(customerId: string): Promise<Json> {
  const card = await stack.enrol(customerId);
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await owe(customerId);
  return stack.untilCharge(customerId, `${customerId}-1`, 'awaiting_step_up');
}

/** Everything that events could have changed. */
async function stateOf(customerId: string) {
  const { enrolment, ...customer } = await stack.get(`/v1/customers/${customerId}`);
  return {
    customer: { ...customer, enrolment: enrolment.status }, // its link is signed again at each read
    charges: (await stack.get(`/v1/customers/${customerId}/charges`)).items,
    // How a notice ended is known at its own time.
    evidence: (await stack.get(`/v1/customers/${customerId}/evidence`)).items.map(
      ({ delivery: _delivery, ...item }: Json) => item,
    ),
  };
}

/** How many signals a customer's workflow has been sent so far. */
async function signalsOf(customerId: string): Promise<number> {
  const { events } = await stack.client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
}

describe('what failed to arrive', () => {
  test('is read again and rung for, once; the charge is collected long before its timer', async () => {
    const { paymentIntentId } = await stepUp('lost');
    await stack.control('webhooks', { mode: 'lose' });
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    const startedAt = Date.now();
    expect((await stack.catchUp()).notified).toBeGreaterThan(0);
    await stack.untilCharge('lost', 'lost-1', 'succeeded');
    expect(Date.now() - startedAt).toBeLessThan(45_000);
    expect(await stack.truth('lost-1')).toMatchObject({ succeeded: 1, attempts: 2 });
    const before = await stateOf('lost');
    await stack.catchUp();
    expect(await stateOf('lost')).toEqual(before);
  });

  test('is kept and counted once where the customer is closed, or was never ours', async () => {
    await stack.enrol('gone');
    const { stripeCustomerId } = await stack.get('/v1/customers/gone');
    await stack.post('/v1/customers/gone/cancel');
    await expect
      .poll(
        async () => (await stack.client.workflow.getHandle(workflowIdOf('gone')).describe()).status.name,
        {
          timeout: 60_000,
        },
      )
      .toBe('COMPLETED');
    const { unclaimed } = await stack.catchUp();
    await stack.control('webhooks', { mode: 'lose' });
    const methods = await stack.stripe('GET', `customers/${stripeCustomerId}/payment_methods`);
    await stack.stripe('POST', `payment_methods/${methods.data[0].id}/detach`, {});
    const stranger = await stack.stripe('POST', 'customers', {});
    await stack.stripe('POST', 'setup_intents', {
      customer: stranger.id,
      confirm: 'true',
      payment_method: 'pm_card_visa',
      'allowed_payment_method_types[0]': 'card',
    });
    expect((await stack.catchUp()).unclaimed).toBe(unclaimed + 2);
    expect((await stack.catchUp()).unclaimed).toBe(unclaimed + 2);
  });

  test('is looked for by a schedule, and at once when a worker starts', async () => {
    const { info, spec, policies } = await stack.client.schedule.getHandle(CATCH_UP_ID).describe();
    expect(spec.intervals).toMatchObject([{ every: 5 * 60_000 }]);
    expect(policies.overlap).toBe('SKIP');
    const first = info.recentActions[0]?.action;
    expect(first?.type).toBe('startWorkflow');
    const result = await stack.client.workflow.getHandle(first?.workflow.workflowId ?? '').result();
    expect(result).toEqual({ notified: 0, unclaimed: 0 });
  });
});

describe('what comes too often, too late or from elsewhere', () => {
  test('under one id twice and under two ids: nothing is asked or recorded twice', async () => {
    const { paymentIntentId } = await stepUp('twice');
    await stack.control('webhooks', { mode: 'lose' });
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    const intent = await stack.stripe('GET', `payment_intents/${paymentIntentId}`);
    const ids = ['evt_twice_a', 'evt_twice_a', 'evt_twice_b', 'evt_twice_b', 'evt_twice_a'];
    const answers = await Promise.all(ids.map((id) => send('payment_intent.succeeded', intent, { id })));
    expect(answers).toEqual(ids.map(() => 200));
    await stack.untilCharge('twice', 'twice-1', 'succeeded');
    const { evidence } = await stateOf('twice');
    expect(evidence.filter(({ kind }: Json) => kind === 'charge_closed')).toHaveLength(1);
    expect(await stack.truth('twice-1')).toMatchObject({ succeeded: 1, attempts: 2 });
  });

  test('days late, telling of what is long over: nothing changes', async () => {
    await stack.enrol('stale');
    await owe('stale');
    const { paymentIntentId } = await stack.untilCharge('stale', 'stale-1', 'succeeded');
    const intent = await stack.stripe('GET', `payment_intents/${paymentIntentId}`);
    const before = await stateOf('stale');
    for (const [type, status] of [
      ['payment_intent.payment_failed', 'requires_payment_method'],
      ['payment_intent.created', 'requires_payment_method'],
      ['payment_intent.canceled', 'canceled'],
    ] as const)
      expect(await send(type, { ...intent, status }, { seconds: (3 * DAY) / 1000 })).toBe(200);
    await stack.passTime('stale', HOUR);
    expect(await stateOf('stale')).toEqual(before);
    expect(await stack.truth('stale-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  });

  test('signed with the old secret while it is rolled: taken', async () => {
    const { paymentIntentId } = await stepUp('rolled');
    await stack.control('webhooks', { mode: 'lose' });
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    const event = { id: paymentIntentId, object: 'payment_intent' };
    expect(await send('payment_intent.succeeded', event, { secret: OLD_SECRET ?? '' })).toBe(200);
    await stack.untilCharge('rolled', 'rolled-1', 'succeeded');
    expect(await send('payment_intent.succeeded', event, { secret: 'whsec_foreign' })).toBe(400);
  });

  test('about what somebody made by hand for our Stripe customer: kept, counted, not acted upon', async () => {
    const card = await stack.enrol('by-hand');
    await owe('by-hand');
    const ours = await stack.untilCharge('by-hand', 'by-hand-1', 'succeeded');
    const { stripeCustomerId } = await stack.get('/v1/customers/by-hand');
    const before = await stateOf('by-hand');
    const { metadata } = await stack.stripe('GET', `payment_intents/${ours.paymentIntentId}`);
    const { unclaimed } = await stack.catchUp();
    const signals = await signalsOf('by-hand');
    expect(await stack.payByHand(stripeCustomerId, card)).toMatchObject({ status: 'succeeded' });
    const setup = { customer: stripeCustomerId, 'allowed_payment_method_types[0]': 'card' };
    expect(await stack.stripe('POST', 'setup_intents', setup)).toMatchObject({ object: 'setup_intent' });
    // payment_intent.succeeded; payment_intent.created, charge.succeeded and setup_intent.created concern nobody here
    await expect.poll(async () => (await stack.catchUp()).unclaimed).toBe(unclaimed + 1);
    expect(await signalsOf('by-hand')).toBe(signals);

    const copied = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, String(value)]);
    await stack.payByHand(stripeCustomerId, card, Object.fromEntries(copied));
    await expect.poll(async () => (await stack.catchUp()).unclaimed).toBe(unclaimed + 2);
    expect(await signalsOf('by-hand')).toBe(signals);
    await stack.passTime('by-hand', HOUR);
    expect(await stateOf('by-hand')).toEqual(before);
  });

  test('in a flood of 500: each is taken, none is lost, and the customer is billed as ever', async () => {
    const { paymentIntentId } = await stepUp('flood');
    const { unclaimed } = await stack.catchUp();
    await stack.control('webhooks', { mode: 'lose' });
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    const intent = { id: paymentIntentId, object: 'payment_intent' };
    const startedAt = Date.now();
    const signals = await signalsOf('flood');
    let sentAgain = 0;
    /** As Stripe does: sent again until it is taken. */
    const sendUntilTaken = async (n: number) => {
      const object = n % 5 === 0 ? intent : { id: `pi_foreign_${n}` };
      for (;;) {
        const status = await send('payment_intent.succeeded', object, { id: `evt_flood_${n}` });
        if (status === 200) return;
        expect(status).toBe(503);
        sentAgain += 1;
      }
    };
    await Promise.all(Array.from({ length: 500 }, (_, n) => sendUntilTaken(n)));
    console.log(`500 events taken in ${Date.now() - startedAt} ms, ${sentAgain} of them sent again`);
    // Temporal shows what came during a task once that has ended. Events that come once the charge is settled wake nobody.
    await expect.poll(() => signalsOf('flood'), { timeout: 30_000 }).toBeGreaterThan(signals);
    expect((await stack.catchUp()).unclaimed).toBe(unclaimed + 400);
    await stack.untilCharge('flood', 'flood-1', 'succeeded');
    expect(await stack.truth('flood-1')).toMatchObject({ succeeded: 1, attempts: 2 });
    expect((await stack.call('GET', '/readyz')).status).toBe(200);
  });
});

describe('the same customers under every order of delivery', () => {
  /** A check finds what the webhooks did not bring: there is one every few hours. */
  async function pass(mode: string, customerId: string) {
    if (mode === 'lose') await stack.passTime(customerId, 8 * HOUR);
  }

  /** Everything that people are shown and that Stripe did, without ids and times. */
  async function outcomeOf(customerId: string) {
    const { customer, charges, evidence } = await stateOf(customerId);
    const truth = await stack.truth(`${customerId}-1`);
    return {
      status: customer.status,
      amountDue: customer.amountDue,
      card: customer.card,
      mandate: customer.mandate?.status,
      charges: charges.map(({ status, amount, reason, attempts }: Json) => ({
        status,
        amount,
        reason,
        attempts: attempts.map(({ number, outcome, declineCode }: Json) => ({
          number,
          outcome,
          declineCode,
        })),
      })),
      evidence: evidence.map(({ kind }: Json) => kind).sort(),
      truth: {
        attempts: truth.attempts,
        succeeded: truth.succeeded,
        intents: truth.intents.map(({ status, amountReceived }: Json) => ({ status, amountReceived })),
      },
    };
  }

  /** Enrols with 3-D Secure on the page, pays, is asked for by the bank, fails there once, and then authenticates. */
  async function authenticates(mode: string): Promise<string> {
    const customerId = `${mode}-authenticates`;
    const { body } = await stack.post('/v1/customers', { customerId, consent: CONSENT });
    const { setupIntentId, clientSecret } = body.enrolment;
    await stack.giveCard(clientSecret, '4000002760003184');
    await stack.control(`challenges/${setupIntentId}`, { result: 'succeed' });
    await pass(mode, customerId);
    await stack.untilCustomer(customerId, 'active');
    await owe(customerId);
    const { paymentIntentId } = await stack.untilCharge(customerId, `${customerId}-1`, 'awaiting_step_up');
    await stack.control(`challenges/${paymentIntentId}`, { result: 'fail' });
    await pass(mode, customerId);
    await stack.untilOnRecord(customerId, 'step_up_failed');
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    await pass(mode, customerId);
    await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
    return customerId;
  }

  /** The card is lost, another one pays. */
  async function changesCard(mode: string): Promise<string> {
    const customerId = `${mode}-changes-card`;
    const card = await stack.enrol(customerId);
    await stack.control('outcomes', { paymentMethod: card, outcomes: ['lost_card'] });
    await owe(customerId);
    await stack.untilCharge(customerId, `${customerId}-1`, 'awaiting_card');
    await stack.post(`/v1/customers/${customerId}/enrolments`, {
      paymentMethod: 'pm_card_mastercard',
      consent: { ...CONSENT, acceptedAt: '2026-11-20T09:00:00Z' },
    });
    await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
    return customerId;
  }

  /** The bank asks for the customer, and the charge is given up meanwhile. */
  async function givesUp(mode: string): Promise<string> {
    const customerId = `${mode}-gives-up`;
    await stepUp(customerId);
    await stack.post(`/v1/customers/${customerId}/charges/${customerId}-1/cancel`);
    await stack.untilCharge(customerId, `${customerId}-1`, 'cancelled');
    return customerId;
  }

  /** Pays; then a part goes back by hand, and the cardholder disputes the payment. */
  async function withdraws(mode: string): Promise<string> {
    const customerId = `${mode}-takes-back`;
    await stack.enrol(customerId);
    await owe(customerId);
    const { paymentIntentId } = await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
    await stack.stripe('POST', 'refunds', { payment_intent: paymentIntentId, amount: '100' });
    await stack.control('disputes', { paymentIntentId });
    if (mode === 'lose') await stack.catchUp(); // no check finds these: nothing of ours is open at Stripe
    for (const kind of ['refund', 'dispute']) await stack.untilOnRecord(customerId, kind);
    return customerId;
  }

  test.each([
    ['authenticates', authenticates],
    ['changes card', changesCard],
    ['gives up', givesUp],
    ['takes money back', withdraws],
  ] as const)('a customer who %s ends the same', async (_name, live) => {
    const ends: { mode: string; outcome: Json }[] = [];
    for (const mode of ['normal', 'lose', 'twice', 'late', 'shuffle']) {
      await stack.control('webhooks', { mode });
      ends.push({ mode, outcome: await outcomeOf(await live(mode)) });
    }
    const [usual] = ends;
    expect(usual?.outcome.truth.intents).toHaveLength(1);
    expect(ends).toEqual(ends.map(({ mode }) => ({ mode, outcome: usual?.outcome })));
  });
});
