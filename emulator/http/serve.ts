// One request to the API on its way: through its key, the ordered faults and the idempotency keys to its route.
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { countUse, faultFor } from '../control/faults.ts';
import { errorFor } from '../objects/intent-view.ts';
import { newId } from '../store/ids.ts';
import type { FaultRecord } from '../store/records.ts';
import { API_VERSION, type Call, type World } from '../store/world.ts';
import { type Answer, answerOf, type Headers, headerOf, pathOf, send } from './answer.ts';
import { keyOf } from './authorization.ts';
import { invalidRequest, StripeProblem, unauthorized } from './errors.ts';
import { checkExpand, expanded } from './expand.ts';
import { fingerprint, type IdempotencyKeys, keyInUse } from './idempotency.ts';
import type { LateRequests } from './late-requests.ts';
import { asRecord } from './params.ts';
import type { RateLimiter } from './rate-limits.ts';
import { texts } from './readers.ts';
import type { Route } from './route.ts';

/** How long a POST is on its way through Stripe and the bank: long enough for a second use of its key to collide. */
const UNDERWAY_MS = 20;

export interface ServeOptions {
  readonly world: World;
  readonly keys: IdempotencyKeys;
  readonly late: LateRequests;
  readonly limiter: RateLimiter;
  readonly originOf: (request: FastifyRequest) => string;
  /** Keeps what has changed and starts to deliver its events. */
  readonly commit: () => Promise<void>;
}

const RATE_LIMITED = new StripeProblem(429, {
  type: 'invalid_request_error',
  code: 'rate_limit',
  message: 'Request rate limit exceeded.',
});
const BROKEN = new StripeProblem(
  500,
  { type: 'api_error', message: 'An unexpected error has occurred in the emulator.' },
  true,
);

interface ReceivedRequest {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly requestId: string;
  readonly path: string;
  readonly params: unknown;
  readonly key: string | null;
  /** The fault that meets it while it is carried out, if one is ordered: a 500, or a delay. */
  readonly inside: FaultRecord | null;
}

export async function serve(
  options: ServeOptions,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const { world, keys, limiter, commit } = options;
  const endpoint = `${route.method} /v1${route.path}`;
  const limited = limiter.admit(endpoint, world.settings().rateLimits, performance.now());
  if (limited !== null) {
    return send(reply, newId('req'), answerOf(RATE_LIMITED), { 'stripe-rate-limited-reason': limited });
  }
  const path = pathOf(request);
  const params = request.method === 'POST' ? (request.body ?? {}) : request.query;
  const fault = faultFor(world, request.method, path, params);
  const inside = fault?.kind === '500' || fault?.kind === 'late' ? fault : null;
  const received: ReceivedRequest = {
    route,
    request,
    requestId: newId('req'),
    path,
    params,
    key: request.method === 'POST' ? headerOf(request, 'idempotency-key') : null,
    inside,
  };
  // A lost answer and a 429 or 409 meet every request, also a replay; a 500 and a delay only one that is carried out:
  // who repeats a late request is told that its key is in use.
  const outside = inside ? null : fault;
  if (outside) countUse(world, outside);
  if (outside?.when === 'before') {
    await commit();
    return failAs(outside, reply, received);
  }
  const admission = admit(options, received);
  const { answer, headers } = admission.admitted ? await handleRequest(options, received) : admission;
  try {
    await commit();
  } finally {
    if (admission.admitted && received.key !== null) keys.release(received.key);
  }
  if (outside) return failAs(outside, reply, received);
  return send(reply, received.requestId, answer, headers);
}

interface Outcome {
  readonly answer: Answer;
  readonly headers: Headers;
}

/** Whether the request may be carried out; if not, what it is answered instead. */
function admit(
  { keys }: ServeOptions,
  { route, request, key, path, params }: ReceivedRequest,
): { admitted: true } | ({ admitted: false } & Outcome) {
  try {
    const { publishable } = keyOf(request);
    if (publishable && !route.publishable) {
      throw unauthorized(
        'This API call cannot be made with a publishable API key. Please use a secret API key.',
        'secret_key_required',
      );
    }
    checkVersion(headerOf(request, 'stripe-version'));
    const stored = key === null ? null : keys.claim(key, fingerprint(request.method, path, params));
    if (!stored) return { admitted: true };
    return {
      admitted: false,
      answer: { status: stored.status, body: stored.body, executed: false },
      headers: {
        ...retryHeaders({ status: stored.status, executed: true }),
        'idempotency-key': String(key),
        'idempotent-replayed': 'true',
        'original-request': stored.requestId,
      },
    };
  } catch (error) {
    if (!(error instanceof StripeProblem)) throw error;
    return { admitted: false, answer: answerOf(error), headers: {} };
  }
}

/** @throws StripeProblem 400 for another release: its shapes are not those that would be answered */
function checkVersion(version: string | null): void {
  if (version === null || version === API_VERSION) return;
  throw invalidRequest(
    `This emulator speaks API version ${API_VERSION} only, and the request asks for ${version}. Use an SDK of that release, or set its apiVersion.`,
  );
}

/** Acts, and keeps the answer under its key if the acting had begun. */
async function handleRequest(options: ServeOptions, received: ReceivedRequest): Promise<Outcome> {
  const { world, keys } = options;
  const { inside, key, request, requestId } = received;
  if (inside) countUse(world, inside);
  const broken = inside?.kind === '500' ? inside : null;
  if (key !== null) await pause(UNDERWAY_MS);
  await holdWhere('before', options, received);
  const result = broken?.when === 'before' ? null : execute(options, received);
  const answer = broken || !result ? answerOf(BROKEN) : result;
  if (key !== null && answer.executed) {
    const print = fingerprint(request.method, received.path, received.params);
    keys.store(key, { fingerprint: print, requestId, status: answer.status, body: answer.body });
  }
  await holdWhere('after', options, received);
  const headers = retryHeaders(answer);
  if (key === null) return { answer, headers };
  return { answer, headers: { ...headers, 'idempotency-key': key, 'original-request': requestId } };
}

/** What is kept under a key comes again when asked for again, a 500 too, and Stripe says so. */
function retryHeaders({ status, executed }: Pick<Answer, 'status' | 'executed'>): Headers {
  return executed || status >= 500 ? { 'stripe-should-retry': 'false' } : {};
}

/** Holds a request that is to be late there. What it has done by then is committed before. */
async function holdWhere(
  when: FaultRecord['when'],
  { late, commit }: ServeOptions,
  { inside, request, path }: ReceivedRequest,
): Promise<void> {
  if (inside?.delaySeconds === undefined || inside.when !== when) return;
  await commit();
  const { customerId, delaySeconds } = inside;
  await late.hold(
    { method: request.method, path, when, ...(customerId === undefined ? {} : { customerId }) },
    delaySeconds,
  );
}

function execute({ world, originOf }: ServeOptions, received: ReceivedRequest): Answer {
  const { request, requestId, key, params, route } = received;
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
    checkExpand(paths, route.answers);
    const result = expanded(world, route.handle(call, params, { id, child }), paths);
    return { status: 200, body: JSON.stringify(result), executed: request.method !== 'GET' };
  } catch (error) {
    if (error instanceof StripeProblem) return answerOf(error, errorFor(call, error.body));
    request.log.error(error);
    return answerOf(BROKEN);
  }
}

function failAs(fault: FaultRecord, reply: FastifyReply, { requestId, key }: ReceivedRequest) {
  if (fault.kind === '429') return send(reply, requestId, answerOf(RATE_LIMITED));
  if (fault.kind === '409') return send(reply, requestId, answerOf(keyInUse(key ?? '')));
  reply.hijack();
  // Who is left hanging ends the connection; so does the emulator when it closes.
  if (fault.kind === 'drop') reply.raw.destroy();
  return reply;
}
