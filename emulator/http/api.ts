// The `/v1` API: from an HTTP request to a route and back, through keys, faults and idempotency.
// What an object is or does, it does not know.
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { faultFor, strike } from '../control/faults.ts';
import { errorFor } from '../objects/intents.ts';
import { newId } from '../store/ids.ts';
import type { FaultRecord } from '../store/records.ts';
import { API_VERSION, type Call, type World } from '../store/world.ts';
import { keyOf } from './authorization.ts';
import { StripeProblem, unauthorized } from './errors.ts';
import { checkExpand, expanded } from './expand.ts';
import { fingerprint, type IdempotencyKeys } from './idempotency.ts';
import type { LateRequests } from './late-requests.ts';
import { asRecord, parseForm, texts } from './params.ts';
import type { Route } from './route.ts';

/** How long a POST is on its way through Stripe and the bank: long enough for a second use of its key to collide. */
const UNDERWAY_MS = 20;

export interface ApiOptions {
  readonly world: World;
  readonly keys: IdempotencyKeys;
  readonly late: LateRequests;
  readonly routes: readonly Route[];
  readonly originOf: (request: FastifyRequest) => string;
  /** Keeps what has changed and begins to tell of it. */
  readonly commit: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Whether the request had begun to act, so that the answer is kept under its key. */
  readonly executed: boolean;
}

const RATE_LIMITED = new StripeProblem(429, {
  type: 'invalid_request_error',
  code: 'rate_limit',
  message: 'Request rate limit exceeded.',
});
const IN_USE = new StripeProblem(409, {
  type: 'idempotency_error',
  code: 'idempotency_key_in_use',
  message: 'There is currently another in-progress request using this Idempotency Key.',
});
const BROKEN = new StripeProblem(
  500,
  { type: 'api_error', message: 'An unexpected error has occurred in the emulator.' },
  true,
);

export const api: FastifyPluginAsync<ApiOptions> = async (app, options) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, parseForm(String(body))),
  );
  // A browser calls from the page's own origin.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*');
    reply.header('access-control-expose-headers', 'Request-Id, Stripe-Version');
  });
  app.options('/*', async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'Authorization, Content-Type, Idempotency-Key, Stripe-Version')
      .header('access-control-max-age', '600')
      .send(),
  );
  app.setErrorHandler(async (error, _request, reply) => {
    const known = error as { statusCode?: number; message: string };
    const status = known.statusCode ?? 500;
    if (status >= 500) app.log.error(error);
    const problem = new StripeProblem(status, {
      type: status >= 500 ? 'api_error' : 'invalid_request_error',
      message: known.message,
    });
    return send(reply, newId('req'), answerOf(problem));
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = pathOf(request);
    const problem = new StripeProblem(404, {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${request.method}: ${path}).`,
    });
    return send(reply, newId('req'), answerOf(problem));
  });
  for (const route of options.routes) {
    app.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      handler: (request, reply) => serve(options, route, request, reply),
    });
  }
};

/** One request on its way through. */
interface Passage {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly requestId: string;
  readonly path: string;
  readonly params: unknown;
  readonly key: string | null;
  /** What has been ordered for its carrying out, if anything: a 500, or to be late. */
  readonly inside: FaultRecord | null;
}

async function serve(options: ApiOptions, route: Route, request: FastifyRequest, reply: FastifyReply) {
  const { world, keys, commit } = options;
  const path = pathOf(request);
  const params = request.method === 'POST' ? (request.body ?? {}) : request.query;
  const fault = faultFor(world, request.method, path, params);
  const inside = fault?.kind === '500' || fault?.kind === 'late' ? fault : null;
  const passage: Passage = {
    route,
    request,
    requestId: newId('req'),
    path,
    params,
    key: request.method === 'POST' ? headerOf(request, 'idempotency-key') : null,
    inside,
  };
  // A lost answer and a refusal at the door meet every request, also a replay; a 500 and a delay only one that is
  // carried out: who repeats a late one is told that its key is in use.
  const outside = inside ? null : fault;
  if (outside) strike(world, outside);
  if (outside?.when === 'before') {
    await commit();
    return failAs(outside, reply, passage.requestId);
  }
  const claim = admit(options, passage);
  const { answer, headers } = claim.claimed ? await carryOut(options, passage) : claim;
  try {
    await commit();
  } finally {
    if (claim.claimed && passage.key !== null) keys.release(passage.key);
  }
  if (outside) return failAs(outside, reply, passage.requestId);
  return send(reply, passage.requestId, answer, headers);
}

type Outcome = { readonly answer: Answer; readonly headers: Record<string, string> };

/** Whether the request may be carried out; if not, what it is answered instead. */
function admit({ keys }: ApiOptions, passage: Passage): { claimed: true } | ({ claimed: false } & Outcome) {
  const { request, key, path, params } = passage;
  try {
    const { publishable } = keyOf(request);
    if (publishable && !passage.route.publishable) {
      throw unauthorized(
        'This API call cannot be made with a publishable API key. Please use a secret API key.',
        'secret_key_required',
      );
    }
    const stored = key === null ? null : keys.claim(key, fingerprint(request.method, path, params));
    if (!stored) return { claimed: true };
    return {
      claimed: false,
      answer: { status: stored.status, body: stored.body, executed: false },
      headers: {
        'idempotency-key': String(key),
        'idempotent-replayed': 'true',
        'original-request': stored.requestId,
      },
    };
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error;
    return { claimed: false, answer: answerOf(error), headers: {} };
  }
}

/** Acts, and keeps the answer under its key if the acting had begun. */
async function carryOut(options: ApiOptions, passage: Passage): Promise<Outcome> {
  const { world, keys } = options;
  const { inside, key, request, requestId } = passage;
  if (inside) strike(world, inside);
  const broken = inside?.kind === '500' ? inside : null;
  if (key !== null) await pause(UNDERWAY_MS);
  await holdWhere('before', options, passage);
  const acted = broken?.when === 'before' ? null : execute(options, passage);
  const answer = broken || !acted ? answerOf(BROKEN) : acted;
  if (key !== null && answer.executed) {
    const print = fingerprint(request.method, passage.path, passage.params);
    keys.store(key, { fingerprint: print, requestId, status: answer.status, body: answer.body });
  }
  await holdWhere('after', options, passage);
  return { answer, headers: key === null ? {} : { 'idempotency-key': key } };
}

/** Holds a request that is to be late there. What it has done by then holds for everybody. */
async function holdWhere(
  when: FaultRecord['when'],
  { late, commit }: ApiOptions,
  { inside, request, path }: Passage,
): Promise<void> {
  if (inside?.delaySeconds === undefined || inside.when !== when) return;
  await commit();
  const { customerId, delaySeconds } = inside;
  await late.hold(
    { method: request.method, path, when, ...(customerId === undefined ? {} : { customerId }) },
    delaySeconds,
  );
}

function execute({ world, originOf }: ApiOptions, passage: Passage): Answer {
  const { request, requestId, key, params } = passage;
  const call: Call = {
    world,
    requestId,
    idempotencyKey: key,
    origin: originOf(request),
    publishable: keyOf(request).publishable,
  };
  const { id = '', child = '' } = request.params as { id?: string; child?: string };
  try {
    const { expand } = asRecord(params);
    const paths = expand === undefined ? [] : texts(expand, 'expand');
    checkExpand(paths);
    const result = expanded(world, passage.route.handle(call, params, { id, child }), paths);
    return { status: 200, body: JSON.stringify(result), executed: true };
  } catch (error) {
    if (error instanceof StripeProblem) return answerOf(error, errorFor(call, error.body));
    request.log.error(error);
    return answerOf(BROKEN);
  }
}

function answerOf(problem: StripeProblem, error: object = problem.body): Answer {
  return { status: problem.status, body: JSON.stringify({ error }), executed: problem.executed };
}

function failAs(fault: FaultRecord, reply: FastifyReply, requestId: string) {
  if (fault.kind === '429') return send(reply, requestId, answerOf(RATE_LIMITED));
  if (fault.kind === '409') return send(reply, requestId, answerOf(IN_USE));
  reply.hijack();
  // Who is left hanging ends the connection; so does the emulator when it closes.
  if (fault.kind === 'drop') reply.raw.destroy();
  return reply;
}

function send(reply: FastifyReply, requestId: string, answer: Answer, headers: Record<string, string> = {}) {
  reply.code(answer.status).headers(headers);
  reply.header('request-id', requestId).header('stripe-version', API_VERSION);
  // A 500 is kept under its key: asking again brings the same answer, and Stripe says so.
  if (answer.status === 500) reply.header('stripe-should-retry', 'false');
  return reply.type('application/json').send(answer.body);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
