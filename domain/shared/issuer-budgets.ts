// How often each card was asked, and whether its issuer said never again.
import type { Attempt } from '../model/charge.ts';
import type { IssuerBudget } from '../model/state.ts';
import { ATTEMPTS_PER_CARD, CARD_BUDGET_WINDOW, ISSUER_BUDGETS_REMEMBERED } from './policy.ts';

/** From when on this card may be asked again; `nowMs` when it may be asked now, null when never. */
export function chargeableFrom(
  cards: readonly IssuerBudget[],
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
export function countAttempt(cards: readonly IssuerBudget[], attempt: Attempt): readonly IssuerBudget[] {
  // The networks limit asking again after a no: somebody who pays every day is nobody's retry.
  if (attempt.fingerprint === null || attempt.outcome === 'succeeded') return cards;
  const use = cards.find((card) => card.fingerprint === attempt.fingerprint);
  const attemptsAtMs = [...(use?.attemptsAtMs ?? []), attempt.atMs].filter(
    (atMs) => atMs > attempt.atMs - CARD_BUDGET_WINDOW,
  );
  return keep(cards, { fingerprint: attempt.fingerprint, dead: use?.dead ?? false, attemptsAtMs });
}

/** The issuer said never again. */
export function blockCard(
  cards: readonly IssuerBudget[],
  fingerprint: string | null,
): readonly IssuerBudget[] {
  if (fingerprint === null) return cards;
  const use = cards.find((card) => card.fingerprint === fingerprint);
  return keep(cards, { fingerprint, attemptsAtMs: use?.attemptsAtMs ?? [], dead: true });
}

export function keep(cards: readonly IssuerBudget[], changed: IssuerBudget): readonly IssuerBudget[] {
  return [...cards.filter((card) => card.fingerprint !== changed.fingerprint), changed].slice(
    -ISSUER_BUDGETS_REMEMBERED,
  );
}
