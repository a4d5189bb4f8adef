// The calls of the control API. They touch nothing that a caller of the API could not suffer.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { Type } from 'typebox';
import { setOutcomes } from '../bank/outcomes.ts';
import { visitBank } from '../confirming/customer-at-bank.ts';
import type { LateRequests } from '../http/late-requests.ts';
import type { RateLimiter } from '../http/rate-limits.ts';
import { disputeCharge } from '../objects/dispute.ts';
import { paidCharge, paymentIntentFor } from '../objects/payment-intent.ts';
import { runDue } from '../run-due.ts';
import type { FaultKind } from '../store/records.ts';
import type { Call, World } from '../store/world.ts';
import { clearFaults, orderFault } from './faults.ts';
import { Refusal } from './problems.ts';
import {
  Answer,
  Clock,
  Disputed,
  Fault,
  Outcomes,
  outcomeOf,
  RateLimits,
  Settlement,
  TruthQuery,
  Webhooks,
} from './schemas.ts';
import { settle } from './settle.ts';
import { truth } from './truth.ts';

export interface ControlOptions {
  readonly world: World;
  readonly late: LateRequests;
  readonly limiter: RateLimiter;
  readonly originOf: (request: FastifyRequest) => string;
  readonly commit: () => Promise<void>;
}

interface ForIntent {
  Params: { intentId: string };
}

export function controlRoutes(app: FastifyInstance, options: ControlOptions): void {
  const { world, late, limiter, originOf, commit } = options;
  const callOf = (request: FastifyRequest): Call => ({
    world,
    requestId: null,
    idempotencyKey: null,
    origin: originOf(request),
    publishable: false,
  });

  app.post<{ Body: Static<typeof Fault> }>('/faults', { schema: { body: Fault } }, async ({ body }) => {
    const isLate = body.kind === 'late';
    if (isLate && body.delaySeconds === undefined) throw new Refusal(400, 'kind late needs delaySeconds');
    if (!isLate && body.delaySeconds !== undefined) {
      throw new Refusal(400, 'delaySeconds is for kind late only');
    }
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

  const limits = { schema: { body: RateLimits } };
  app.post<{ Body: Static<typeof RateLimits> }>('/rate-limits', limits, async ({ body }) => {
    world.changeSettings({ rateLimits: body });
    await commit();
    return body;
  });
  app.delete('/rate-limits', async () => {
    world.changeSettings({ rateLimits: null });
    await commit();
    return {};
  });
  app.get('/requests', async () => ({ endpoints: limiter.counted() }));

  const webhooks = { schema: { body: Webhooks } };
  app.post<{ Body: Static<typeof Webhooks> }>('/webhooks', webhooks, async ({ body }) => {
    world.changeSettings({ webhookMode: body.mode });
    await commit();
    return { mode: body.mode };
  });

  const outcomes = { schema: { body: Outcomes } };
  app.post<{ Body: Static<typeof Outcomes> }>('/outcomes', outcomes, async ({ body }) => {
    if (!world.store.paymentMethods.get(body.paymentMethod)) {
      throw new Refusal(404, `there is no payment method ${body.paymentMethod}`);
    }
    setOutcomes(world, body.paymentMethod, body.outcomes.map(outcomeOf));
    await commit();
    return body;
  });

  const answer = { schema: { body: Answer } };
  app.post<ForIntent & { Body: Static<typeof Answer> }>('/challenges/:intentId', answer, async (request) => {
    const { intentId } = request.params;
    const status = visitBank(callOf(request), intentId, request.body.result);
    if (status === null) throw new Refusal(409, `${intentId} is not waiting for the customer`);
    await commit();
    return { intentId, status };
  });

  const settlement = { schema: { body: Type.Union([Settlement, Type.Null()]) } };
  app.post<ForIntent & { Body?: Static<typeof Settlement> }>(
    '/settle/:intentId',
    settlement,
    async (request) => {
      const { intentId } = request.params;
      const status = settle(callOf(request), intentId, request.body?.result);
      await commit();
      return { intentId, status };
    },
  );

  const disputed = { schema: { body: Disputed } };
  app.post<{ Body: Static<typeof Disputed> }>('/disputes', disputed, async (request) => {
    const { paymentIntentId, reason = 'fraudulent' } = request.body;
    const call = callOf(request);
    const charge = paidCharge(call, paymentIntentFor(call, paymentIntentId));
    if (!charge) throw new Refusal(409, `${paymentIntentId} is not paid`);
    if (charge.wire.disputed) throw new Refusal(409, `${paymentIntentId} is already disputed`);
    const { id, status } = disputeCharge(call, charge, { reason, caseType: 'chargeback' });
    await commit();
    return { paymentIntentId, disputeId: id, status };
  });

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

  const query = { schema: { querystring: TruthQuery } };
  app.get<{ Querystring: Static<typeof TruthQuery> }>('/truth', query, async ({ query: { chargeId } }) =>
    truth(world, chargeId),
  );
}

function faultsOf(world: World) {
  return world.store.faults.entries().map(([, { id: _id, ...fault }]) => fault);
}
