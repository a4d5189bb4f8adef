// How times are written for people and programs outside.

/**
 * Inside, a time is epoch milliseconds under a key that ends in `Ms`; outside it is RFC 3339 under the key without it.
 * @returns the same value with its times as outside, at any depth
 */
export function withOutsideTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOutsideTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key.endsWith('Ms') && typeof member === 'number'
        ? [key.slice(0, -'Ms'.length), new Date(member).toISOString()]
        : [key, withOutsideTimes(member)],
    ),
  );
}
