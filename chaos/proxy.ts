// A TCP connection that can be cut, frozen and slowed: a small proxy on loopback. It never looks at what it carries.
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Line {
  readonly port: number;
  /** Where connections lead: the first of these ports that answers, beginning with another one each time. */
  lead(...ports: number[]): void;
  /** Breaks every connection, and every new one for so long. */
  cut(ms: number): void;
  /** Lets nothing through for so long; then all of it, in order. */
  freeze(ms: number): void;
  /** Delays each piece for so long. */
  slow(ms: number, delayMs: number): void;
  /** All is well from now on. */
  heal(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Opens a line that leads nowhere yet. */
export async function openLine(): Promise<Line> {
  let ports: readonly number[] = [];
  let turn = 0;
  let weather: { readonly kind: 'cut' | 'frozen' | 'slow'; readonly delayMs: number } | null = null;
  let ends: NodeJS.Timeout | undefined;
  const changes = new EventEmitter().setMaxListeners(0);
  const sockets = new Set<Socket>();

  const heal = () => {
    clearTimeout(ends);
    weather = null;
    changes.emit('healed');
  };
  const change = (ms: number, next: typeof weather) => {
    heal();
    weather = next;
    ends = setTimeout(heal, ms);
  };
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  async function carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const piece of from) {
        while (weather?.kind === 'frozen') await once(changes, 'healed');
        if (weather?.kind === 'slow') await pause(weather.delayMs);
        if (!to.write(piece)) await once(to, 'drain');
      }
      to.end();
    } catch {
      from.destroy(); // one end has gone, and so the other one goes
      to.destroy();
    }
  }

  async function serve(client: Socket): Promise<void> {
    keep(client);
    if (weather?.kind === 'cut') return void client.resetAndDestroy();
    turn += 1;
    for (let tried = 0; tried < ports.length; tried += 1) {
      const port = ports[(turn + tried) % ports.length] ?? 0;
      const server = keep(connect({ host: HOST, port, noDelay: true }));
      const isOpen = await once(server, 'connect').then(
        () => true,
        () => false,
      );
      if (!isOpen) continue;
      await Promise.all([carry(client, server), carry(server, client)]);
      return;
    }
    client.resetAndDestroy();
  }

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => {}); // broken on purpose
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => void serve(client));
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lead: (...next) => {
      ports = next;
    },
    cut: (ms) => {
      change(ms, { kind: 'cut', delayMs: 0 });
      breakAll();
    },
    freeze: (ms) => change(ms, { kind: 'frozen', delayMs: 0 }),
    slow: (ms, delayMs) => change(ms, { kind: 'slow', delayMs }),
    heal,
    close: async () => {
      heal();
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
