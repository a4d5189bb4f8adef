// Takes JSON as the only body: UTF-8, not compressed, every key once.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { repeatsKey } from './json-keys.ts';
import { Problem } from './problems.ts';

/** Strict: no overlong forms, no surrogates; a byte order mark is left in place, where JSON allows none. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const CHARSET = /;\s*charset\s*=\s*"?(?<name>[^";\s]+)/i;

/** An empty body is none, whatever its header says. */
export function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const text = textOf(body);
    if (text === null) return done(invalidJson('The body is not UTF-8.'));
    void parse(request, text, (error, value) => {
      if (error) done(invalidJson('The body is not valid JSON.'));
      else if (repeatsKey(text)) done(invalidJson('The body has a key twice in one object.'));
      else done(null, value);
    });
  });
}

/** A `preParsing` hook. @throws Problem 415 */
export async function refuseEncodedBody({ headers }: FastifyRequest): Promise<void> {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new Problem(415, 'unsupported_media_type', 'The body must not be compressed.');
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.groups?.name;
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
    throw new Problem(415, 'unsupported_media_type', 'The body must be UTF-8.');
}

function textOf(body: Buffer): string | null {
  try {
    return UTF8.decode(body);
  } catch {
    return null;
  }
}

function invalidJson(message: string): Problem {
  return new Problem(400, 'invalid_json', message);
}
