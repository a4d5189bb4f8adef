// Charges over HTTP: open, show, list, step-up, retry, cancel, waive.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { allowNoBody } from '../http/no-body.ts';
import { pageAt } from '../http/paging.ts';
import { Action, NoFields } from '../http/schemas/actions.ts';
import { ChargeAnswer, ChargeParams, ChargesQuery, NewCharge, WaitQuery } from '../http/schemas/charges.ts';
import { CustomerParams } from '../http/schemas/customers.ts';
import { pageOf } from '../http/schemas/lists.ts';
import { problems } from '../http/schemas/problems.ts';
import type { Charges } from '../services/charges.ts';

const tags = ['charges'];

export interface ChargeRoutesOptions {
  readonly charges: Charges;
}

export const chargeRoutes: FastifyPluginAsyncTypebox<ChargeRoutesOptions> = async (app, { charges }) => {
  app.post(
    '/customers/:customerId/charges',
    {
      config: { scope: 'charge' },
      preValidation: readWait,
      schema: {
        tags,
        summary: 'Charge a customer, once for this chargeId',
        operationId: 'openCharge',
        params: CustomerParams,
        querystring: WaitQuery,
        body: NewCharge,
        response: { 200: ChargeAnswer, 202: ChargeAnswer, ...problems(404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { wait = 0 } = request.query;
      const { customerId } = request.params;
      const { isNew, answer } = await charges.open(customerId, request.body, request.caller, wait * 1000);
      return reply.code(isNew ? 202 : 200).send(answer);
    },
  );

  app.get(
    '/customers/:customerId/charges',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List a customer’s charges, newest first, as last recorded',
        operationId: 'listCustomerCharges',
        params: CustomerParams,
        querystring: ChargesQuery,
        response: { 200: pageOf(ChargeAnswer), ...problems(404) },
      },
    },
    async ({ params, query, caller }) => pageAt(() => charges.list({ ...params, ...query }, caller)),
  );

  app.get(
    '/charges',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List charges across customers, newest first, as last recorded',
        operationId: 'listCharges',
        querystring: ChargesQuery,
        response: { 200: pageOf(ChargeAnswer) },
      },
    },
    async ({ query, caller }) => pageAt(() => charges.list(query, caller)),
  );

  app.get(
    '/customers/:customerId/charges/:chargeId',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Show a charge',
        operationId: 'showCharge',
        params: ChargeParams,
        response: { 200: ChargeAnswer, ...problems(404) },
      },
    },
    async (request) => {
      const { customerId, chargeId } = request.params;
      return charges.show(customerId, chargeId, request.caller);
    },
  );

  app.post(
    '/customers/:customerId/charges/:chargeId/step-up',
    {
      config: { scope: 'charge' },
      preValidation: allowNoBody,
      schema: {
        tags,
        summary: 'Say that the customer has authenticated a charge',
        operationId: 'stepUpCharge',
        params: ChargeParams,
        body: NoFields,
        response: { 202: ChargeAnswer, ...problems(404, 409) },
      },
    },
    async (request, reply) => {
      const { customerId, chargeId } = request.params;
      return reply.code(202).send(await charges.completeStepUp(customerId, chargeId, request.caller));
    },
  );

  const actions = [
    ['retry', 'Attempt a charge again now, also one that has failed', charges.retry],
    ['cancel', 'Give a charge up; what Stripe holds open is cancelled first', charges.cancel],
    ['waive', 'Forgive a charge that has failed: it is owed no longer', charges.waive],
  ] as const;
  for (const [name, summary, act] of actions) {
    app.post(
      `/customers/:customerId/charges/:chargeId/${name}`,
      {
        config: { scope: 'operate' },
        preValidation: allowNoBody,
        schema: {
          tags,
          summary,
          operationId: `${name}Charge`,
          params: ChargeParams,
          body: Action,
          response: { 200: ChargeAnswer, ...problems(404, 409) },
        },
      },
      async (request) => {
        const { customerId, chargeId } = request.params;
        return act(customerId, chargeId, request.body, request.caller);
      },
    );
  }
};

/** Query strings are text; this one value is a number, and nothing else is coerced. */
async function readWait(request: FastifyRequest): Promise<void> {
  const query = request.query as { wait?: unknown };
  if (typeof query.wait === 'string' && /^\d{1,3}$/.test(query.wait)) query.wait = Number(query.wait);
}
