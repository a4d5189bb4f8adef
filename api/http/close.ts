// Lets a server close without waiting for anything but the requests under way.
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Milliseconds; no answer takes so long. What is still open then, such as an upload that has stalled, is ended. */
const LONGEST_CLOSE = 45_000;

/**
 * Node waits for ever for connections that have not sent their first request yet: browsers keep such ones in reserve,
 * and load balancers open them to check health. From `close()` on, each connection without a request under way is ended.
 */
export function closeWithoutWaiting(app: FastifyInstance): void {
  const underWay = new Map<Socket, number>();
  let isClosing = false;
  app.server.on('connection', (socket) => {
    if (isClosing) return socket.destroy();
    underWay.set(socket, 0);
    return socket.once('close', () => underWay.delete(socket));
  });
  app.server.on('request', ({ socket }, response) => {
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const requests = underWay.get(socket);
      if (requests === undefined) return; // the caller has hung up
      underWay.set(socket, requests - 1);
      if (isClosing && requests === 1) socket.destroySoon();
    });
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const [socket, requests] of underWay) if (requests === 0) socket.destroy();
    setTimeout(() => app.server.closeAllConnections(), LONGEST_CLOSE).unref();
  });
}
