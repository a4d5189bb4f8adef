// How often each card has been tried, and whether its issuer has forbidden further attempts.
import type { Attempt } from '../model/charge.ts';
import type { Card } from '../model/enrolment.ts';
import type { Policy } from '../model/policy.ts';
import type { CustomerState, IssuerBudget } from '../model/state.ts';
import { reachedIssuer } from './charges.ts';
import { policyOf } from './policy.ts';
import { ISSUER_BUDGETS_REMEMBERED } from './state-limits.ts';

/** From when on this card may be asked again; `nowMs` when it may be asked now, null when never. */
export function budgetFreeFrom(
  issuerBudgets: readonly IssuerBudget[],
  fingerprint: string | null,
  { attemptsPerCard, cardBudgetWindowMs }: Policy,
  nowMs: number,
): number | null {
  const budget = issuerBudgets.find((other) => other.fingerprint === fingerprint);
  if (!budget) return nowMs;
  if (budget.blocked) return null;
  const recent = budget.attemptsAtMs.filter((atMs) => atMs > nowMs - cardBudgetWindowMs);
  const oldest = recent.at(-attemptsPerCard);
  return oldest === undefined ? nowMs : oldest + cardBudgetWindowMs;
}

/**
 * Counts an attempt on its card; what is older than the window is dropped. One that succeeded does not count: the
 * networks limit asking again after a no, and somebody who pays every day is nobody's retry.
 */
export function countAttempt(state: CustomerState, attempt: Attempt): CustomerState {
  const fingerprint = fingerprintNow(state, attempt);
  if (fingerprint === null || attempt.outcome === 'succeeded' || !reachedIssuer(attempt)) return state;
  const budget = budgetOf(state, fingerprint);
  const { cardBudgetWindowMs } = policyOf(state);
  const attemptsAtMs = [...budget.attemptsAtMs, attempt.atMs].filter(
    (atMs) => atMs > attempt.atMs - cardBudgetWindowMs,
  );
  return put(state, { ...budget, attemptsAtMs });
}

/** The issuer has forbidden further attempts. */
export function blockCard(state: CustomerState, attempt: Attempt): CustomerState {
  const fingerprint = fingerprintNow(state, attempt);
  return fingerprint === null ? state : put(state, { ...budgetOf(state, fingerprint), blocked: true });
}

/** The network has given the card another number: what was asked of the old one counts for the new one. */
export function carryBudgetOver(state: CustomerState, before: Card, after: Card): CustomerState {
  const budget = state.issuerBudgets.find(({ fingerprint }) => fingerprint === before.fingerprint);
  const { fingerprint } = after;
  if (!budget || fingerprint === null || fingerprint === before.fingerprint) return state;
  const known = budgetOf(state, fingerprint);
  return put(state, {
    fingerprint,
    network: after.brand,
    attemptsAtMs: [...budget.attemptsAtMs, ...known.attemptsAtMs].toSorted((one, other) => one - other),
    blocked: budget.blocked || known.blocked,
  });
}

/** An attempt may be answered after the network has given its card another number. */
function fingerprintNow({ mandate }: CustomerState, attempt: Attempt): string | null {
  return mandate?.paymentMethodId === attempt.paymentMethodId
    ? (mandate.card.fingerprint ?? attempt.fingerprint)
    : attempt.fingerprint;
}

function budgetOf({ issuerBudgets, mandate }: CustomerState, fingerprint: string): IssuerBudget {
  const network = mandate?.card.fingerprint === fingerprint ? mandate.card.brand : null;
  const budget = issuerBudgets.find((other) => other.fingerprint === fingerprint);
  return budget
    ? { ...budget, network: budget.network ?? network }
    : { fingerprint, network, attemptsAtMs: [], blocked: false };
}

function put(state: CustomerState, changed: IssuerBudget): CustomerState {
  const others = state.issuerBudgets.filter(({ fingerprint }) => fingerprint !== changed.fingerprint);
  return { ...state, issuerBudgets: [...others, changed].slice(-ISSUER_BUDGETS_REMEMBERED) };
}
