// Everything under /v1: a key and a scope before anything else, then the routes.
import type { FastifyPluginAsync } from 'fastify';
import { type Authenticate, describeKey, requireKey } from '../http/auth.ts';
import { answerNotFound } from '../http/error-handler.ts';
import { refuseOtherMethods } from '../http/methods.ts';
import { type ChargeRoutesOptions, chargeRoutes } from './charges.ts';
import { type CustomerRoutesOptions, customerRoutes } from './customers.ts';
import { type EnrolmentRoutesOptions, enrolmentRoutes } from './enrolments.ts';
import { type EvidenceRoutesOptions, evidenceRoutes } from './evidence.ts';

export interface V1Options
  extends ChargeRoutesOptions,
    CustomerRoutesOptions,
    EnrolmentRoutesOptions,
    EvidenceRoutesOptions {
  readonly authenticate: Authenticate;
}

export const v1Routes: FastifyPluginAsync<V1Options> = async (app, options) => {
  const { authenticate, customers, enrolments, charges, evidence } = options;
  app.addHook('onRequest', requireKey(authenticate));
  app.addHook('onRoute', describeKey);
  // Answers hold links and secrets.
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  app.setNotFoundHandler(answerNotFound);
  const addRefusals = refuseOtherMethods(app);
  await app.register(customerRoutes, { customers });
  await app.register(enrolmentRoutes, { enrolments });
  await app.register(chargeRoutes, { charges });
  await app.register(evidenceRoutes, { evidence });
  addRefusals();
};
