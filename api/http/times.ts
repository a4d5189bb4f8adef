// Times over HTTP are RFC 3339 in UTC; inside they are epoch milliseconds.

/** @param ms epoch milliseconds */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Absent stays absent. */
export function timeOrNone(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : timeOf(ms);
}

/** Epoch milliseconds of a time that its schema has checked. */
export function msOf(time: string): number {
  return Date.parse(time);
}

/** Facts name their times `…Ms`; over HTTP each becomes `…` in RFC 3339, at any depth. */
export function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key.endsWith('Ms') && typeof member === 'number'
        ? [key.slice(0, -'Ms'.length), timeOf(member)]
        : [key, withTimes(member)],
    ),
  );
}
