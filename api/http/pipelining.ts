// Ends connections that ask faster than they take the answers: every answer that nobody reads is kept in memory.
import type { FastifyInstance } from 'fastify';

/** Requests of one connection that may wait for their answers; browsers and clients send one after the other. */
const MOST_PIPELINED = 8;

/** To be called before any other hook is added: what is refused here is not worked on. */
export function refusePipelining(app: FastifyInstance): void {
  const unanswered = new WeakMap<object, number>();
  app.addHook('onRequest', async ({ raw: { socket } }, reply) => {
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    reply.raw.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (count <= MOST_PIPELINED) return;
    reply.hijack();
    socket.destroy();
  });
}
