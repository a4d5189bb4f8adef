// Hashes of JSON values: equal values have equal hashes, whatever the order of their keys.
import { createHash, createHmac } from 'node:crypto';

/**
 * SHA-256, in hex, of a JSON value's canonical text: keys sorted, keys with `undefined` left out, as in RFC 8785.
 * Equal for equal values whatever the order of their keys; an absent key and a null differ.
 * @throws TypeError for what JSON cannot say (a function, a bigint, NaN, `undefined` itself)
 */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** HMAC-SHA-256, in hex, of the same text. Without the secret nobody can tell which value it is of. */
export function keyedHashOf(secret: string, value: unknown): string {
  return createHmac('sha256', secret).update(canonical(value)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
    return `{${members.join(',')}}`;
  }
  const isJson = value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
  if (!isJson) throw new TypeError(`no JSON for a ${typeof value}`);
  return JSON.stringify(value);
}
