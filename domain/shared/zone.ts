// Calendar days in the time zone of a customer, by the distances from UTC that were written down with a charge.
import type { Zone } from '../model/policy.ts';
import { DAY, MINUTE } from './time.ts';

/**
 * When the clocks of this zone show `at`, so many days after the day on which `fromMs` (epoch ms) falls there. A time
 * that is skipped in spring is as much later as is skipped; of one that comes twice in autumn the first is meant.
 * @param at `HH:MM`
 * @returns epoch ms
 */
export function daysLaterAt(zone: Zone, fromMs: number, days: number, at: string): number {
  const [hours = 0, minutes = 0] = at.split(':').map(Number);
  const localDay = Math.floor((fromMs + offsetAt(zone, fromMs)) / DAY) * DAY;
  const wanted = localDay + days * DAY + (hours * 60 + minutes) * MINUTE;
  // No zone is further than a day from UTC, and none changes twice in two days.
  const before = offsetAt(zone, wanted - DAY);
  const after = offsetAt(zone, wanted + DAY);
  const candidates = [before, after].map((offset) => wanted - offset);
  const shown = candidates.filter((atMs) => atMs + offsetAt(zone, atMs) === wanted);
  return shown.length > 0 ? Math.min(...shown) : wanted - before;
}

/** Milliseconds east of UTC. */
function offsetAt({ offsets }: Zone, atMs: number): number {
  const known = offsets.findLast(([fromMs]) => fromMs <= atMs) ?? offsets[0];
  return (known?.[1] ?? 0) * MINUTE;
}
