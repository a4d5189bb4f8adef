// Lets a server close without waiting for anything but the answers to requests that have arrived.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Milliseconds; no answer takes so long. What is still open then is ended. */
const LONGEST_CLOSE = 45_000;
/** Milliseconds for the rest of a request whose body is still on its way. */
const LONGEST_ARRIVAL = 5_000;

/**
 * Node waits for ever for connections that have not sent their first request yet: browsers keep such ones in reserve,
 * and load balancers open them to check health. From `close()` on, each connection without a request under way is ended.
 */
export function closeWithoutWaiting(app: FastifyInstance, longestArrivalMs = LONGEST_ARRIVAL): void {
  const underWay = new Map<Socket, Set<IncomingMessage>>();
  let isClosing = false;
  app.server.on('connection', (socket) => {
    if (isClosing) return socket.destroy();
    underWay.set(socket, new Set());
    return socket.once('close', () => underWay.delete(socket));
  });
  app.server.on('request', (request, response) => {
    const { socket } = request;
    const requests = underWay.get(socket);
    requests?.add(request);
    response.once('close', () => {
      requests?.delete(request);
      if (isClosing && requests?.size === 0) socket.destroySoon();
    });
  });
  const endWhere = (isToEnd: (requests: ReadonlySet<IncomingMessage>) => boolean) => {
    for (const [socket, requests] of underWay) if (isToEnd(requests)) socket.destroy();
  };
  app.addHook('preClose', async () => {
    isClosing = true;
    endWhere((requests) => requests.size === 0);
    setTimeout(
      () => endWhere((requests) => [...requests].some(({ complete }) => !complete)),
      longestArrivalMs,
    ).unref();
    setTimeout(() => app.server.closeAllConnections(), LONGEST_CLOSE).unref();
  });
}
