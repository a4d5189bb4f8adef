// How the api's server ends: over real sockets, for connections are what it is about.
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeWithoutWaiting } from '../../api/closing.ts';

let app: FastifyInstance;
let socket: Socket;
let answer: () => void;
/** All the server has written so far. */
let heard: string;

beforeEach(async () => {
  app = Fastify() as unknown as FastifyInstance;
  closeWithoutWaiting(app);
  app.get('/quick', async () => 'at once');
  app.get('/slow', () => new Promise((resolve) => (answer = () => resolve('late, but whole'))));
  await app.listen({ host: '127.0.0.1', port: 0 });
  socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  heard = '';
  socket.on('data', (bytes) => (heard += bytes));
  await once(socket, 'connect');
  await expect.poll(connections).toBe(1);
});
afterEach(async () => {
  socket.destroy();
  await app.close();
});

const connections = () => new Promise((resolve) => app.server.getConnections((_, count) => resolve(count)));
const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nhost: api\r\n\r\n`);
const isOpen = (closing: Promise<unknown>) => Promise.race([closing.then(() => false), pause(200, true)]);

test('a connection that nobody has used yet does not hold it', async () => {
  await app.close();
});

test('neither does one that rests between requests', async () => {
  ask('/quick');
  await expect.poll(() => heard).toContain('at once');
  await app.close();
});

test('a request under way is answered whole first, and its connection ends with it', async () => {
  ask('/slow');
  await expect.poll(() => answer).toBeDefined();
  const closing = app.close();
  expect(await isOpen(closing)).toBe(true);
  answer();
  await closing;
  await expect.poll(() => heard).toContain('late, but whole');
});
