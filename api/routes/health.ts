// Whether this process lives, and whether what it needs answers; Stripe is not asked, for payments can wait for it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Ledger } from '../../ledger/ledger.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { RETRY_AFTER } from '../http/problems.ts';

const tags = ['health'];
const security: { [name: string]: string[] }[] = [];

const Answering = Type.Enum(['ok', 'unreachable']);
const Readiness = Type.Object({
  status: Type.Enum(['ready', 'not_ready']),
  temporal: Answering,
  ledger: Answering,
  workers: Type.Optional(
    Type.Integer({
      description:
        'That have lately asked for work. With none of them everything is accepted, and nothing done.',
    }),
  ),
  killSwitch: Type.Optional(Type.Enum(['on', 'off'], { description: 'On: nothing is attempted.' })),
});

export interface HealthRoutesOptions {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
}

export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (
  app,
  { ledger, workflows },
) => {
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

  const readiness = shared(async (log: FastifyBaseLogger): Promise<Static<typeof Readiness>> => {
    const answerOf = async <Answer>(what: string, ask: () => Promise<Answer>) => {
      try {
        return { state: 'ok' as const, answer: await ask() };
      } catch (error) {
        log.warn({ err: error }, `not ready: ${what} does not answer`);
        return { state: 'unreachable' as const };
      }
    };
    const [temporal, ledgerAnswer] = await Promise.all([
      answerOf('temporal', workflows.countWorkers),
      answerOf('ledger', ledger.ping),
    ]);
    const states = { temporal: temporal.state, ledger: ledgerAnswer.state };
    if (temporal.state !== 'ok' || ledgerAnswer.state !== 'ok') return { status: 'not_ready', ...states };
    const killSwitch = (await ledger.isKillSwitchOn()) ? 'on' : 'off';
    return { status: 'ready', ...states, workers: temporal.answer, killSwitch };
  });

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
      const answer = await readiness(request.log);
      if (answer.status === 'ready') return reply.code(200).send(answer);
      reply.header('retry-after', String(RETRY_AFTER));
      return reply.code(503).send(answer);
    },
  );
};

/** Who asks while an answer is on its way gets that one: anybody may ask, and must not keep the ledger busy. */
function shared<Input, Answer>(ask: (input: Input) => Promise<Answer>): (input: Input) => Promise<Answer> {
  let underWay: Promise<Answer> | null = null;
  return (input) => {
    underWay ??= ask(input).finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
