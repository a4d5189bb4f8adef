// A body that may be missing.
import type { FastifyRequest } from 'fastify';

/** A `preValidation` hook: no body is an empty one. `null` is a body, and a wrong one. */
export async function allowNoBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}
