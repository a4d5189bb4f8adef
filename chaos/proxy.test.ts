// A proxy forwards everything in order, and fails exactly as asked.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { openProxy, type TcpProxy } from './proxy.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server that echoes what it receives, and a proxy to it. */
async function echo(): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const proxy = await openProxy();
  stops.push(() => proxy.close());
  proxy.forwardTo((server.address() as AddressInfo).port);
  return proxy;
}

async function dial(
  proxy: TcpProxy,
): Promise<{ socket: Socket; received: () => string; broken: Promise<unknown> }> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  let received = '';
  socket.on('data', (piece) => {
    received += piece;
  });
  const broken = new Promise((resolve) => {
    socket.once('error', resolve);
    socket.once('close', resolve);
  });
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), broken]);
  stops.push(async () => socket.destroy());
  return { socket, received: () => received, broken };
}

test('what is frozen comes through afterwards, all of it and in order', async () => {
  const proxy = await echo();
  const { socket, received } = await dial(proxy);
  socket.write('one ');
  await expect.poll(received).toBe('one ');
  proxy.freeze(60_000);
  socket.write('two ');
  socket.write('three');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(received()).toBe('one ');
  proxy.heal();
  await expect.poll(received).toBe('one two three');
});

test('a cut breaks what is connected, and what connects until it is over', async () => {
  const proxy = await echo();
  const before = await dial(proxy);
  before.socket.write('a');
  await expect.poll(before.received).toBe('a');
  proxy.cut(60_000);
  await before.broken;
  const meanwhile = await dial(proxy);
  await meanwhile.broken;
  proxy.heal();
  const after = await dial(proxy);
  after.socket.write('b');
  await expect.poll(after.received).toBe('b');
});

test('where one port is dead the next one answers', async () => {
  const proxy = await echo();
  const { socket, received } = await dial(proxy);
  socket.write('x');
  await expect.poll(received).toBe('x');
  const other = await openProxy();
  stops.push(() => other.close());
  other.forwardTo(1, proxy.port);
  for (let turn = 0; turn < 2; turn += 1) {
    const { socket: caller, received: answer } = await dial(other);
    caller.write('y');
    await expect.poll(answer).toBe('y');
  }
});
