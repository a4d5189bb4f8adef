// The customer's pages: their headers and files, and the routes of each.
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';
import type { AppConfig } from '../config.ts';
import { contentPolicy } from '../http/content-policy.ts';
import { readPage, webRoot } from '../http/page-templates.ts';
import type { EnrolPage } from '../services/enrol-page.ts';
import type { StepUpPage } from '../services/step-up-page.ts';
import { enrolPageRoutes } from './enrol-page.ts';
import { showPage } from './page.ts';
import { stepUpPageRoutes } from './step-up-page.ts';

/** From one address: pages poll once a second, and a whole office may share an address. */
const REQUESTS_PER_MINUTE = 3_000;

export interface PageRoutesOptions {
  readonly enrolPage: EnrolPage;
  readonly stepUpPage: StepUpPage;
  readonly config: Pick<AppConfig, 'publicUrl' | 'stripe' | 'merchant'>;
}

/** A GET never acts: what scans mail opens links too. */
export const pageRoutes: FastifyPluginAsync<PageRoutesOptions> = async (app, options) => {
  const { enrolPage, stepUpPage, config } = options;
  const read = (file: string) => readPage(file, config.merchant);
  const [enrol, stepUp, notFound, closed] = await Promise.all([
    read('enrol.html'),
    read('step-up.html'),
    read('not-found.html'),
    read('closed.html'),
  ]);

  app.decorateRequest('link', null);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: contentPolicy(config.stripe) },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: config.publicUrl.startsWith('https:'),
  });
  app.addHook('onRequest', app.rateLimit({ max: REQUESTS_PER_MINUTE, timeWindow: '1 minute' }));
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  await app.register(fastifyStatic, {
    root: webRoot(),
    prefix: '/assets/',
    allowedPath: (path) => /\.(js|css)$/.test(path),
    cacheControl: true,
    maxAge: 0,
  });
  const refusals = { 404: notFound, 410: closed };
  await app.register(enrolPageRoutes, { page: enrolPage, show: showPage(enrol, refusals) });
  await app.register(stepUpPageRoutes, { page: stepUpPage, show: showPage(stepUp, refusals) });
};
