// Webhooks on real sockets: signed, with whole objects, and late, twice, reordered or lost when ordered.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { enrol, intentFor, type Sandbox, SECRET, startReceiver, startSandbox } from './start.ts';

const TYPES = [
  'customer.created',
  'setup_intent.created',
  'payment_method.attached',
  'setup_intent.succeeded',
];

async function settled<T>(look: () => T, expected: T, timeout = 5000) {
  await expect.poll(look, { timeout, interval: 20 }).toEqual(expected);
}

async function withReceiver(answers?: Parameters<typeof startReceiver>[0]) {
  const receiver = await startReceiver(answers);
  const sandbox = await startSandbox({ webhookUrl: receiver.url });
  const types = () => receiver.received.map(({ event }) => event.type);
  return { receiver, sandbox, types };
}

describe('delivery', () => {
  test('events are signed, carry the whole object and the request that caused them', async () => {
    const { receiver, sandbox } = await withReceiver();
    const created = await sandbox.stripe.setupIntents.create(
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
    await expect.poll(async () => (await sandbox.stripe.events.retrieve(event.id)).pending_webhooks).toBe(0);
  });

  test('a life from card to payment tells each thing once', async () => {
    const { sandbox, types } = await withReceiver();
    const { customer, paymentMethod } = await enrol(sandbox);
    const { id } = await intentFor(sandbox, customer.id);
    await sandbox.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    await settled(
      () => types().sort(),
      [...TYPES, 'payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded'].sort(),
    );
  });

  test('a receiver that fails gets the event again, newly signed', async () => {
    let refusals = 2;
    const { receiver, sandbox } = await withReceiver(() => {
      refusals -= 1;
      return refusals >= 0 ? 503 : 204;
    });
    await sandbox.stripe.customers.create();
    await settled(() => receiver.received.length, 3, 8000);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
    expect(new Set(receiver.received.map(({ signature }) => signature)).size).toBeGreaterThan(1);
  });

  test('a redirect is a failure', async () => {
    const { receiver, sandbox } = await withReceiver(() => (receiver.received.length === 1 ? 302 : 200));
    await sandbox.stripe.customers.create();
    await settled(() => receiver.received.length, 2);
  });

  test('the URL may be set once the ports are known', async () => {
    const receiver = await startReceiver();
    const sandbox = await startSandbox();
    await sandbox.stripe.customers.create();
    sandbox.options.webhookUrl = receiver.url;
    const { id } = await sandbox.stripe.customers.create();
    await settled(
      () => receiver.received.map(({ event }) => (event.data.object as Stripe.Customer).id),
      [id],
    );
  });
});

describe('ordered misbehaviour', () => {
  async function inMode(sandbox: Sandbox, mode: string) {
    expect((await sandbox.control('/webhooks', { mode })).body).toEqual({ mode });
  }

  test('lose: nothing is sent, and events.list still has it as undelivered', async () => {
    const { receiver, sandbox } = await withReceiver();
    await inMode(sandbox, 'lose');
    const customer = await sandbox.stripe.customers.create();
    await inMode(sandbox, 'normal');
    await sandbox.stripe.customers.update(customer.id, { name: 'A' });
    await settled(() => receiver.received.map(({ event }) => event.type), ['customer.updated']);
    const missed = await sandbox.stripe.events.list({ delivery_success: false, types: ['customer.created'] });
    expect(missed.data.map(({ data }) => (data.object as Stripe.Customer).id)).toEqual([customer.id]);
  });

  test('twice: the same event id arrives two times', async () => {
    const { receiver, sandbox } = await withReceiver();
    await inMode(sandbox, 'twice');
    await sandbox.stripe.customers.create();
    await settled(() => receiver.received.length, 2);
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
  });

  test('late: it arrives seconds after', async () => {
    const { receiver, sandbox } = await withReceiver();
    await inMode(sandbox, 'late');
    const before = Date.now();
    await sandbox.stripe.customers.create();
    await settled(() => receiver.received.length, 1, 6000);
    expect(Date.now() - before).toBeGreaterThanOrEqual(2900);
  });

  test('shuffle: a moment’s events arrive in the opposite order', async () => {
    const { receiver, sandbox, types } = await withReceiver();
    await inMode(sandbox, 'shuffle');
    const customer = await sandbox.stripe.customers.create();
    await sandbox.stripe.customers.update(customer.id, { name: 'A' });
    await settled(() => receiver.received.length, 2);
    expect(types()).toEqual(['customer.updated', 'customer.created']);
  });
});

test('events are listed newest first, by type, and chronologically from a known one on', async () => {
  const sandbox = await startSandbox();
  await enrol(sandbox);
  const all = await sandbox.stripe.events.list({ limit: 100 });
  expect(all.data.map(({ type }) => type)).toEqual([...TYPES].reverse());
  const intents = await sandbox.stripe.events.list({
    types: ['setup_intent.succeeded', 'setup_intent.created'],
  });
  expect(intents.data.map(({ type }) => type)).toEqual(['setup_intent.succeeded', 'setup_intent.created']);
  const oldest = String(all.data.at(-1)?.id);
  const since: string[] = [];
  for await (const event of sandbox.stripe.events.list({ ending_before: oldest, limit: 1 }))
    since.push(event.type);
  expect(since).toEqual(TYPES.slice(1));
});
