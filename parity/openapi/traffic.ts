// Holds the traffic of a Fastify app that stands for Stripe to the OpenAPI document, while tests use it.
import type { FastifyInstance } from 'fastify';
import { type Checker, createChecker } from './check.ts';
import { loadDocument, type OpenApiDocument } from './document.ts';

const EVERY_TEST_READS = [
  '/v1/customers',
  '/v1/setup_intents',
  '/v1/payment_intents',
  '/v1/payment_intents/pi/confirm',
];

let checker: Checker | null | undefined;

/** The checker of this process, made once; null where the document is not to be had. CI must have it. */
export function sharedChecker(): Checker | null {
  if (checker === undefined) {
    const document = documentIfAny();
    checker = document === null ? null : createChecker(document);
    // Compiling takes a moment, which no test is to be charged with.
    for (const path of EVERY_TEST_READS) {
      checker?.faultsOf({ method: 'POST', path, params: {}, status: 200, answer: {} });
    }
  }
  return checker;
}

/** Null without Go, and without a network where Go's cache does not have the module. */
function documentIfAny(): OpenApiDocument | null {
  try {
    return loadDocument();
  } catch (error) {
    if (process.env.CI) throw error;
    console.warn(`traffic is not held to Stripe's OpenAPI document: ${(error as Error).message}`);
    return null;
  }
}

/**
 * Checks every exchange of `app` under `/v1/` with a secret key from here on; before it listens.
 * @returns the faults found so far
 */
export function checkTraffic(app: FastifyInstance): readonly string[] {
  const faults: string[] = [];
  const checker = sharedChecker();
  if (checker === null) return faults;
  app.addHook('onSend', async (request, reply, payload) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const isBrowser = /^Bearer pk_/.test(request.headers.authorization ?? '');
    const isPublicApi = path.startsWith('/v1/') && !path.startsWith('/v1/stripecli/');
    // A browser sees less of an intent than the document says, and a path that is not there has no answer of its own.
    if (!isPublicApi || isBrowser || request.method === 'OPTIONS' || reply.statusCode === 404) return;
    const answer: unknown = JSON.parse(String(payload));
    const params = request.method === 'POST' ? (request.body ?? {}) : request.query;
    faults.push(
      ...checker.faultsOf({ method: request.method, path, params, status: reply.statusCode, answer }),
    );
  });
  return faults;
}
