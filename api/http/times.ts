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
