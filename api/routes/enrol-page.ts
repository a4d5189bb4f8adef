// The card page, and what its script asks.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { EnrolLink } from '../../links/links.ts';
import { Strict } from '../http/fields.ts';
import { createLinkGuard } from '../http/link-guard.ts';
import { allowNoBody } from '../http/no-body.ts';
import { EnrolSession, EnrolStatus, Nothing, Token } from '../http/schemas/pages.ts';
import { problems } from '../http/schemas/problems.ts';
import type { EnrolPage } from '../services/enrol-page.ts';
import { LARGEST_PAGE_BODY, pageResponses, type ShowPage, security, tags } from './page.ts';

export interface EnrolPageRoutesOptions {
  readonly page: EnrolPage;
  readonly show: ShowPage;
}

export const enrolPageRoutes: FastifyPluginAsyncTypebox<EnrolPageRoutesOptions> = async (
  app,
  { page, show },
) => {
  const guard = createLinkGuard(app, 'enrol', page.open);

  app.get(
    '/enrol/:token',
    {
      schema: {
        tags,
        security,
        summary: 'The card page',
        operationId: 'enrolPage',
        params: Token,
        response: pageResponses,
      },
    },
    ({ params }, reply) => show(reply, () => page.open(params.token)),
  );

  app.post(
    '/enrol/:token/session',
    {
      onRequest: guard.session,
      bodyLimit: LARGEST_PAGE_BODY,
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Begin to give a card; takes consent where none was given',
        operationId: 'enrolSession',
        params: Token,
        body: Strict({ consent: Type.Optional(Type.Literal(true)) }),
        response: { 200: EnrolSession, ...problems(400, 404, 409, 410, 413, 415, 422, 429, 503) },
      },
    },
    async (request) =>
      page.session(request.link as EnrolLink, {
        consent: request.body.consent === true,
        ip: request.ip,
        userAgent: request.headers['user-agent'],
      }),
  );

  app.post(
    '/enrol/:token/done',
    {
      onRequest: guard.done,
      bodyLimit: LARGEST_PAGE_BODY,
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Say that Stripe has the card',
        operationId: 'enrolDone',
        params: Token,
        body: Strict({}),
        response: { 202: Nothing, ...problems(400, 404, 410, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      await page.done(request.link as EnrolLink);
      return reply.code(202).send({});
    },
  );

  app.get(
    '/enrol/:token/status',
    {
      onRequest: guard.status,
      schema: {
        tags,
        security,
        summary: 'How far the enrolment is',
        operationId: 'enrolStatus',
        params: Token,
        response: { 200: EnrolStatus, ...problems(400, 404, 410, 429, 503) },
      },
    },
    async (request) => page.status(request.link as EnrolLink),
  );
};
