// The record of a customer over HTTP.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { pageAt } from '../http/paging.ts';
import { CustomerParams } from '../http/schemas/customers.ts';
import { EvidenceAnswer } from '../http/schemas/evidence.ts';
import { PageQuery, pageOf } from '../http/schemas/lists.ts';
import { problems } from '../http/schemas/problems.ts';
import type { Evidence } from '../services/evidence.ts';

const tags = ['customers'];

export interface EvidenceRoutesOptions {
  readonly evidence: Evidence;
}

export const evidenceRoutes: FastifyPluginAsyncTypebox<EvidenceRoutesOptions> = async (app, { evidence }) => {
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
    async ({ params, query }) => pageAt(() => evidence.list(params.customerId, query.cursor)),
  );
};
