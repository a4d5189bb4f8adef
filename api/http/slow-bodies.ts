// Keeps the memory that bodies on their way may take within a bound, where anybody may send one.
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bodies on their way at once; Stripe's arrive within moments. */
const MOST_AT_ONCE = 64;

/**
 * An `onRequest` hook for a route that reads bodies before it knows who sends them. When one too many is on its way, the
 * one that has been longest is ended: whoever sends slowly on purpose, and hardly ever Stripe, which sends again.
 */
export function endSlowestBody(mostAtOnce = MOST_AT_ONCE) {
  const onTheirWay = new Set<FastifyRequest['raw']>();
  return async ({ raw }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    for (const each of onTheirWay) if (each.complete || each.destroyed) onTheirWay.delete(each);
    const [slowest] = onTheirWay;
    if (slowest !== undefined && onTheirWay.size >= mostAtOnce) slowest.destroy();
    onTheirWay.add(raw);
    reply.raw.once('close', () => onTheirWay.delete(raw));
  };
}
