// Tells whether two JSON values are the same without both being at hand.

const PRIMES = [2_654_435_761, 1_597_334_677] as const;

/** A variable of our own, for in a workflow's sandbox each look at a global one takes about as long as a hundred of these. */
const { imul } = Math;

/**
 * A short text that is the same for equal JSON values, whatever the order of their keys, and almost surely another one
 * for others. Against mistakes, not against people: it is no cryptographic hash, for workflows have none.
 */
export function digestOf(value: unknown): string {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  const text = canonical(value);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = imul(high ^ code, PRIMES[0]);
    low = imul(low ^ code, PRIMES[1]);
  }
  high = imul(high ^ (high >>> 16), PRIMES[1]) ^ imul(low ^ (low >>> 13), PRIMES[0]);
  low = imul(low ^ (low >>> 16), PRIMES[1]) ^ imul(high ^ (high >>> 13), PRIMES[0]);
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}

/** Keys sorted, those whose value is undefined left out, as JSON leaves them out. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`);
  return `{${members.join(',')}}`;
}
