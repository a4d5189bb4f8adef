// The control table under `/_emulator/`: what the bank, the network, the webhooks and the customer will do next,
// and what really happened. JSON with strict bodies; it touches nothing that a caller of the API could not suffer.
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { declineFor } from '../bank/declines.ts';
import { setOutcomes } from '../bank/outcomes.ts';
import { visitBank } from '../confirming/customer-at-bank.ts';
import { settlePayment } from '../confirming/paying.ts';
import { runDue } from '../due.ts';
import { StripeProblem } from '../http/errors.ts';
import type { LateRequests } from '../http/late-requests.ts';
import { disputeCharge } from '../objects/disputes.ts';
import { settleMandate } from '../objects/mandates.ts';
import { paidCharge, paymentIntentFor } from '../objects/payment-intents.ts';
import type { FaultKind, Outcome } from '../store/records.ts';
import type { Call, World } from '../store/world.ts';
import { controlPage } from './control-page.ts';
import { clearFaults, orderFault } from './faults.ts';
import { truth } from './truth.ts';

const STRICT = { additionalProperties: false };
const CODE = '^[a-z][a-z0-9_]*$';

const Fault = Type.Object(
  {
    method: Type.Enum(['GET', 'POST', 'DELETE']),
    /** As requested, e.g. `/v1/payment_intents/*\/confirm`; `*` or `:id` stands for any one segment. */
    path: Type.String({ pattern: '^/v1/' }),
    kind: Type.Enum([500, 429, 409, '500', '429', '409', 'drop', 'hang', 'late']),
    /** Whether the request is to take effect before it fails. */
    when: Type.Enum(['before', 'after']),
    times: Type.Integer({ minimum: 1, maximum: 10_000 }),
    /** The merchant's own id, as in `metadata.customerId`: only requests about them. */
    customerId: Type.Optional(Type.String({ minLength: 1 })),
    /** How late: for kind `late`, which needs it. */
    delaySeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 60 })),
  },
  STRICT,
);
const Webhooks = Type.Object({ mode: Type.Enum(['normal', 'lose', 'twice', 'late', 'shuffle']) }, STRICT);
const Outcomes = Type.Object(
  {
    paymentMethod: Type.String({ pattern: '^pm_' }),
    outcomes: Type.Array(
      Type.Union([
        Type.String({ pattern: CODE }),
        Type.Object(
          {
            decline_code: Type.String({ pattern: CODE }),
            advice_code: Type.Optional(Type.Union([Type.String({ pattern: CODE }), Type.Null()])),
          },
          STRICT,
        ),
      ]),
      { maxItems: 1000 },
    ),
  },
  STRICT,
);
const Answer = Type.Object({ result: Type.Enum(['succeed', 'fail']) }, STRICT);
const Settlement = Type.Object({ result: Type.Optional(Type.Enum(['succeed', 'fail'])) }, STRICT);
const Disputed = Type.Object(
  {
    paymentIntentId: Type.String({ pattern: '^pi_' }),
    reason: Type.Optional(
      Type.Enum([
        'credit_not_processed',
        'duplicate',
        'fraudulent',
        'general',
        'product_not_received',
        'product_unacceptable',
        'subscription_canceled',
        'unrecognized',
      ]),
    ),
  },
  STRICT,
);
const Clock = Type.Object(
  { advanceSeconds: Type.Number({ minimum: 0, maximum: 10 * 366 * 86_400 }) },
  STRICT,
);
const TruthQuery = Type.Object({ chargeId: Type.Optional(Type.String()) }, STRICT);

export interface ControlOptions {
  readonly world: World;
  readonly late: LateRequests;
  readonly originOf: (request: FastifyRequest) => string;
  readonly commit: () => Promise<void>;
}

/** A refusal with its status; `detail` says what is wrong. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export const control: FastifyPluginAsync<ControlOptions> = async (app, { world, late, originOf, commit }) => {
  const callOf = (request: FastifyRequest): Call => ({
    world,
    requestId: null,
    idempotencyKey: null,
    origin: originOf(request),
    publishable: false,
  });

  // An empty body counts as no body, so that `settle` can be called without one.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(new Refusal(400, 'the body is not JSON'));
    }
  });
  app.setErrorHandler(async (error, _request, reply) => {
    const { status, detail } = problemOf(error);
    if (status >= 500) app.log.error(error);
    return reply
      .code(status)
      .type('application/problem+json')
      .send({ type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail });
  });
  app.setNotFoundHandler(async (request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: TITLES[404],
        status: 404,
        detail: `there is no ${request.method} ${request.url}; GET /_emulator/ lists what there is`,
      }),
  );

  app.get('/', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(controlPage(world, late.list())),
  );

  app.post<{ Body: Static<typeof Fault> }>('/faults', { schema: { body: Fault } }, async ({ body }) => {
    const isLate = body.kind === 'late';
    if (isLate && body.delaySeconds === undefined) throw new Refusal(400, 'kind late needs delaySeconds');
    if (!isLate && body.delaySeconds !== undefined)
      throw new Refusal(400, 'delaySeconds is for kind late only');
    orderFault(world, { ...body, kind: String(body.kind) as FaultKind });
    await commit();
    return { faults: faultsOf(world) };
  });
  app.get('/faults', async () => ({ faults: faultsOf(world) }));
  app.delete('/faults', async () => {
    clearFaults(world);
    await commit();
    return { faults: [] };
  });
  app.get('/late', async () => ({ requests: late.list() }));

  app.post<{ Body: Static<typeof Webhooks> }>(
    '/webhooks',
    { schema: { body: Webhooks } },
    async ({ body }) => {
      world.changeSettings({ webhookMode: body.mode });
      await commit();
      return { mode: body.mode };
    },
  );

  app.post<{ Body: Static<typeof Outcomes> }>(
    '/outcomes',
    { schema: { body: Outcomes } },
    async ({ body }) => {
      if (!world.store.paymentMethods.get(body.paymentMethod)) {
        throw new Refusal(404, `there is no payment method ${body.paymentMethod}`);
      }
      setOutcomes(world, body.paymentMethod, body.outcomes.map(outcomeOf));
      await commit();
      return body;
    },
  );

  app.post<{ Body: Static<typeof Answer>; Params: { intentId: string } }>(
    '/challenges/:intentId',
    { schema: { body: Answer } },
    async (request) => {
      const { intentId } = request.params;
      const status = visitBank(callOf(request), intentId, request.body.result);
      if (status === null) throw new Refusal(409, `${intentId} is not waiting for the customer`);
      await commit();
      return { intentId, status };
    },
  );

  app.post<{ Body?: Static<typeof Settlement>; Params: { intentId: string } }>(
    '/settle/:intentId',
    { schema: { body: Type.Union([Settlement, Type.Null()]) } },
    async (request) => {
      const { intentId } = request.params;
      const status = settle(callOf(request), intentId, request.body?.result);
      await commit();
      return { intentId, status };
    },
  );

  app.post<{ Body: Static<typeof Disputed> }>(
    '/disputes',
    { schema: { body: Disputed } },
    async (request) => {
      const { paymentIntentId, reason = 'fraudulent' } = request.body;
      const call = callOf(request);
      const charge = paidCharge(call, paymentIntentFor(call, paymentIntentId));
      if (!charge) throw new Refusal(409, `${paymentIntentId} is not paid`);
      if (charge.wire.disputed) throw new Refusal(409, `${paymentIntentId} is already disputed`);
      const { id, status } = disputeCharge(call, charge, { reason, caseType: 'chargeback' });
      await commit();
      return { paymentIntentId, disputeId: id, status };
    },
  );

  app.post<{ Body: Static<typeof Clock> }>('/clock', { schema: { body: Clock } }, async (request) => {
    const { clockAheadMs } = world.settings();
    world.changeSettings({ clockAheadMs: clockAheadMs + Math.round(request.body.advanceSeconds * 1000) });
    runDue(callOf(request));
    await commit();
    return {
      now: new Date(world.nowMs()).toISOString(),
      aheadSeconds: world.settings().clockAheadMs / 1000,
    };
  });

  app.get<{ Querystring: Static<typeof TruthQuery> }>(
    '/truth',
    { schema: { querystring: TruthQuery } },
    async ({ query }) => truth(world, query.chargeId),
  );
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
};

function outcomeOf(given: Static<typeof Outcomes>['outcomes'][number]): Outcome {
  if (typeof given !== 'string') return declineFor(given.decline_code, given.advice_code);
  if (given === 'succeed' || given === 'authentication_required' || given === 'processing') return given;
  return declineFor(given);
}

function faultsOf(world: World) {
  return world.store.faults.entries().map(([, { id: _id, ...fault }]) => fault);
}

/** What waits for nothing but time ends now: a processing payment, or the pending mandate of a SetupIntent. */
function settle(call: Call, intentId: string, result: 'succeed' | 'fail' | undefined): string {
  const { store } = call.world;
  const payment = store.paymentIntents.get(intentId);
  if (payment) {
    if (payment.wire.status !== 'processing') throw new Refusal(409, `${intentId} is not processing`);
    settlePayment(call, payment, result);
    return payment.wire.status;
  }
  const setup = store.setupIntents.get(intentId);
  if (!setup) throw new Refusal(404, `there is no intent ${intentId}`);
  const mandate = store.mandates.get(String(setup.wire.mandate));
  if (mandate?.wire.status !== 'pending') throw new Refusal(409, `${intentId} has no pending mandate`);
  settleMandate(call, mandate, result ?? 'succeed');
  return setup.wire.status;
}

function problemOf(error: unknown): { status: number; detail: string } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (error instanceof StripeProblem) return { status: error.status, detail: error.message };
  const known = error as { statusCode?: number; message: string; validation?: ValidationFault[] };
  if (known.validation) {
    return { status: 400, detail: known.validation.map(describe).join('; ') };
  }
  return { status: known.statusCode ?? 500, detail: known.message };
}

interface ValidationFault {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}

function describe(fault: ValidationFault): string {
  const where = fault.instancePath === '' ? 'the request' : fault.instancePath.slice(1).replaceAll('/', '.');
  const { additionalProperty, allowedValues } = fault.params;
  if (typeof additionalProperty === 'string') return `${where} has an unknown field "${additionalProperty}"`;
  if (Array.isArray(allowedValues)) return `${where} must be one of ${allowedValues.join(', ')}`;
  return `${where} ${fault.message ?? 'is wrong'}`;
}
