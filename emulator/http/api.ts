// The `/v1` API as a Fastify plugin: forms in, JSON out, open to browsers on other origins.
import type { FastifyPluginAsync } from 'fastify';
import { newId } from '../store/ids.ts';
import { answerOf, pathOf, send } from './answer.ts';
import { StripeProblem } from './errors.ts';
import { parseForm } from './params.ts';
import type { Route } from './route.ts';
import { type ServeOptions, serve } from './serve.ts';

export interface ApiOptions extends ServeOptions {
  readonly routes: readonly Route[];
}

export const api: FastifyPluginAsync<ApiOptions> = async (app, options) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, parseForm(String(body))),
  );
  // A browser calls from the page's own origin.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*');
    reply.header('access-control-expose-headers', 'Request-Id, Stripe-Version');
  });
  app.options('/*', async (_request, reply) =>
    reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'Authorization, Content-Type, Idempotency-Key, Stripe-Version')
      .header('access-control-max-age', '600')
      .send(),
  );
  app.setErrorHandler(async (error, _request, reply) => {
    const { statusCode: status = 500, message } = error as { statusCode?: number; message: string };
    if (status >= 500) app.log.error(error);
    const type = status >= 500 ? 'api_error' : 'invalid_request_error';
    return send(reply, newId('req'), answerOf(new StripeProblem(status, { type, message })));
  });
  app.setNotFoundHandler(async (request, reply) => {
    const message = `Unrecognized request URL (${request.method}: ${pathOf(request)}).`;
    const problem = new StripeProblem(404, { type: 'invalid_request_error', message });
    return send(reply, newId('req'), answerOf(problem));
  });
  for (const route of options.routes) {
    app.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      handler: (request, reply) => serve(options, route, request, reply),
    });
  }
};
