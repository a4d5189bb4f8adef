// The shape of a problem (RFC 9457), and the responses a route documents with it.
import Type from 'typebox';

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

const DESCRIPTIONS: { readonly [status: number]: string } = {
  400: 'The request is not well-formed.',
  401: 'There is no valid API key.',
  403: 'The API key lacks the scope.',
  404: 'There is no such thing.',
  409: 'The id is in use with other terms, or the state does not allow it.',
  410: 'What the link was for is over.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'Well-formed, but refused.',
  431: 'The address and headers are too large.',
  429: 'Too many requests.',
  503: 'Something we depend on does not answer; asking again is safe (`Retry-After`).',
};

const RETRY_AFTER_HEADER = {
  'Retry-After': { type: 'integer', minimum: 0, description: 'Seconds until it is worth asking again.' },
};

/** Response schemas for problems with these statuses. */
export function problems<Status extends number>(...statuses: Status[]) {
  const problem = (status: Status) => ({
    description: DESCRIPTIONS[status] ?? 'A problem.',
    ...(status === 429 || status === 503 ? { headers: RETRY_AFTER_HEADER } : {}),
    content: { 'application/problem+json': { schema: ProblemAnswer } },
  });
  return Object.fromEntries(statuses.map((status) => [status, problem(status)])) as {
    readonly [Each in Status]: ReturnType<typeof problem>;
  };
}
