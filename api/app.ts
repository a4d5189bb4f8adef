// Puts the api together from what it is given; it reads no environment and opens no port.
import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { Client } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Links } from '../links/links.ts';
import type { StripeReader } from '../stripe/reader.ts';
import { createCustomerWorkflows } from '../temporal/customer-workflows.ts';
import type { AppConfig } from './config.ts';
import { createAuthenticate, NOBODY } from './http/auth.ts';
import { closeWithoutWaiting } from './http/close.ts';
import { answerNotFound, answerProblem, answerUnreadable } from './http/error-handler.ts';
import { readJsonOnly, refuseEncodedBody } from './http/json-body.ts';
import { refuseOtherMethods } from './http/methods.ts';
import { describeRoutes } from './http/openapi.ts';
import { refusePipelining } from './http/pipelining.ts';
import { Problem } from './http/problems.ts';
import { codecRoutes } from './routes/codec.ts';
import { healthRoutes } from './routes/health.ts';
import { pageRoutes } from './routes/pages.ts';
import { v1Routes } from './routes/v1.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { createAcceptCharge } from './services/accept-charge.ts';
import { createAnswers } from './services/answers.ts';
import { createCharges } from './services/charges.ts';
import { createCustomerReader } from './services/customer-reader.ts';
import { createCustomers } from './services/customers.ts';
import { createEnrolPage } from './services/enrol-page.ts';
import { createEnrolments } from './services/enrolments.ts';
import { createEvidence } from './services/evidence.ts';
import { createHandOver } from './services/hand-over.ts';
import { createStepUpPage } from './services/step-up-page.ts';

export interface AppDeps {
  readonly config: AppConfig;
  readonly ledger: Ledger;
  /** The api's only way to the workflows. */
  readonly temporal: Client;
  readonly links: Links;
  readonly stripe: StripeReader;
  /** Absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  /** Null, or absent: payloads are not encrypted, and there is no codec endpoint. */
  readonly payloads?: PayloadCodec | null;
}

/** Bytes: metadata at its limits fits. */
const LARGEST_BODY = 128 * 1024;
/** Milliseconds until the headers, and until the whole of a request must have arrived: whoever is slower is ended. */
const HEADERS_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds without a byte in either direction; longer than the longest `?wait` and Stripe's time-out together. */
const IDLE_TIMEOUT = 120_000;
/** At once, at one process; each costs a file descriptor. */
const MOST_CONNECTIONS = 5_000;
/** In every answer: by this id the request is found in the logs. */
const REQUEST_ID = 'x-request-id';
/** Characters of a part of a path: signed links are the longest. */
const LONGEST_PATH_PART = 2_000;

/**
 * @returns an app that is ready for `listen` or `inject`; closing it leaves ledger and Temporal client open, for they
 * are the caller's
 */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config, ledger, links, stripe } = deps;
  const app = Fastify({
    ...omitUndefined({ loggerInstance: deps.logger }),
    // Addresses of pages are secrets: what is logged of a request is its route.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustedProxies(config.trustProxy),
    bodyLimit: LARGEST_BODY,
    requestTimeout: REQUEST_TIMEOUT,
    connectionTimeout: IDLE_TIMEOUT,
    http: { headersTimeout: HEADERS_TIMEOUT, connectionsCheckingInterval: 1_000 },
    routerOptions: { maxParamLength: LONGEST_PATH_PART },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        verbose: true, // what is wrong is said with an example of what is right
      },
      plugins: [countUtf16],
    },
    clientErrorHandler: answerUnreadable,
    genReqId: () => randomUUID(),
    frameworkErrors: (_error, request, reply) => {
      reply.header(REQUEST_ID, request.id);
      void refuseBadAddress(request).catch((error) => answerProblem(error, request, reply));
    },
  }) as unknown as FastifyInstance;
  refusePipelining(app);
  app.decorateRequest('caller', undefined as never);
  app.addHook('onRequest', async (request, reply) => {
    request.caller = NOBODY;
    reply.header(REQUEST_ID, request.id);
  });
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler(answerNotFound);
  app.addHook('onResponse', async (request, reply) => {
    // A path that cannot be decoded gets here without its hooks.
    const { method, caller = NOBODY } = request;
    const { url: route } = request.routeOptions;
    request.log.info(
      { method, route, actor: caller.actor, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    );
  });
  readJsonOnly(app);
  app.addHook('preParsing', refuseEncodedBody);
  app.server.maxConnections = MOST_CONNECTIONS;
  closeWithoutWaiting(app);

  await app.register(rateLimit, { global: false });
  const authenticate = createAuthenticate(app, config.apiKeys);
  const { payloads = null } = deps;
  /** Paths that cannot be decoded never reach a route; under /v1 the key still comes first. */
  async function refuseBadAddress(request: FastifyRequest): Promise<never> {
    if (/^\/v1(\/|\?|$)/.test(request.url)) await authenticate(request);
    throw new Problem(400, 'invalid_request', 'The address is not well-formed.');
  }

  const workflows = createCustomerWorkflows(deps.temporal);
  const reader = createCustomerReader(ledger, workflows, app.log);
  const answers = createAnswers(links);
  const handOver = createHandOver({ ledger, workflows, log: app.log });
  app.addHook('onClose', () => handOver.close());
  const acceptCharge = createAcceptCharge({ ledger, workflows, reader, handOver, log: app.log });
  const { returnUrlOrigins, amountLimits, policies } = config;
  const browserStripe = {
    publishableKey: config.stripe.publishableKey,
    stripeJsUrl: config.stripe.jsUrl,
  };
  const pages = { ledger, workflows, reader, links, stripe, browserStripe };

  const addRefusals = refuseOtherMethods(app, (url) => !/^\/(v1|codec|docs)(\/|$)/.test(url));
  await describeRoutes(app, config.publicUrl);
  await app.register(healthRoutes, { ledger, workflows });
  await app.register(webhookRoutes, {
    ledger,
    workflows,
    endpoint: { secrets: config.webhookSecrets, isLive: config.stripe.isLive },
  });
  await app.register(pageRoutes, {
    enrolPage: createEnrolPage({ ...pages, termsVersion: config.merchant.termsVersion }),
    stepUpPage: createStepUpPage(pages),
    config,
  });
  if (payloads) await app.register(codecRoutes, { payloads, authenticate, uiOrigin: config.payloadUiOrigin });
  await app.register(v1Routes, {
    prefix: '/v1',
    authenticate,
    customers: createCustomers({ ledger, workflows, reader, answers }),
    enrolments: createEnrolments({ ledger, workflows, reader, answers, stripe, returnUrlOrigins }),
    charges: createCharges({
      ledger,
      workflows,
      reader,
      answers,
      acceptCharge,
      handOver,
      amountLimits,
      policies,
    }),
    evidence: createEvidence({ ledger, reader, answers }),
  });
  addRefusals();
  await app.ready();
  return app;
}

/** Lengths are in UTF-16 code units, as in domain/shared/stripe-text-rules.ts. The option itself is deprecated, and warns. */
function countUtf16<Validator>(ajv: Validator): Validator {
  (ajv as { readonly opts: { unicode?: boolean } }).opts.unicode = false;
  return ajv;
}

/** A number counts hops: the address that connects to us is the first. */
function trustedProxies(trust: AppConfig['trustProxy']) {
  return typeof trust === 'number' ? (_address: string, hop: number) => hop < trust : trust;
}
