// The shape of a problem (RFC 9457), and the responses a route documents with it.
import { STATUS_CODES } from 'node:http';
import Type from 'typebox';
import type { RefusalCode } from '../../../domain/shared/refusal.ts';
import type { ProblemCode } from '../problems.ts';

const ProblemAnswer = Type.Object(
  {
    type: Type.String({ examples: ['about:blank'] }),
    title: Type.String({ examples: ['Unprocessable Entity'] }),
    status: Type.Integer({ examples: [422] }),
    detail: Type.String({ examples: ['The smallest charge in eur is 0.50 EUR.'] }),
    code: Type.String({ description: 'Stable; for programs.', examples: ['amount_too_small'] }),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ examples: ['/body/amount'] }), message: Type.String() }), {
        description: 'Every field that is wrong.',
      }),
    ),
  },
  { title: 'Problem', description: 'A problem (RFC 9457).' },
);

/** What a status means here, and one answer with it that callers really get. */
interface Refused {
  readonly description: string;
  readonly code: ProblemCode | RefusalCode;
  readonly detail: string;
}

const REFUSED: { readonly [status: number]: Refused } = {
  400: {
    description: 'The request is not well-formed.',
    code: 'invalid_request',
    detail: 'The request is not well-formed.',
  },
  401: {
    description: 'There is no valid API key.',
    code: 'unauthorized',
    detail: 'Send an API key: authorization: Bearer <key>.',
  },
  403: {
    description: 'The API key lacks the scope.',
    code: 'forbidden',
    detail: 'This needs a key with the scope "charge".',
  },
  404: {
    description: 'There is no such thing.',
    code: 'customer_not_found',
    detail: 'There is no customer "customer-42".',
  },
  409: {
    description: 'The id is in use with other terms, or the state does not allow it.',
    code: 'customer_cancelled',
    detail: 'The customer is cancelled; enrol again to bring them back.',
  },
  410: {
    description: 'What the link was for is over.',
    code: 'link_closed',
    detail: 'What this link was for is over.',
  },
  413: {
    description: 'The body is too large.',
    code: 'payload_too_large',
    detail: 'The body is too large.',
  },
  415: {
    description: 'The body is not JSON.',
    code: 'unsupported_media_type',
    detail: 'The body must be JSON: content-type application/json.',
  },
  422: {
    description: 'Well-formed, but refused.',
    code: 'amount_too_small',
    detail: 'The smallest charge in eur is 0.50 EUR.',
  },
  429: {
    description: 'Too many requests.',
    code: 'too_many_requests',
    detail: 'Too many requests; please wait.',
  },
  431: {
    description: 'The address and headers are too large.',
    code: 'headers_too_large',
    detail: 'The address and headers are too large.',
  },
  503: {
    description: 'Something we depend on does not answer; asking again is safe (`Retry-After`).',
    code: 'ledger_unavailable',
    detail: 'The ledger does not answer; please try again.',
  },
};

const RETRY_AFTER_HEADER = {
  'Retry-After': { type: 'integer', minimum: 0, description: 'Seconds until it is worth asking again.' },
};

/** Response schemas for problems with these statuses. @throws Error for a status that has no description here */
export function problems<Status extends number>(...statuses: Status[]) {
  return Object.fromEntries(statuses.map((status) => [status, problem(status)])) as {
    readonly [Each in Status]: ReturnType<typeof problem>;
  };
}

function problem(status: number) {
  const refused = REFUSED[status];
  if (!refused) throw new Error(`nothing says what ${status} means`);
  const { description, code, detail } = refused;
  const example = { type: 'about:blank', title: STATUS_CODES[status], status, detail, code };
  return {
    description,
    ...(status === 429 || status === 503 ? { headers: RETRY_AFTER_HEADER } : {}),
    content: { 'application/problem+json': { schema: ProblemAnswer, example } },
  };
}
