// What routes that carry out a person's wish share: a body that may be missing, and who asked.
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { Asked } from '../../domain/events.ts';
import type { Action } from '../schemas.ts';

/** A `preValidation` hook: an action without a body is an action without a `why`. `null` is a body, and a wrong one. */
export async function allowNoBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

export function byOf(who: string, { why }: Static<typeof Action>): Asked {
  return { who, ...(why !== undefined && { why }) };
}
