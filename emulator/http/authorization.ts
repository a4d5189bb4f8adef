// Who may call: any test key opens the one account there is.
import type { FastifyRequest } from 'fastify';
import { unauthorized } from './errors.ts';

/**
 * What the request's key allows.
 * @throws StripeProblem 401 without a key, with a live one, or with anything that is no key
 */
export function keyOf(request: FastifyRequest): { publishable: boolean } {
  const key = keyIn(request.headers.authorization ?? '');
  if (key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (/^(sk|rk)_test_\w+$/.test(key)) return { publishable: false };
  if (/^pk_test_\w+$/.test(key)) return { publishable: true };
  const shown = `${key.slice(0, 8)}${'*'.repeat(Math.max(0, key.length - 8))}`;
  const hint = /^(sk|rk|pk)_live_/.test(key) ? ' This is an emulator, which takes no live keys.' : '';
  throw unauthorized(`Invalid API Key provided: ${shown}.${hint}`);
}

/** The key in an `Authorization` header: as a bearer token, or as the user name of basic authentication. */
function keyIn(header: string): string {
  const [scheme, value = ''] = header.split(' ');
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return '';
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '';
}
