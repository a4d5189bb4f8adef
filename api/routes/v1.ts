// Everything under /v1: a key and a scope before anything else, then the routes. It handles nothing itself.
import type { FastifyPluginAsync, RouteOptions } from 'fastify';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Links } from '../../links/links.ts';
import { type Authenticate, requireKey } from '../http/auth.ts';
import { answerNotFound } from '../http/problems.ts';
import { problems } from '../http/schemas.ts';
import type { Charging } from '../services/charges.ts';
import type { Reading } from '../services/customers.ts';
import type { Enrolling } from '../services/enrolments.ts';
import type { Lifecycle } from '../services/lifecycle.ts';
import { chargeRoutes } from './charges.ts';
import { customerRoutes } from './customers.ts';

export interface V1 {
  readonly authenticate: Authenticate;
  readonly ledger: Ledger;
  readonly links: Links;
  readonly reading: Reading;
  readonly enrolling: Enrolling;
  readonly charging: Charging;
  readonly lifecycle: Lifecycle;
}

export const v1Routes: FastifyPluginAsync<V1> = async (app, deps) => {
  app.addHook('onRequest', requireKey(deps.authenticate));
  app.addHook('onRoute', describeKey);
  // Answers hold links and secrets.
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  app.setNotFoundHandler(answerNotFound);
  // These options carry the prefix of this plugin; handed on as they are, it would be added again.
  const inside = { ...deps, prefix: '' };
  await app.register(customerRoutes, inside);
  await app.register(chargeRoutes, inside);
};

/** What all routes here share in the OpenAPI document; a route that forgot its scope stops the start. */
export function describeKey(route: RouteOptions): void {
  const scope = route.config?.scope;
  if (scope === undefined) throw new Error(`${route.method} ${route.url} names no scope`);
  const isRead = route.method === 'GET' || route.method === 'HEAD';
  route.schema = {
    ...route.schema,
    security: [{ apiKey: [] }],
    description: `Needs a key with the scope \`${scope}\`.`,
    response: {
      ...problems(400, 401, 403, 429, 503),
      ...(isRead ? {} : problems(413, 415)),
      ...(route.schema?.response as object),
    },
  };
}
