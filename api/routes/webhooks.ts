// `POST /webhooks/stripe`: answers 2xx only once the event is durable, so that Stripe sends again what is not.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Ledger } from '../../ledger/ledger.ts';
import { type CustomerWorkflows, TemporalUnavailable } from '../../temporal/customer-workflows.ts';
import { Problem, unavailable } from '../http/problems.ts';
import { problems } from '../http/schemas/problems.ts';
import { endSlowestBody } from '../http/slow-bodies.ts';
import { verifyEvent, type WebhookEndpoint } from '../http/webhook-signature.ts';
import { passOn } from '../services/webhooks.ts';

/** Bytes. An event carries one object; the largest seen are some hundred kilobytes. */
const LARGEST_EVENT = 1024 * 1024;

const Received = Type.Object({ received: Type.Literal(true) });

export interface WebhookRoutesOptions {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly endpoint: WebhookEndpoint;
}

export const webhookRoutes: FastifyPluginAsyncTypebox<WebhookRoutesOptions> = async (app, deps) => {
  // The signature covers the bytes as sent.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.post(
    '/webhooks/stripe',
    {
      onRequest: endSlowestBody(),
      bodyLimit: LARGEST_EVENT,
      schema: {
        tags: ['webhooks'],
        summary: 'Stripe’s events, signed',
        operationId: 'receiveStripeEvent',
        security: [],
        headers: Type.Object({ 'stripe-signature': Type.Optional(Type.String()) }),
        response: { 200: Received, ...problems(400, 413, 503) },
      },
    },
    async (request) => {
      const body = Buffer.isBuffer(request.body) ? request.body : undefined;
      const event = verifyEvent(body, request.headers['stripe-signature'], deps.endpoint);
      try {
        const outcome = await passOn(event, deps.ledger, deps.workflows);
        request.log.info({ eventType: event.type, outcome }, 'event');
      } catch (error) {
        if (error instanceof Problem || error instanceof TemporalUnavailable) throw error;
        throw unavailable('ledger_unavailable', 'The event could not be kept; please send it again.', error);
      }
      return { received: true as const };
    },
  );
};
