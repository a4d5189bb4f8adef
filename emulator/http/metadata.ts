// Metadata: its limits, and how an update is merged into what is there.
import { invalidRequest } from './errors.ts';
import type { Reader } from './params.ts';

const MAX_KEYS = 50;
const MAX_KEY = 40;
/** Stripe says "characters". They are counted in UTF-16 code units here, the strictest reading but for bytes. */
const MAX_VALUE = 500;

/** Metadata as given: an empty value unsets its key, an empty string instead of the group unsets all. */
export const metadata: Reader<Record<string, string> | null> = (value, param) => {
  if (value === '') return null;
  if (typeof value !== 'object' || value === null) throw invalidRequest('Invalid object', { param });
  const entries: [string, string][] = Object.entries(value);
  for (const [key, item] of entries) {
    const at = { param: `${param}[${key}]` };
    if (typeof item !== 'string') throw invalidRequest('Metadata values can only be strings.', at);
    if (key.length > MAX_KEY) {
      throw invalidRequest(
        `Metadata keys can have up to ${MAX_KEY} characters, but you passed in a key that is ${key.length} characters. Invalid key: ${key}`,
        at,
      );
    }
    if (item.length > MAX_VALUE) {
      throw invalidRequest(
        `Metadata values can have up to ${MAX_VALUE} characters, but you passed in a value that is ${item.length} characters. Invalid value: ${item}`,
        at,
      );
    }
  }
  checkCount(entries.length);
  return Object.fromEntries(entries);
};

/**
 * `current` with `change` merged into it the way Stripe does.
 * @throws StripeProblem 400 if there are more than 50 keys then
 */
export function mergeMetadata(
  current: Record<string, string> | null,
  change: Record<string, string> | null | undefined,
): Record<string, string> {
  if (change === null) return {};
  const merged = Object.entries({ ...current, ...change }).filter(([, value]) => value !== '');
  checkCount(merged.length);
  return Object.fromEntries(merged);
}

function checkCount(keys: number): void {
  if (keys > MAX_KEYS) {
    throw invalidRequest(`You may have up to ${MAX_KEYS} metadata keys.`, { param: 'metadata' });
  }
}
