// Lets a server that closes end at once: it waits for requests under way, and for nothing else. It answers nothing.
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Node waits for every connection that has not sent its first request yet, for ever: browsers keep such ones in reserve,
 * and load balancers look in with them. From `close()` on, each connection without a request under way is ended.
 */
export function closeWithoutWaiting(app: FastifyInstance): void {
  const resting = new Set<Socket>();
  let isClosing = false;
  const rest = (socket: Socket) => (isClosing ? socket.destroySoon() : resting.add(socket));
  app.server.on('connection', (socket) => {
    rest(socket);
    socket.once('close', () => resting.delete(socket));
  });
  app.server.on('request', ({ socket }, response) => {
    resting.delete(socket);
    response.once('close', () => rest(socket));
  });
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const socket of resting) socket.destroy();
  });
}
