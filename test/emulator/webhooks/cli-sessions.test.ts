// What `stripe listen` (1.52) is given: a session, a websocket, and every event as it would be sent.
import { once } from 'node:events';
import Stripe from 'stripe';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Emulator, SECRET, startEmulator } from '../start.ts';

interface Message {
  readonly type: string;
  readonly event_payload: string;
  readonly http_headers: Readonly<Record<string, string>>;
  readonly webhook_id: string;
  readonly webhook_conversation_id: string;
}

function askForSession({ url }: Emulator, key = 'sk_test_cli'): Promise<Response> {
  return fetch(`${url}/v1/stripecli/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: new URLSearchParams({ device_name: 'laptop', 'websocket_features[]': 'webhooks' }),
  });
}

async function listen(emulator: Emulator) {
  const session = (await (await askForSession(emulator)).json()) as Record<string, string>;
  const address = `${session.websocket_url}?websocket_feature=${session.websocket_authorized_feature}`;
  const socket = new WebSocket(address, 'stripecli-devproxy-v1');
  onTestFinished(() => socket.terminate());
  const messages: Message[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  await once(socket, 'open');
  return { session, socket, messages };
}

test('a session names the secret, the version and where the websocket is', async () => {
  const emulator = await startEmulator();
  const { session, socket } = await listen(emulator);
  expect(session).toMatchObject({ secret: SECRET, default_version: '2026-10-28.endive' });
  expect(session.websocket_url).toContain(emulator.url.replace('http:', 'ws:'));
  expect(socket.protocol).toBe('stripecli-devproxy-v1');
});

test('every event arrives once with a signature that holds, whoever listens', async () => {
  const emulator = await startEmulator();
  const listeners = [await listen(emulator), await listen(emulator)];
  const customer = await emulator.stripe.customers.create();
  await emulator.stripe.customers.update(customer.id, { name: 'Ada' });
  for (const { messages } of listeners) {
    await expect.poll(() => messages.length).toBe(2);
    const types = messages.map(({ event_payload, http_headers }) => {
      const signature = String(http_headers['stripe-signature']);
      return Stripe.webhooks.constructEvent(event_payload, signature, SECRET).type;
    });
    expect(types).toEqual(['customer.created', 'customer.updated']);
    expect(messages[0]).toMatchObject({
      type: 'webhook_event',
      webhook_id: expect.stringMatching(/^wh_/),
      webhook_conversation_id: expect.stringMatching(/^wc_/),
    });
  }
});

test('what is to be lost is lost here, too', async () => {
  const emulator = await startEmulator();
  const { messages } = await listen(emulator);
  await emulator.control('/webhooks', { mode: 'lose' });
  await emulator.stripe.customers.create();
  await emulator.control('/webhooks', { mode: 'normal' });
  const { id } = await emulator.stripe.customers.create();
  await expect
    .poll(() => messages.map(({ event_payload }) => JSON.parse(event_payload).data.object.id))
    .toEqual([id]);
});

test('nobody gets in without a test key, or without a session', async () => {
  const emulator = await startEmulator();
  expect((await askForSession(emulator, 'sk_live_1')).status).toBe(401);
  const socket = new WebSocket(`${emulator.url.replace('http:', 'ws:')}/stripecli/subscribe/cliws_guessed`);
  const [error] = await once(socket, 'error').catch((reason: unknown) => [reason]);
  expect(String(error)).toContain('404');
});

test('a CLI that is killed harms nobody, and closing waits for none', async () => {
  const emulator = await startEmulator();
  const { socket } = await listen(emulator);
  const other = await listen(emulator);
  socket.terminate();
  await emulator.stripe.customers.create();
  await expect.poll(() => other.messages.length).toBe(1);
  await emulator.close();
  if (other.socket.readyState !== WebSocket.CLOSED) await once(other.socket, 'close');
});
