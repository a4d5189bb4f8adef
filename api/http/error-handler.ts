// Turns every failure into a problem that says nothing of what went wrong inside us.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import { StripeUnavailable } from '../../stripe/reader.ts';
import { TemporalUnavailable } from '../../temporal/customer-workflows.ts';
import { type FieldError, Problem, unavailable } from './problems.ts';
import { HTTP_STATUS } from './refusal-status.ts';

/** Fastify's error handler: one shape for everything. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemFrom(error);
  if (problem.status >= 500) request.log.error({ err: problem.cause ?? error }, problem.message);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter));
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .send(bodyOf(problem.status, problem.code, problem.message, problem.errors));
}

/** What never becomes a request: Node's parser refuses it, and the connection with it. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error);
    return;
  }
  const [status, code, detail] = unreadable(error);
  const body = JSON.stringify(bodyOf(status, code, detail));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function unreadable({ code }: NodeJS.ErrnoException) {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'headers_too_large', 'The address and headers are too large.'] as const;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'request_timeout', 'The request took too long to arrive.'] as const;
    default:
      return [400, 'invalid_request', 'This is not an HTTP request.'] as const;
  }
}

/** 404 for what there is not. */
export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerProblem(new Problem(404, 'not_found', 'There is nothing under this address.'), request, reply);
}

function bodyOf(status: number, code: string, detail: string, errors?: readonly FieldError[]): object {
  return omitUndefined({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    errors,
  });
}

interface AnyProblem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly errors?: readonly FieldError[] | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

function problemFrom(error: unknown): AnyProblem {
  if (error instanceof Problem) return error;
  if (error instanceof TemporalUnavailable)
    return unavailable('temporal_unavailable', error.message, error.cause);
  if (error instanceof StripeUnavailable)
    return unavailable('stripe_unavailable', error.message, error.cause);
  if (error instanceof Refusal)
    return { status: HTTP_STATUS[error.code], code: error.code, message: error.message };
  const fault = error as Partial<FastifyError>;
  if (fault.validation) {
    return new Problem(400, 'invalid_request', 'The request is not well-formed.', {
      errors: fault.validation
        .slice(0, ERRORS_NAMED)
        .map((found) => fieldError(`/${fault.validationContext ?? 'body'}`, found)),
    });
  }
  const { statusCode } = fault;
  if (statusCode === 413) return new Problem(413, 'payload_too_large', 'The body is too large.');
  if (statusCode === 415)
    return new Problem(
      415,
      'unsupported_media_type',
      'The body must be JSON: content-type application/json.',
    );
  // The rate limit's own: it has set `Retry-After` itself.
  if (statusCode === 429) return new Problem(429, 'too_many_requests', 'Too many requests; please wait.');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new Problem(400, 'invalid_request', 'The request is not well-formed.');
  if (isLedgerUnreachable(fault))
    return unavailable('ledger_unavailable', 'The ledger does not answer; please try again.', error);
  return new Problem(500, 'internal_error', 'Something went wrong on our side.', { cause: error });
}

/** Of a schema, with the schema that was violated. */
type Violation = NonNullable<FastifyError['validation']>[number] & {
  readonly parentSchema?: { readonly examples?: readonly unknown[] };
};

/** An answer to a request full of faults is not to be long: so many are named, and so many characters of each path. */
const ERRORS_NAMED = 20;
const LONGEST_PATH = 200;

/** Names the field itself, also where the validator names only what surrounds it. */
function fieldError(context: string, found: Violation): FieldError {
  const { instancePath, params, keyword, message = 'is not allowed', parentSchema } = found;
  const inside = (context + instancePath).slice(0, LONGEST_PATH);
  if (keyword === 'required') return { path: `${inside}/${params.missingProperty}`, message: 'is missing' };
  if (keyword === 'additionalProperties')
    return {
      path: `${inside}/${params.additionalProperty}`.slice(0, LONGEST_PATH),
      message: 'is not a known field',
    };
  if (keyword === 'enum' && Array.isArray(params.allowedValues))
    return { path: inside, message: `must be one of ${params.allowedValues.join(', ')}` };
  const example = parentSchema?.examples?.[0];
  if (example === undefined) return { path: inside, message };
  return { path: inside, message: `${message}, such as ${JSON.stringify(example)}` };
}

/** A database that cannot be reached, by Node's codes and PostgreSQL's classes 08 and 57 (its appendix A). */
function isLedgerUnreachable({ code, message }: Partial<FastifyError>): boolean {
  if (
    /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|08\w{3}|57P\d\d|53300)$/.test(code ?? '')
  )
    return true;
  return /^(Connection terminated|timeout exceeded when trying to connect)/.test(message ?? '');
}
