// One answer of the API: its status, body and headers.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { API_VERSION } from '../store/world.ts';
import type { StripeProblem } from './errors.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Whether the request had begun to act, so that the answer is kept under its key. */
  readonly executed: boolean;
}

export type Headers = Readonly<Record<string, string>>;

/** @param error the body of `problem`, or what of it the caller may see */
export function answerOf(problem: StripeProblem, error: object = problem.body): Answer {
  return { status: problem.status, body: JSON.stringify({ error }), executed: problem.executed };
}

export function send(reply: FastifyReply, requestId: string, answer: Answer, headers: Headers = {}) {
  reply.code(answer.status).headers(headers);
  reply.header('request-id', requestId).header('stripe-version', API_VERSION);
  return reply.type('application/json').send(answer.body);
}

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '';
}

export function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}
