// How often each card has been asked without success, as its network counts, and whether its issuer wants no more of it.
import type { Attempt, Charge } from '../model/charge.ts';
import type { Card } from '../model/enrolment.ts';
import type { Policy } from '../model/policy.ts';
import type { BudgetedAttempt, CustomerState, IssuerBudget } from '../model/state.ts';
import { reachedIssuer } from './charges.ts';
import { BUDGETED_ATTEMPTS_REMEMBERED, ISSUER_BUDGETS_REMEMBERED } from './state-limits.ts';
import { DAY, HOUR } from './time.ts';

/** What a card is asked for. */
type Owed = Pick<Charge, 'amount' | 'currency'>;
type AskedCard = Pick<Card, 'fingerprint' | 'brand'>;

/** No network looks further back. */
const LONGEST_WINDOW = 30 * DAY;

/** At most so many attempts in so long. */
interface Limit {
  readonly attempts: number;
  readonly windowMs: number;
  /** Which of them count for what is to be asked. */
  readonly counts: (attempt: BudgetedAttempt, owed: Owed) => boolean;
}

const ALL = () => true;

function isForSame([, amount, currency]: BudgetedAttempt, owed: Owed): boolean {
  return amount === owed.amount && currency === owed.currency;
}

/** docs/decisions/0004 has the sources. */
function limitsOf(
  network: string | null,
  { budgets: { visa, mastercard, other } }: Policy,
): readonly Limit[] {
  switch (network) {
    case 'visa':
      return [
        { attempts: visa.perAmountIn30Days, windowMs: LONGEST_WINDOW, counts: isForSame },
        { attempts: visa.perCardIn30Days, windowMs: LONGEST_WINDOW, counts: ALL },
      ];
    case 'mastercard':
      return [
        { attempts: mastercard.perCardIn24Hours, windowMs: 24 * HOUR, counts: ALL },
        { attempts: mastercard.perCardIn30Days, windowMs: LONGEST_WINDOW, counts: ALL },
      ];
    default:
      return [{ attempts: other.perCardIn30Days, windowMs: LONGEST_WINDOW, counts: ALL }];
  }
}

/** From when on this card may be asked for this; `nowMs` when it may be asked now, null when never. */
export function budgetFreeFrom(
  { issuerBudgets, policy }: Pick<CustomerState, 'issuerBudgets' | 'policy'>,
  card: AskedCard,
  owed: Owed,
  nowMs: number,
): number | null {
  const budget = issuerBudgets.find(({ fingerprint }) => fingerprint === card.fingerprint);
  if (!budget) return nowMs;
  if (budget.blocked) return null;
  const times = limitsOf(card.brand, policy).map((limit) => {
    const oldest = within(limit, budget, owed, nowMs).at(-limit.attempts);
    return oldest === undefined ? nowMs : oldest[0] + limit.windowMs;
  });
  return Math.max(nowMs, ...times);
}

/** How often this card may still be asked for this, as of `nowMs`. */
export function budgetLeft(
  { issuerBudgets, policy }: Pick<CustomerState, 'issuerBudgets' | 'policy'>,
  card: AskedCard,
  owed: Owed,
  nowMs: number,
): number {
  const budget = issuerBudgets.find(({ fingerprint }) => fingerprint === card.fingerprint);
  if (budget?.blocked) return 0;
  const left = limitsOf(card.brand, policy).map(
    (limit) => limit.attempts - (budget ? within(limit, budget, owed, nowMs).length : 0),
  );
  return Math.max(0, Math.min(...left));
}

function within({ windowMs, counts }: Limit, { attempts }: IssuerBudget, owed: Owed, nowMs: number) {
  return attempts.filter((attempt) => attempt[0] > nowMs - windowMs && counts(attempt, owed));
}

/**
 * Counts an attempt on its card; what is older than any window is dropped. One that succeeded does not count: the
 * networks limit asking again after a no, and somebody who pays every day is nobody's retry. Nor does what the customer
 * tried at the bank with Visa, which counts that apart.
 */
export function countAttempt(
  state: CustomerState,
  { amount, currency }: Owed,
  attempt: Attempt,
): CustomerState {
  const { atMs, outcome, onSession } = attempt;
  const fingerprint = fingerprintNow(state, attempt);
  if (fingerprint === null || outcome === 'succeeded' || !reachedIssuer(attempt)) return state;
  const known = { ...state, issuerBudgets: pruned(state, atMs) };
  const budget = budgetOf(known, fingerprint);
  if (onSession && budget.network === 'visa') return state;
  const counted: BudgetedAttempt = [atMs, amount, currency];
  return put(known, { ...budget, attempts: remembered([...budget.attempts, counted]) });
}

/** In the order of their times. */
function remembered(attempts: readonly BudgetedAttempt[]): readonly BudgetedAttempt[] {
  return attempts.toSorted(([one], [other]) => one - other).slice(-BUDGETED_ATTEMPTS_REMEMBERED);
}

/** Without what no window reaches any more; of other cards only the block is kept. */
function pruned({ issuerBudgets }: CustomerState, nowMs: number): readonly IssuerBudget[] {
  return issuerBudgets
    .map((budget) => ({
      ...budget,
      attempts: budget.attempts.filter(([atMs]) => atMs > nowMs - LONGEST_WINDOW),
    }))
    .filter(({ attempts, blocked }) => blocked || attempts.length > 0);
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
    attempts: remembered([...budget.attempts, ...known.attempts]),
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
    : { fingerprint, network, attempts: [], blocked: false };
}

function put(state: CustomerState, changed: IssuerBudget): CustomerState {
  const others = state.issuerBudgets.filter(({ fingerprint }) => fingerprint !== changed.fingerprint);
  return { ...state, issuerBudgets: [...others, changed].slice(-ISSUER_BUDGETS_REMEMBERED) };
}
