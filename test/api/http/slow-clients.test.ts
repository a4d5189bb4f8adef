// Clients that send slowly, or open connections and send nothing: over real sockets, for time is what it is about.
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
