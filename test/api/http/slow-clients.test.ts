// Clients that send slowly, or open connections and send nothing: over real sockets, for time is what it is about.
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
}, STARTING);
afterAll(() => api.close());

async function open() {
  const socket = connect((api.app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  const received: Buffer[] = [];
  socket.on('data', (bytes) => received.push(bytes));
  await once(socket, 'connect');
  return { socket, ended: once(socket, 'close'), received: () => Buffer.concat(received).toString() };
}

test('headers, bodies, idle connections and their number are limited', () => {
  const { headersTimeout, requestTimeout, timeout, maxConnections } = api.app.server;
  for (const limit of [headersTimeout, requestTimeout, timeout, maxConnections])
    expect(limit).toBeGreaterThan(0);
  expect(headersTimeout).toBeLessThanOrEqual(requestTimeout);
  expect(timeout).toBeGreaterThan(60_000);
});

test('headers that never end are answered 408, and the connection is closed', async () => {
  api.app.server.headersTimeout = 200;
  const { socket, ended, received } = await open();
  socket.write('POST /v1/customers HTTP/1.1\r\nhost: api\r\nx-slow: ');
  await ended;
  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
  expect(received()).toContain('"code":"request_timeout"');
});

test('so is a body that never ends', async () => {
  api.app.server.headersTimeout = 200;
  api.app.server.requestTimeout = 200;
  const { socket, ended, received } = await open();
  socket.write(
    'POST /webhooks/stripe HTTP/1.1\r\nhost: api\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
  );
  await ended;
  expect(received()).toMatch(/^HTTP\/1\.1 408 /);
});

test('a connection too many is not taken', async () => {
  const { maxConnections } = api.app.server;
  api.app.server.maxConnections = 1;
  const first = await open();
  const second = await open();
  await second.ended;
  first.socket.destroy();
  api.app.server.maxConnections = maxConnections;
});

test('a connection that asks on and reads no answer is ended, and makes little work', async () => {
  const { socket, ended, received } = await open();
  socket.pause();
  socket.write('GET /openapi.json HTTP/1.1\r\nhost: api\r\n\r\n'.repeat(1_500));
  const connections = () =>
    new Promise((resolve) => api.app.server.getConnections((_error, count) => resolve(count)));
  await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 5_000 });
  socket.resume();
  await ended;
  expect(received().match(/HTTP\/1\.1 200/g) ?? []).toHaveLength(0);
});

test('when too many bodies are on their way, the slowest is ended, and one that is whole is taken', async () => {
  Object.assign(api.app.server, { headersTimeout: 10_000, requestTimeout: 30_000 });
  const bodies: Awaited<ReturnType<typeof open>>[] = [];
  for (let count = 0; count < 64; count++) {
    const body = await open();
    body.socket.write(
      'POST /webhooks/stripe HTTP/1.1\r\nhost: api\r\nstripe-signature: t=1,v1=a\r\ncontent-length: 100\r\n\r\n{',
    );
    bodies.push(body);
  }
  onTestFinished(() => {
    for (const { socket } of bodies) socket.destroy();
  });
  const { status } = await fetch(
    `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}/webhooks/stripe`,
    { method: 'POST', body: '{}' },
  );
  expect(status).toBe(400);
  await bodies[0]?.ended;
  expect(bodies.filter(({ socket }) => socket.destroyed)).toHaveLength(1);
});
