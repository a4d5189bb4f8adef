// Whether this process lives, and whether what it needs answers. Never Stripe's fault: payments wait, we do not.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Billing } from '../../temporal/customers.ts';
import { RETRY_AFTER } from '../http/problems.ts';

const tags = ['health'];
const security: { [name: string]: string[] }[] = [];

const Word = Type.Enum(['ok', 'unreachable']);
const Readiness = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  temporal: Word,
  ledger: Word,
  killSwitch: Type.Optional(
    Type.Enum(['on', 'off'], { description: 'The emergency brake: on, nothing is attempted.' }),
  ),
});

export interface HealthDeps {
  readonly ledger: Ledger;
  readonly billing: Billing;
}

export const healthRoutes: FastifyPluginAsyncTypebox<HealthDeps> = async (app, { ledger, billing }) => {
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        security,
        summary: 'The process lives',
        operationId: 'health',
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        security,
        summary: 'Temporal and the ledger answer',
        operationId: 'readiness',
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (request, reply) => {
      const wordOf = async (what: string, ping: () => Promise<void>) => {
        try {
          await ping();
          return 'ok' as const;
        } catch (error) {
          request.log.warn({ err: error }, `not ready: ${what} does not answer`);
          return 'unreachable' as const;
        }
      };
      const [temporal, kept] = await Promise.all([
        wordOf('temporal', billing.ping),
        wordOf('ledger', ledger.ping),
      ]);
      if (temporal === 'ok' && kept === 'ok')
        return reply.code(200).send({
          status: 'ready',
          temporal,
          ledger: kept,
          killSwitch: (await ledger.isKillSwitchOn()) ? 'on' : 'off',
        });
      reply.header('retry-after', String(RETRY_AFTER));
      return reply.code(503).send({ status: 'not_ready', temporal, ledger: kept });
    },
  );
};
