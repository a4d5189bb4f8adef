// When a declined charge may be tried again: hours where an issuer could not be reached, days for everything else.
import type { Attempt, Charge, Decline } from '../model/charge.ts';
import type { ChargePolicy, CollectionPolicy } from '../model/policy.ts';
import { isSpent } from '../shared/charges.ts';
import { DAY, HOUR } from '../shared/time.ts';
import { daysLaterAt } from '../shared/zone.ts';
import { classifyDecline, notBeforeHours } from './decline-codes.ts';

/** The charge's own policy, or the default, which knows no place. */
type Calendar = CollectionPolicy & Pick<ChargePolicy, 'zone'>;

/**
 * When to try again after the newest attempt was declined, or null when the calendar is used up.
 * A calendar belongs to the card: another card begins another one. What the customer tried at the bank does not advance
 * it. India-issued cards are asked once (docs.stripe.com/india-recurring-payments). Our policy: docs/decisions/0004.
 * @param charge with the declined attempt as its newest
 * @returns epoch ms, never in the past, and never before the issuer wants to be asked again
 */
export function nextRetry(
  charge: Charge,
  issuerCountry: string | null,
  policy: Calendar,
  nowMs: number,
): number | null {
  const newest = charge.attempts.at(-1);
  if (!newest?.decline || issuerCountry === 'IN' || isSpent(charge, policy)) return null;
  const ours = charge.attempts.filter((attempt) => isOurs(attempt, newest));
  const atMs = onCalendar(ours, newest.decline, policy, charge.dueAtMs, nowMs);
  return atMs === null ? null : Math.max(atMs, nowMs + notBeforeHours(newest.decline) * HOUR);
}

/** What we asked of the card that has just declined. */
function isOurs({ onSession, paymentMethodId, outcome }: Attempt, newest: Attempt): boolean {
  const isAnswered = outcome === 'declined' || outcome === 'step_up';
  return !onSession && isAnswered && paymentMethodId === newest.paymentMethodId;
}

function onCalendar(
  ours: readonly Attempt[],
  decline: Decline,
  { soft, unknown, transient, zone }: Calendar,
  dueAtMs: number,
  nowMs: number,
): number | null {
  const declines = ours.flatMap((attempt) =>
    attempt.outcome === 'declined' && attempt.decline ? [attempt.decline] : [],
  );
  const hours = declines.filter(isForHours).length;
  if (isForHours(decline)) {
    const wait = transient.hours[Math.max(0, hours - 1)];
    if (wait !== undefined) return nowMs + wait * HOUR;
  }
  const { days, at } = classifyDecline(decline) === 'unknown' ? unknown : soft;
  const slot = Math.max(0, declines.length - Math.min(hours, transient.hours.length) - 1);
  const day = days[slot];
  if (day === undefined) return null;
  const later = (fromMs: number, count: number) =>
    at === undefined || zone === undefined ? fromMs + count * DAY : daysLaterAt(zone, fromMs, count, at);
  const atMs = later(ours[0]?.atMs ?? dueAtMs, day);
  // A day that has passed is made up for, as far from now as it was from the one before it.
  const isPast = atMs <= nowMs;
  return Math.max(isPast ? later(nowMs, day - (days[slot - 1] ?? 0)) : atMs, nowMs + HOUR);
}

/** The issuer could not be reached, or says itself that it is a matter of hours. */
function isForHours(decline: Decline): boolean {
  const kind = classifyDecline(decline);
  const wait = notBeforeHours(decline);
  return kind === 'transient' || (kind === 'soft' && wait > 0 && wait < 24);
}
