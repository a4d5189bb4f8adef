// Charges over HTTP: open, show, list, step-up, retry, cancel. Handlers only translate.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import type { Page } from '../../ledger/ledger.ts';
import { pageAsked } from '../http/paging.ts';
import {
  Action,
  ChargeAnswer,
  ChargeParams,
  ChargesQuery,
  CustomerParams,
  NewCharge,
  NoFields,
  pageOf,
  problems,
  WaitQuery,
} from '../http/schemas.ts';
import { recorded } from '../services/customers.ts';
import { chargeAnswer } from '../services/views.ts';
import { allowNoBody, byOf } from './actions.ts';
import type { V1 } from './v1.ts';

const tags = ['charges'];

export const chargeRoutes: FastifyPluginAsyncTypebox<V1> = async (app, deps) => {
  const { ledger, links, reading, charging } = deps;

  type Listed = Awaited<ReturnType<typeof ledger.listCharges>>['items'][number];
  async function answerPage({ items, ...rest }: Page<Listed>) {
    const answers = items.map((row) => chargeAnswer(row.customerId, recorded(row), row.terms, links));
    return { items: await Promise.all(answers), ...rest };
  }

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
      const { isNew, answer } = await charging.open(customerId, request.body, request.actor, wait * 1000);
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
    async (request) => {
      const { customerId } = request.params;
      await reading.customerRow(customerId);
      return answerPage(await pageAsked(() => ledger.listCharges({ customerId, ...request.query })));
    },
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
    async (request) => answerPage(await pageAsked(() => ledger.listCharges(request.query))),
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
      const { row, view } = await reading.charge(customerId, chargeId);
      return chargeAnswer(customerId, view, row.terms, links);
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
      return reply.code(202).send(await charging.steppedUp(customerId, chargeId));
    },
  );

  const actions = [
    ['retry', 'Attempt a charge again now', charging.retry],
    ['cancel', 'Give a charge up; what Stripe holds open is cancelled first', charging.cancel],
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
        return act(customerId, chargeId, byOf(request.actor, request.body));
      },
    );
  }
};

/** Query strings are text; this one value is a number, and nothing else is coerced. */
async function readWait(request: FastifyRequest): Promise<void> {
  const query = request.query as { wait?: unknown };
  if (typeof query.wait === 'string' && /^\d{1,3}$/.test(query.wait)) query.wait = Number(query.wait);
}
