// Puts the emulator together: the API, the control API, the bank's pages and Stripe.js on one Fastify app.
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { challengePages } from './browser/challenge.ts';
import { stripeJs } from './browser/stripe-js.ts';
import { control } from './control/control.ts';
import { api } from './http/api.ts';
import { IdempotencyKeys } from './http/idempotency.ts';
import { LateRequests } from './http/late-requests.ts';
import { parseForm } from './http/params.ts';
import { RateLimiter } from './http/rate-limits.ts';
import { ROUTES } from './routes.ts';
import { runDue } from './run-due.ts';
import { openStore } from './store/store.ts';
import { createWorld } from './store/world.ts';
import { CliSessions, cliRoutes } from './webhooks/cli-sessions.ts';
import { Deliverer, type WebhookTarget } from './webhooks/delivery.ts';

export interface EmulatorOptions extends WebhookTarget {
  /** The journal everything is kept in; absent: memory only. One process at a time. */
  dataFile?: string;
  /** Where browsers reach this server; absent: the address each request came to. */
  publicUrl?: () => string;
}

/** How often the emulator checks whether something is due, milliseconds. */
const CHECK_MS = 250;

/**
 * A stand-in for Stripe, ready to listen; it opens no port.
 * `options.webhookUrl` is read at every delivery and may be set later.
 * Closing the app stops every timer and delivery and writes what is left; what is undelivered is kept.
 * @throws if the data file cannot be read or written
 */
export async function buildEmulator(options: EmulatorOptions): Promise<FastifyInstance> {
  const store = await openStore(options.dataFile);
  const world = createWorld(store);
  const app = Fastify({
    logger: { level: 'error' },
    forceCloseConnections: true,
    routerOptions: { querystringParser: parseForm },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
  });
  const onFault = (error: unknown) => app.log.error(error);
  const deliverer = new Deliverer(world, options, onFault);
  const cliSessions = new CliSessions(world, options.webhookSecret);
  const commit = async (): Promise<void> => {
    await store.flush();
    const announced = world.announced.splice(0);
    deliverer.deliver(announced);
    cliSessions.forward(announced);
  };
  const originOf = (request: FastifyRequest) =>
    options.publicUrl?.() ?? `${request.protocol}://${request.headers.host ?? request.hostname}`;

  const dueCheck = setInterval(() => {
    const call = { world, requestId: null, idempotencyKey: null, origin: '', publishable: false };
    if (runDue(call)) commit().catch(onFault);
  }, CHECK_MS);
  app.addHook('onReady', async () => deliverer.resume());
  const late = new LateRequests();
  // An open websocket would keep the server from closing.
  app.addHook('preClose', async () => cliSessions.close());
  app.addHook('onClose', async () => {
    clearInterval(dueCheck);
    late.close();
    await deliverer.close();
    await store.close();
  });

  const keys = new IdempotencyKeys(world);
  const limiter = new RateLimiter();
  await app.register(api, { prefix: '/v1', world, keys, late, limiter, routes: ROUTES, originOf, commit });
  await app.register(cliRoutes, { prefix: '/v1/stripecli', sessions: cliSessions, originOf });
  await app.register(control, { prefix: '/_emulator', world, late, limiter, originOf, commit });
  await app.register(challengePages, { world, originOf, commit });
  await app.register(stripeJs);
  return app;
}
