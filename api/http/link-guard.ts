// Lets nobody at a page's requests without its link, and nobody ask more of one link than a page does.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EnrolLink, StepUpLink } from '../../links/links.ts';
import { tooMany } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the link of a page's request is for; null elsewhere. */
    link: EnrolLink | StepUpLink | null;
  }
}

/**
 * For one link in a minute, whoever uses it and from wherever: a page asks for its status every second, may be open
 * twice, and asks for a session with each try. A session and `done` make us ask Stripe.
 */
export const REQUESTS_PER_LINK = { status: 300, session: 20, done: 20 } as const;

/** An `onRequest` hook, so that it comes before the body is read. */
export type GuardLink = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * @param app needs `@fastify/rate-limit`
 * @param open throws for a token that opens nothing
 */
export function createLinkGuard(
  app: FastifyInstance,
  purpose: string,
  open: (token: string) => Promise<EnrolLink | StepUpLink>,
): { readonly [Request in keyof typeof REQUESTS_PER_LINK]: GuardLink } {
  const guard = (max: number): GuardLink => {
    const count = app.createRateLimit({
      max,
      timeWindow: '1 minute',
      keyGenerator: ({ link }) => JSON.stringify([purpose, link]),
    });
    return async (request) => {
      request.link = await open((request.params as { readonly token: string }).token);
      const limit = await count(request);
      if (!limit.isAllowed && limit.isExceeded)
        throw tooMany('Too many requests with this link; please wait a moment.', limit.ttlInSeconds);
    };
  };
  const { status, session, done } = REQUESTS_PER_LINK;
  return { status: guard(status), session: guard(session), done: guard(done) };
}
