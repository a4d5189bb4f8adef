// Customers over HTTP: enrol, show, list, pause, resume, cancel, and the record. Handlers only translate.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { pageAsked } from '../http/paging.ts';
import {
  Action,
  CustomerAnswer,
  CustomerParams,
  CustomersQuery,
  EnrolAnswer,
  EvidenceAnswer,
  NewCustomer,
  NewEnrolment,
  PageQuery,
  pageOf,
  problems,
} from '../http/schemas.ts';
import { claimedCustomer, customerAnswer, evidenceAnswer } from '../services/views.ts';
import { allowNoBody, byOf } from './actions.ts';
import type { V1 } from './v1.ts';

const tags = ['customers'];

export const customerRoutes: FastifyPluginAsyncTypebox<V1> = async (app, deps) => {
  const { ledger, links, reading, enrolling, lifecycle } = deps;

  app.post(
    '/customers',
    {
      config: { scope: 'charge' },
      schema: {
        tags,
        summary: 'Enrol a customer',
        operationId: 'enrolCustomer',
        body: NewCustomer,
        response: { 200: EnrolAnswer, 201: EnrolAnswer, ...problems(409, 422) },
      },
    },
    async (request, reply) => {
      const { isNew, answer } = await enrolling.firstCard(request.body, request.actor);
      return reply.code(isNew ? 201 : 200).send(answer);
    },
  );

  app.post(
    '/customers/:customerId/enrolments',
    {
      config: { scope: 'charge' },
      schema: {
        tags,
        summary: 'Ask for another card, or bring a cancelled customer back',
        operationId: 'enrolAgain',
        params: CustomerParams,
        body: NewEnrolment,
        response: { 200: EnrolAnswer, 201: EnrolAnswer, ...problems(404, 409, 422) },
      },
    },
    async (request, reply) => {
      const { customerId } = request.params;
      const { isNew, answer } = await enrolling.anotherCard(customerId, request.body, request.actor);
      return reply.code(isNew ? 201 : 200).send(answer);
    },
  );

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
    async (request) => {
      const { items, ...rest } = await pageAsked(() => ledger.listCustomers(request.query));
      const answers = items.map(({ customerId, view, metadata }) =>
        customerAnswer(view ?? claimedCustomer(customerId), metadata, links),
      );
      return { items: await Promise.all(answers), ...rest };
    },
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
    async (request) => {
      const { row, view } = await reading.customer(request.params.customerId);
      return customerAnswer(view, row.metadata, links);
    },
  );

  const actions = [
    ['pause', 'Attempt nothing until resumed', lifecycle.pause],
    ['resume', 'Attempt again what is due', lifecycle.resume],
    ['cancel', 'Stop for good: no new attempt, and open charges are closed', lifecycle.cancel],
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
      async (request) => act(request.params.customerId, byOf(request.actor, request.body)),
    );
  }

  app.get(
    '/customers/:customerId/evidence',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'The record of a customer, oldest first',
        operationId: 'listEvidence',
        params: CustomerParams,
        querystring: PageQuery,
        response: { 200: pageOf(EvidenceAnswer), ...problems(404) },
      },
    },
    async (request) => {
      const { customerId } = request.params;
      await reading.customerRow(customerId);
      const { items, ...rest } = await pageAsked(() => ledger.listEvidence(customerId, request.query.cursor));
      return { items: items.map(evidenceAnswer), ...rest };
    },
  );
};
