// What routes that carry out a person's wish share: a body that may be missing, and who asked.
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Attribution } from '../../domain/model/events.ts';
import type { Action } from '../http/schemas.ts';

/** A `preValidation` hook: an action without a body is an action without a `why`. `null` is a body, and a wrong one. */
export async function allowNoBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

export function byOf(actor: string, { reason }: Static<typeof Action>): Attribution {
  return { actor, ...(reason !== undefined && { reason }) };
}
