// The authentication page, and what its script asks.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { StepUpLink } from '../../links/links.ts';
import { ChargeId, Strict } from '../http/fields.ts';
import { createLinkGuard } from '../http/link-guard.ts';
import { allowNoBody } from '../http/no-body.ts';
import { Nothing, StepUpSession, StepUpStatus, Token } from '../http/schemas/pages.ts';
import { problems } from '../http/schemas/problems.ts';
import type { StepUpPage } from '../services/step-up-page.ts';
import { LARGEST_PAGE_BODY, pageResponses, type ShowPage, security, tags } from './page.ts';

export interface StepUpPageRoutesOptions {
  readonly page: StepUpPage;
  readonly show: ShowPage;
}

export const stepUpPageRoutes: FastifyPluginAsyncTypebox<StepUpPageRoutesOptions> = async (
  app,
  { page, show },
) => {
  const guard = createLinkGuard(app, 'step-up', page.open);

  app.get(
    '/step-up/:token',
    {
      schema: {
        tags,
        security,
        summary: 'The authentication page',
        operationId: 'stepUpPage',
        params: Token,
        response: pageResponses,
      },
    },
    ({ params }, reply) => show(reply, () => page.open(params.token)),
  );

  app.post(
    '/step-up/:token/session',
    {
      onRequest: guard.session,
      bodyLimit: LARGEST_PAGE_BODY,
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Begin to authenticate the charge that waits',
        operationId: 'stepUpSession',
        params: Token,
        body: Strict({}),
        response: { 200: StepUpSession, ...problems(400, 404, 409, 410, 413, 415, 429, 503) },
      },
    },
    async (request) => page.session(request.link as StepUpLink),
  );

  app.post(
    '/step-up/:token/done',
    {
      onRequest: guard.done,
      bodyLimit: LARGEST_PAGE_BODY,
      preValidation: allowNoBody,
      schema: {
        tags,
        security,
        summary: 'Say that the bank has answered',
        operationId: 'stepUpDone',
        params: Token,
        body: Strict({ chargeId: Type.Optional(ChargeId) }),
        response: { 202: Nothing, ...problems(400, 404, 410, 413, 415, 429, 503) },
      },
    },
    async (request, reply) => {
      await page.done(request.link as StepUpLink, request.body.chargeId);
      return reply.code(202).send({});
    },
  );

  app.get(
    '/step-up/:token/status',
    {
      onRequest: guard.status,
      schema: {
        tags,
        security,
        summary: 'How far the charge is, and which one waits now',
        operationId: 'stepUpStatus',
        params: Token,
        response: { 200: StepUpStatus, ...problems(400, 404, 410, 429, 503) },
      },
    },
    async (request) => page.status(request.link as StepUpLink),
  );
};
