// The control API under `/_emulator/`: what the bank, the network, the webhooks and the customer will do next,
// and what really happened.
import type { FastifyPluginAsync } from 'fastify';
import { controlPage } from './control-page.ts';
import { type ControlOptions, controlRoutes } from './control-routes.ts';
import { problemFor, Refusal } from './problems.ts';

export const control: FastifyPluginAsync<ControlOptions> = async (app, options) => {
  // An empty body counts as no body, so that `settle` can be called without one.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch {
      done(new Refusal(400, 'the body is not JSON'));
    }
  });
  app.setErrorHandler(async (error, _request, reply) => {
    const problem = problemFor(error);
    if (problem.status >= 500) app.log.error(error);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const problem = problemFor(
      new Refusal(404, `there is no ${request.method} ${request.url}; GET /_emulator/ lists what there is`),
    );
    return reply.code(404).type('application/problem+json').send(problem);
  });
  app.get('/', async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(controlPage(options.world, options.late.list())),
  );
  controlRoutes(app, options);
};
