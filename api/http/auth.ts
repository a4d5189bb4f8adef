// Lets nobody under /v1 without an API key, and nobody further than the key's scopes.
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type ApiKey, findApiKey, type Scope } from './api-keys.ts';
import { Problem, tooMany } from './problems.ts';
import { problems } from './schemas/problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must be allowed to do; every route under /v1 names one. */
    scope?: Scope;
  }
  interface FastifyRequest {
    /** Whose API key it is; nobody's outside /v1. */
    caller: Caller;
  }
}

/** Who asks, as far as an answer or the evidence depends on it. */
export interface Caller {
  /** The API key's name. */
  readonly actor: string;
  /** Only then is the customer's link shown: it opens a page on which money moves. */
  readonly mayCharge: boolean;
}

export const NOBODY: Caller = { actor: '', mayCharge: false };

/** Wrong keys from one address in a minute, after which it is answered 429. Far above any honest mistake. */
const WRONG_KEYS_PER_MINUTE = 1_000;
/**
 * Requests with one key in a minute, at one process: 500 a second, more than Stripe takes from any account. It stops a loop
 * that has run away, not a busy caller. Keys and not addresses: whole companies call from one address.
 */
export const REQUESTS_PER_KEY = 30_000;

const BEARER = /^Bearer +(?<secret>\S+)$/i;

/** Finds the key of a request. @throws Problem 401, or 429 for a key that asks too much and an address that guesses */
export type Authenticate = (request: FastifyRequest) => Promise<ApiKey>;

/** @param app needs `@fastify/rate-limit` */
export function createAuthenticate(app: FastifyInstance, keys: readonly ApiKey[]): Authenticate {
  const countWrongKey = app.createRateLimit({ max: WRONG_KEYS_PER_MINUTE, timeWindow: '1 minute' });
  const countRequest = app.createRateLimit({
    max: REQUESTS_PER_KEY,
    timeWindow: '1 minute',
    keyGenerator: (request) => request.caller.actor,
  });
  return async (request) => {
    const secret = BEARER.exec(request.headers.authorization ?? '')?.groups?.secret;
    const key = secret === undefined ? null : findApiKey(keys, secret);
    if (key !== null) {
      request.caller = { actor: key.name, mayCharge: key.scopes.has('charge') };
      const limit = await countRequest(request);
      if (!limit.isAllowed && limit.isExceeded)
        throw tooMany('Too many requests with this key; please wait.', limit.ttlInSeconds);
      return key;
    }
    const limit = await countWrongKey(request);
    if (!limit.isAllowed && limit.isExceeded)
      throw tooMany('Too many wrong keys; please wait.', limit.ttlInSeconds);
    const detail =
      secret === undefined ? 'Send an API key: authorization: Bearer <key>.' : 'This API key is not known.';
    throw new Problem(401, 'unauthorized', detail);
  };
}

/** An `onRequest` hook: the key first, then its scope; before bodies are read and before 404. */
export function requireKey(authenticate: Authenticate) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const key = await authenticate(request);
    const { scope } = request.routeOptions.config;
    if (scope !== undefined && !key.scopes.has(scope))
      throw new Problem(403, 'forbidden', `This needs a key with the scope "${scope}".`);
  };
}

/** What guarded routes share in the OpenAPI document; a documented route that forgot its scope stops the start. */
export function describeKey(route: RouteOptions): void {
  if (route.schema?.hide) return;
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
