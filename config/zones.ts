// What is written down of a time zone with a charge: its distances from UTC for as long as the charge can matter.
import { Temporal } from 'temporal-polyfill';
import type { Zone } from '../domain/model/policy.ts';

/**
 * Read from this process's zone data once. Workflow code computes with the numbers alone, so zone data that changes later
 * changes no history.
 * @param fromMs epoch ms
 * @param untilMs epoch ms; after that the last distance holds
 * @throws RangeError for a zone that nobody knows (see `isTimeZone`)
 */
export function zoneFor(timeZone: string, fromMs: number, untilMs: number): Zone {
  const offsets: [number, number][] = [];
  let at: Temporal.ZonedDateTime | null =
    Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone);
  while (at !== null && at.epochMilliseconds <= untilMs) {
    offsets.push([at.epochMilliseconds, at.offsetNanoseconds / 60e9]);
    at = at.getTimeZoneTransition('next');
  }
  return { timeZone, offsets };
}

/** Whether this is a zone by its IANA name; an offset such as `+01:00` is none, for it knows no summer. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}
