// When a declined charge may be tried again, and how often a card may be asked.
import type { Charge } from '../model/charge.ts';
import type { Policy } from '../model/policy.ts';
import { isSpent } from '../shared/charges.ts';
import { DAY, HOUR } from '../shared/time.ts';
import { classifyDecline, type DeclineClass } from './decline-codes.ts';

/**
 * When to try again after the newest attempt was declined, or null when the calendar is used up.
 * The calendar belongs to the card: another card begins another one. India-issued cards are asked once
 * (docs.stripe.com/india-recurring-payments). Our policy: docs/decisions/0004.
 * @param charge with the declined attempt as its newest
 * @returns epoch ms, never in the past
 */
export function nextRetry(
  charge: Charge,
  issuerCountry: string | null,
  policy: Policy,
  nowMs: number,
): number | null {
  const { softRetryDays, transientRetryHours, unknownDeclineRetries } = policy;
  const newest = charge.attempts.at(-1);
  if (!newest?.decline || issuerCountry === 'IN') return null;
  if (isSpent(charge, policy)) return null;
  const onThisCard = charge.attempts.filter(
    (attempt) => attempt.outcome === 'declined' && attempt.paymentMethodId === newest.paymentMethodId,
  );
  const count = (...classes: DeclineClass[]) =>
    onThisCard.filter(({ decline }) => decline && classes.includes(classifyDecline(decline))).length;
  const newestClass = classifyDecline(newest.decline);
  if (newestClass === 'unknown' && count('unknown') > unknownDeclineRetries) return null;
  const hours = newestClass === 'transient' ? transientRetryHours[count('transient') - 1] : undefined;
  if (hours !== undefined) return nowMs + hours * HOUR;
  const beyondTransient = Math.max(0, count('transient') - transientRetryHours.length);
  const days = softRetryDays[count('soft', 'unknown') + beyondTransient - 1];
  if (days === undefined) return null;
  const onCalendar = (onThisCard[0]?.atMs ?? charge.dueAtMs) + days * DAY;
  return Math.max(onCalendar, nowMs + HOUR);
}
