// Webhooks on real sockets: signed, with whole objects, and late, twice, reordered or lost when ordered.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type Emulator, enrol, intentFor, SECRET, startEmulator, startReceiver } from '../start.ts';

const TYPES = [
  'customer.created',
  'setup_intent.created',
  'payment_method.attached',
  'setup_intent.succeeded',
];

async function settled<T>(read: () => T, expected: T, timeout = 5000) {
  await expect.poll(read, { timeout, interval: 20 }).toEqual(expected);
}

async function withReceiver(answers?: Parameters<typeof startReceiver>[0]) {
  const receiver = await startReceiver(answers);
  const emulator = await startEmulator({ webhookUrl: receiver.url });
  const types = () => receiver.received.map(({ event }) => event.type);
  return { receiver, emulator, types };
}

describe('delivery', () => {
  test('events are signed, carry the whole object and the request that caused them', async () => {
    const { receiver, emulator } = await withReceiver();
    const created = await emulator.stripe.setupIntents.create(
      { allowed_payment_method_types: ['card'], metadata: { customerId: 'c-1' } },
      { idempotencyKey: 'key-1' },
    );
    await settled(() => receiver.received.length, 1);
    const [delivery] = receiver.received;
    const event = Stripe.webhooks.constructEvent(String(delivery?.body), String(delivery?.signature), SECRET);
    expect(event).toMatchObject({
      type: 'setup_intent.created',
      api_version: '2026-10-28.endive',
      livemode: false,
      request: { id: created.lastResponse.requestId, idempotency_key: 'key-1' },
      data: {
        object: { id: created.id, client_secret: created.client_secret, metadata: { customerId: 'c-1' } },
      },
    });
    expect(() =>
      Stripe.webhooks.constructEvent(String(delivery?.body), String(delivery?.signature), 'whsec_other'),
    ).toThrow(/signature/i);
    await expect.poll(async () => (await emulator.stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
  });

  test('from card to payment each thing is one event', async () => {
    const { emulator, types } = await withReceiver();
    const { customer, paymentMethod } = await enrol(emulator);
    const { id } = await intentFor(emulator, customer.id);
    await emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    await settled(
      () => types().sort(),
      [...TYPES, 'payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded'].sort(),
    );
  });

  test('a receiver that fails gets the event again, newly signed', async () => {
    let refusals = 2;
    const { receiver, emulator } = await withReceiver(() => {
      refusals -= 1;
      return refusals >= 0 ? 503 : 204;
    });
    await emulator.stripe.customers.create();
    await settled(() => receiver.received.length, 3, 8000);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
    expect(new Set(receiver.received.map(({ signature }) => signature)).size).toBeGreaterThan(1);
  });

  test('a redirect is a failure', async () => {
    const { receiver, emulator } = await withReceiver(() => (receiver.received.length === 1 ? 302 : 200));
    await emulator.stripe.customers.create();
    await settled(() => receiver.received.length, 2);
  });

  test('the URL may be set once the ports are known', async () => {
    const receiver = await startReceiver();
    const emulator = await startEmulator();
    await emulator.stripe.customers.create();
    emulator.options.webhookUrl = receiver.url;
    const { id } = await emulator.stripe.customers.create();
    await settled(
      () => receiver.received.map(({ event }) => (event.data.object as Stripe.Customer).id),
      [id],
    );
  });
});

describe('ordered misbehaviour', () => {
  async function inMode(emulator: Emulator, mode: string) {
    expect((await emulator.control('/webhooks', { mode })).body).toEqual({ mode });
  }

  test('lose: nothing is sent, and events.list still has it as undelivered', async () => {
    const { receiver, emulator } = await withReceiver();
    await inMode(emulator, 'lose');
    const customer = await emulator.stripe.customers.create();
    await inMode(emulator, 'normal');
    await emulator.stripe.customers.update(customer.id, { name: 'A' });
    await settled(() => receiver.received.map(({ event }) => event.type), ['customer.updated']);
    const missed = await emulator.stripe.events.list({
      delivery_success: false,
      types: ['customer.created'],
    });
    expect(missed.data.map(({ data }) => (data.object as Stripe.Customer).id)).toEqual([customer.id]);
  });

  test('twice: the same event id arrives two times', async () => {
    const { receiver, emulator } = await withReceiver();
    await inMode(emulator, 'twice');
    await emulator.stripe.customers.create();
    await settled(() => receiver.received.length, 2);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
  });

  test('late: it arrives seconds after', async () => {
    const { receiver, emulator } = await withReceiver();
    await inMode(emulator, 'late');
    const before = Date.now();
    await emulator.stripe.customers.create();
    await settled(() => receiver.received.length, 1, 6000);
    expect(Date.now() - before).toBeGreaterThanOrEqual(2900);
  });

  test('shuffle: a moment’s events arrive in the opposite order', async () => {
    const { receiver, emulator, types } = await withReceiver();
    await inMode(emulator, 'shuffle');
    const customer = await emulator.stripe.customers.create();
    await emulator.stripe.customers.update(customer.id, { name: 'A' });
    await settled(() => receiver.received.length, 2);
    expect(types()).toEqual(['customer.updated', 'customer.created']);
  });
});

test('events are listed newest first, by type, and chronologically from a known one on', async () => {
  const emulator = await startEmulator();
  await enrol(emulator);
  const all = await emulator.stripe.events.list({ limit: 100 });
  expect(all.data.map(({ type }) => type)).toEqual([...TYPES].reverse());
  const intents = await emulator.stripe.events.list({
    types: ['setup_intent.succeeded', 'setup_intent.created'],
  });
  expect(intents.data.map(({ type }) => type)).toEqual(['setup_intent.succeeded', 'setup_intent.created']);
  const oldest = String(all.data.at(-1)?.id);
  const since: string[] = [];
  for await (const event of emulator.stripe.events.list({ ending_before: oldest, limit: 1 }))
    since.push(event.type);
  expect(since).toEqual(TYPES.slice(1));
});
