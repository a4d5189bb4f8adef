// Enrolments over HTTP: the first one with the customer, and every later one.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { CustomerParams, EnrolAnswer, NewCustomer } from '../http/schemas/customers.ts';
import { NewEnrolment } from '../http/schemas/enrolments.ts';
import { problems } from '../http/schemas/problems.ts';
import type { Enrolments } from '../services/enrolments.ts';

const tags = ['customers'];

export interface EnrolmentRoutesOptions {
  readonly enrolments: Enrolments;
}

export const enrolmentRoutes: FastifyPluginAsyncTypebox<EnrolmentRoutesOptions> = async (
  app,
  { enrolments },
) => {
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
      const { isNew, answer } = await enrolments.openFirst(request.body, request.caller);
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
      const { isNew, answer } = await enrolments.openAnother(customerId, request.body, request.caller);
      return reply.code(isNew ? 201 : 200).send(answer);
    },
  );
};
