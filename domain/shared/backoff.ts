// How long to wait before Stripe is asked the next time.

/** @param checks how many there have been: 0 before the first; the last wait repeats */
export function backoffDelay(waits: readonly number[], checks: number): number {
  return waits[Math.min(checks, waits.length - 1)] ?? 0;
}
