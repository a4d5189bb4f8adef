// A line carries everything in order, and breaks exactly as told.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type Line, openLine } from './proxy.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A server that says back what it hears, and a line to it. */
async function echo(): Promise<Line> {
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
  const line = await openLine();
  stops.push(() => line.close());
  line.lead((server.address() as AddressInfo).port);
  return line;
}

async function dial(line: Line): Promise<{ socket: Socket; heard: () => string; broken: Promise<unknown> }> {
  const socket = connect({ port: line.port, host: '127.0.0.1' });
  let heard = '';
  socket.on('data', (piece) => {
    heard += piece;
  });
  const broken = new Promise((resolve) => {
    socket.once('error', resolve);
    socket.once('close', resolve);
  });
  await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), broken]);
  stops.push(async () => socket.destroy());
  return { socket, heard: () => heard, broken };
}

test('what is frozen comes through afterwards, all of it and in order', async () => {
  const line = await echo();
  const { socket, heard } = await dial(line);
  socket.write('one ');
  await expect.poll(heard).toBe('one ');
  line.freeze(60_000);
  socket.write('two ');
  socket.write('three');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard()).toBe('one ');
  line.heal();
  await expect.poll(heard).toBe('one two three');
});

test('a cut breaks what is connected, and what connects until it is over', async () => {
  const line = await echo();
  const before = await dial(line);
  before.socket.write('a');
  await expect.poll(before.heard).toBe('a');
  line.cut(60_000);
  await before.broken;
  const meanwhile = await dial(line);
  await meanwhile.broken;
  line.heal();
  const after = await dial(line);
  after.socket.write('b');
  await expect.poll(after.heard).toBe('b');
});

test('where one port is dead the next one answers', async () => {
  const line = await echo();
  const { socket, heard } = await dial(line);
  socket.write('x');
  await expect.poll(heard).toBe('x');
  const other = await openLine();
  stops.push(() => other.close());
  other.lead(1, line.port);
  for (let turn = 0; turn < 2; turn += 1) {
    const { socket: caller, heard: answer } = await dial(other);
    caller.write('y');
    await expect.poll(answer).toBe('y');
  }
});
