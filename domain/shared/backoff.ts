// How long to wait before Stripe is asked the next time.

/** The wait before look number `looks` (0-based); the last one repeats. */
export function backoffDelay(waits: readonly number[], checks: number): number {
  return waits[Math.min(checks, waits.length - 1)] ?? 0;
}
