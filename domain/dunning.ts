// When a declined charge may be tried again, and how often a card may be asked. It starts nothing.
import { classifyDecline, type DeclineClass } from './decline.ts';
import {
  ATTEMPTS_PER_CARD,
  ATTEMPTS_PER_CHARGE,
  CARD_BUDGET_WINDOW,
  CARDS_REMEMBERED,
  DAY,
  HOUR,
  SOFT_RETRY_DAYS,
  TRANSIENT_RETRY_HOURS,
  UNKNOWN_DECLINE_RETRIES,
} from './policy.ts';
import type { Attempt, CardUse, Charge } from './state.ts';

/**
 * When to try again after the newest attempt was declined, or null when the calendar is used up.
 * The calendar belongs to the card: another card starts it anew. India-issued cards are asked once
 * (docs.stripe.com/india-recurring-payments). Our policy: docs/decisions/0004.
 * @param charge with the declined attempt as its newest
 * @returns epoch ms, never in the past
 */
export function nextRetry(charge: Charge, issuerCountry: string | null, nowMs: number): number | null {
  const newest = charge.attempts.at(-1);
  if (!newest?.decline || issuerCountry === 'IN') return null;
  if (isSpent(charge)) return null;
  const onThisCard = charge.attempts.filter(
    (attempt) => attempt.outcome === 'declined' && attempt.paymentMethodId === newest.paymentMethodId,
  );
  const count = (...classes: DeclineClass[]) =>
    onThisCard.filter(({ decline }) => decline && classes.includes(classifyDecline(decline))).length;
  const newestClass = classifyDecline(newest.decline);
  if (newestClass === 'unknown' && count('unknown') > UNKNOWN_DECLINE_RETRIES) return null;
  const hours = newestClass === 'transient' ? TRANSIENT_RETRY_HOURS[count('transient') - 1] : undefined;
  if (hours !== undefined) return nowMs + hours * HOUR;
  const beyondTransient = Math.max(0, count('transient') - TRANSIENT_RETRY_HOURS.length);
  const days = SOFT_RETRY_DAYS[count('soft', 'unknown') + beyondTransient - 1];
  if (days === undefined) return null;
  const onCalendar = (onThisCard[0]?.atMs ?? charge.dueAtMs) + days * DAY;
  return Math.max(onCalendar, nowMs + HOUR);
}

/** How often the issuer was asked for this charge. What never reached it does not count. */
export function issuerAttempts(charge: Charge): number {
  return charge.attempts.filter(reachedIssuer).length;
}

/** Whether the issuer has been asked for this charge as often as we allow, on whatever cards. */
export function isSpent(charge: Charge): boolean {
  return issuerAttempts(charge) >= ATTEMPTS_PER_CHARGE;
}

/** Whether the issuer heard of it, as far as we know; one under way counts. */
export function reachedIssuer({ outcome }: Attempt): boolean {
  return outcome !== 'unknown' && outcome !== 'refused';
}

/** From when on this card may be asked again; `nowMs` when it may be asked now, null when never. */
export function cardFreeAt(
  cards: readonly CardUse[],
  fingerprint: string | null,
  nowMs: number,
): number | null {
  const use = cards.find((card) => card.fingerprint === fingerprint);
  if (!use) return nowMs;
  if (use.dead) return null;
  const recent = use.attemptsAtMs.filter((atMs) => atMs > nowMs - CARD_BUDGET_WINDOW);
  const blocking = recent.at(-ATTEMPTS_PER_CARD);
  return blocking === undefined ? nowMs : blocking + CARD_BUDGET_WINDOW;
}

/** Counts an attempt on its card; what is older than the window is dropped. */
export function countAttempt(cards: readonly CardUse[], attempt: Attempt): readonly CardUse[] {
  // The networks limit asking again after a no: somebody who pays every day is nobody's retry.
  if (attempt.fingerprint === null || attempt.outcome === 'succeeded') return cards;
  const use = cards.find((card) => card.fingerprint === attempt.fingerprint);
  const attemptsAtMs = [...(use?.attemptsAtMs ?? []), attempt.atMs].filter(
    (atMs) => atMs > attempt.atMs - CARD_BUDGET_WINDOW,
  );
  return keep(cards, { fingerprint: attempt.fingerprint, dead: use?.dead ?? false, attemptsAtMs });
}

/** The issuer said never again. */
export function markDead(cards: readonly CardUse[], fingerprint: string | null): readonly CardUse[] {
  if (fingerprint === null) return cards;
  const use = cards.find((card) => card.fingerprint === fingerprint);
  return keep(cards, { fingerprint, attemptsAtMs: use?.attemptsAtMs ?? [], dead: true });
}

function keep(cards: readonly CardUse[], changed: CardUse): readonly CardUse[] {
  return [...cards.filter((card) => card.fingerprint !== changed.fingerprint), changed].slice(
    -CARDS_REMEMBERED,
  );
}
