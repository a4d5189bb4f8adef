// A TCP proxy on loopback whose connections can be cut, frozen and slowed.
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Forwards each connection to the first of these ports that answers, starting with the next one each time. */
  forwardTo(...ports: number[]): void;
  /** Resets every connection, and refuses new ones for `ms`. */
  cut(ms: number): void;
  /** Holds everything back for `ms`; then lets it through in order. */
  freeze(ms: number): void;
  /** For `ms`, delays each chunk by `delayMs`. */
  slow(ms: number, delayMs: number): void;
  /** Ends whatever fault is active. */
  heal(): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Opens a proxy that forwards to nowhere yet. */
export async function openProxy(): Promise<TcpProxy> {
  let ports: readonly number[] = [];
  let connections = 0;
  let fault: { readonly kind: 'cut' | 'frozen' | 'slow'; readonly delayMs: number } | null = null;
  let healTimer: NodeJS.Timeout | undefined;
  const changes = new EventEmitter().setMaxListeners(0);
  const sockets = new Set<Socket>();

  const heal = () => {
    clearTimeout(healTimer);
    fault = null;
    changes.emit('healed');
  };
  const change = (ms: number, next: typeof fault) => {
    heal();
    fault = next;
    healTimer = setTimeout(heal, ms);
  };
  const breakAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  async function carry(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) {
        while (fault?.kind === 'frozen') await once(changes, 'healed');
        if (fault?.kind === 'slow') await pause(fault.delayMs);
        if (!to.write(chunk)) await once(to, 'drain');
      }
      to.end();
    } catch {
      from.destroy(); // when one end is gone, the other is closed too
      to.destroy();
    }
  }

  async function serve(client: Socket): Promise<void> {
    track(client);
    if (fault?.kind === 'cut') return void client.resetAndDestroy();
    connections += 1;
    for (let tried = 0; tried < ports.length; tried += 1) {
      const port = ports[(connections + tried) % ports.length] ?? 0;
      const server = track(connect({ host: HOST, port, noDelay: true }));
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

  function track(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => {}); // connections are broken on purpose
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => void serve(client));
  server.listen(0, HOST);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    forwardTo: (...next) => {
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
