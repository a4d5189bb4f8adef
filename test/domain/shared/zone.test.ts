// Calendar days in a customer's zone are those of a library for them, in every zone and for decades.
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { expect, test } from 'vitest';
import { zoneFor } from '../../../config/zones.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { daysLaterAt } from '../../../domain/shared/zone.ts';

const YEARS = 20;
const FROM = Date.UTC(2026, 0, 1);
const ZONES = Intl.supportedValuesOf('timeZone');

/** By the library. */
function expected(timeZone: string, fromMs: number, days: number, at: string): number {
  const day = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone).toPlainDate();
  return day.add({ days }).toZonedDateTime({ timeZone, plainTime: at }).epochMilliseconds;
}

const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
const clock = minute.map(
  (of) => `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`,
);

test(`no due date drifts in ${YEARS} years of any zone`, () => {
  expect(ZONES.length).toBeGreaterThan(400);
  const zones = new Map(
    ZONES.map((timeZone) => [timeZone, zoneFor(timeZone, FROM, FROM + (YEARS + 1) * 366 * DAY)]),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: FROM, max: FROM + YEARS * 365 * DAY }),
      fc.integer({ min: 0, max: 60 }),
      clock,
      (timeZone, fromMs, days, at) => {
        const zone = zones.get(timeZone);
        if (!zone) throw new Error(timeZone);
        expect(daysLaterAt(zone, fromMs, days, at)).toBe(expected(timeZone, fromMs, days, at));
      },
    ),
    { numRuns: 5_000, interruptAfterTimeLimit: 8_000 },
  );
}, 60_000);

test.each([
  // Clocks go forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
  ['2026-03-28T12:00:00Z', 1, '02:30', '2026-03-29T01:30:00Z'],
  ['2026-03-28T12:00:00Z', 1, '09:00', '2026-03-29T07:00:00Z'],
  ['2026-03-28T12:00:00Z', 0, '09:00', '2026-03-28T08:00:00Z'],
  ['2026-10-24T12:00:00Z', 1, '02:30', '2026-10-25T00:30:00Z'],
  ['2026-10-24T12:00:00Z', 2, '09:00', '2026-10-26T08:00:00Z'],
  // It is past midnight in Berlin already.
  ['2026-07-01T22:30:00Z', 1, '09:00', '2026-07-03T07:00:00Z'],
])('in Berlin, from %s, %i days later at %s is %s', (from, days, at, is) => {
  const zone = zoneFor('Europe/Berlin', Date.parse(from), Date.parse(from) + 400 * DAY);
  expect(new Date(daysLaterAt(zone, Date.parse(from), days, at)).toISOString()).toBe(
    new Date(is).toISOString(),
  );
});

test('two years of a zone are a few numbers, and one that never changes is one', () => {
  const years = (timeZone: string) => zoneFor(timeZone, FROM, FROM + 2 * 365 * DAY);
  expect(years('Europe/Berlin').offsets.map(([, minutes]) => minutes)).toEqual([60, 120, 60, 120, 60]);
  expect(years('Asia/Kolkata')).toEqual({ timeZone: 'Asia/Kolkata', offsets: [[FROM, 330]] });
  expect(JSON.stringify(years('Europe/Berlin')).length).toBeLessThan(150);
});
