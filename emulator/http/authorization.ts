// Who may call: test keys only. It keeps no keys; any key of the right form opens this account.
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
  const why = /^(sk|rk|pk)_live_/.test(key) ? ' This is an emulator: live keys have no place here.' : '';
  throw unauthorized(`Invalid API Key provided: ${shown}.${why}`);
}

function keyIn(header: string): string {
  const [scheme, value = ''] = header.split(' ');
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() !== 'basic') return '';
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? '';
}
