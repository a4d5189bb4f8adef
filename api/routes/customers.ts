// Customers over HTTP: show, list, pause, resume, cancel.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { allowNoBody } from '../http/no-body.ts';
import { pageAt } from '../http/paging.ts';
import { Action } from '../http/schemas/actions.ts';
import { CustomerAnswer, CustomerParams, CustomersQuery } from '../http/schemas/customers.ts';
import { pageOf } from '../http/schemas/lists.ts';
import { problems } from '../http/schemas/problems.ts';
import type { Customers } from '../services/customers.ts';

const tags = ['customers'];

export interface CustomerRoutesOptions {
  readonly customers: Customers;
}

export const customerRoutes: FastifyPluginAsyncTypebox<CustomerRoutesOptions> = async (
  app,
  { customers },
) => {
  app.get(
    '/customers',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List customers, as last recorded',
        operationId: 'listCustomers',
        querystring: CustomersQuery,
        response: { 200: pageOf(CustomerAnswer) },
      },
    },
    async ({ query, caller }) => pageAt(() => customers.list(query, caller)),
  );

  app.get(
    '/customers/:customerId',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Show a customer',
        operationId: 'showCustomer',
        params: CustomerParams,
        response: { 200: CustomerAnswer, ...problems(404) },
      },
    },
    async ({ params, caller }) => customers.show(params.customerId, caller),
  );

  const actions = [
    ['pause', 'Attempt nothing until resumed', customers.pause],
    ['resume', 'Attempt again what is due', customers.resume],
    ['cancel', 'Stop for good: no new attempt, and open charges are closed', customers.cancel],
  ] as const;
  for (const [name, summary, act] of actions) {
    app.post(
      `/customers/:customerId/${name}`,
      {
        config: { scope: 'operate' },
        preValidation: allowNoBody,
        schema: {
          tags,
          summary,
          operationId: `${name}Customer`,
          params: CustomerParams,
          body: Action,
          response: { 200: CustomerAnswer, ...problems(404, 409) },
        },
      },
      async ({ params, body, caller }) => act(params.customerId, body, caller),
    );
  }
};
