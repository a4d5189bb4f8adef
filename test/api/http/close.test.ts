// How the api's server ends: over real sockets, for connections are what it is about.
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeWithoutWaiting } from '../../../api/http/close.ts';

let app: FastifyInstance;
let socket: Socket;
let answers: (() => void)[];
/** All the server has written so far. */
let received: string;

beforeEach(async () => {
  app = Fastify() as unknown as FastifyInstance;
  app.server.keepAliveTimeout = 0; // nothing ends by itself
  closeWithoutWaiting(app, 200);
  app.post('/upload', async () => 'whole');
  app.get('/quick', async () => 'at once');
  answers = [];
  app.get('/slow', () => new Promise((resolve) => answers.push(() => resolve('late, but whole'))));
  await app.listen({ host: '127.0.0.1', port: 0 });
  socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  received = '';
  socket.on('data', (bytes) => (received += bytes));
  await once(socket, 'connect');
  await expect.poll(connections).toBe(1);
});
afterEach(async () => {
  socket.destroy();
  await app.close();
});

const connections = () => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
const requestFor = (path: string) => `GET ${path} HTTP/1.1\r\nhost: api\r\n\r\n`;
const isOpen = (closing: Promise<unknown>) => Promise.race([closing.then(() => false), pause(200, true)]);

test('a connection that nobody has used yet does not hold it', async () => {
  await app.close();
});

test('neither does one that rests between requests', async () => {
  socket.write(requestFor('/quick'));
  await expect.poll(() => received).toContain('at once');
  await app.close();
});

test('a request under way is answered whole first, and its connection ends with it', async () => {
  socket.write(requestFor('/slow'));
  await expect.poll(() => answers).toHaveLength(1);
  const closing = app.close();
  expect(await isOpen(closing)).toBe(true);
  answers[0]?.();
  await closing;
  await expect.poll(() => received).toContain('late, but whole');
});

test('of two requests on one connection the second is answered as well', async () => {
  socket.write(requestFor('/slow') + requestFor('/slow'));
  await expect.poll(() => answers).toHaveLength(2);
  answers[0]?.();
  await expect.poll(() => received).toContain('late, but whole');
  const closing = app.close();
  expect(await isOpen(closing)).toBe(true);
  answers[1]?.();
  await closing;
  await expect.poll(() => received.split('late, but whole')).toHaveLength(3);
});

test('who hangs up before the answer holds up nothing', async () => {
  socket.write(requestFor('/slow'));
  await expect.poll(() => answers).toHaveLength(1);
  socket.destroy();
  await expect.poll(connections).toBe(0);
  await app.close();
});

test('a body that does not arrive is not waited for', async () => {
  socket.write(
    'POST /upload HTTP/1.1\r\nhost: api\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nhalf',
  );
  await pause(100);
  await app.close();
});
