// Plays the same customers under several policies, and sums up how each went.
import type { Policies } from '../config/policies.ts';
import { DAY } from '../domain/shared/time.ts';
import type { Assumptions } from './assumptions.ts';
import { Issuer } from './issuer.ts';
import { lifeOf, type Outcome, T0 } from './life.ts';

/** Days whose figures are shown. */
export const SHOWN_DAYS = [1, 3, 7, 14, 30] as const;

export interface NamedPolicies {
  readonly name: string;
  readonly policies: Policies;
}

export interface Summary {
  readonly name: string;
  readonly customers: number;
  /** Share of charges that were paid within so many days of the first decline; the index is the day, 0 to the last. */
  readonly recoveredByDay: readonly number[];
  readonly byReason: readonly {
    readonly reason: string;
    readonly customers: number;
    readonly recovered: number;
  }[];
  /** Per charge. */
  readonly asks: number;
  readonly mails: number;
  /** Of what the first card's network allows in 30 days: on average, and at most. */
  readonly budgetSpent: number;
  readonly budgetSpentAtMost: number;
}

export interface Lab {
  readonly customers: number;
  readonly seed: number;
  /** How long each charge is followed. */
  readonly days: number;
  readonly assumptions: Assumptions;
}

export function compare(policies: readonly NamedPolicies[], lab: Lab): readonly Summary[] {
  return policies.map(({ name, policies: configured }) => {
    const outcomes = Array.from({ length: lab.customers }, (_, customer) =>
      lifeOf(new Issuer(lab.assumptions, lab.seed, customer, T0), configured, lab.days),
    );
    return summaryOf(name, outcomes, lab.days);
  });
}

function summaryOf(name: string, outcomes: readonly Outcome[], days: number): Summary {
  const mean = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / outcomes.length;
  const reasons = [...new Set(outcomes.map(({ reason }) => reason))].toSorted();
  const isPaid = ({ paidAfterMs }: Outcome) => paidAfterMs !== null;
  return {
    name,
    customers: outcomes.length,
    recoveredByDay: Array.from({ length: days + 1 }, (_, day) =>
      mean(({ paidAfterMs }) => (paidAfterMs !== null && paidAfterMs <= day * DAY ? 1 : 0)),
    ),
    byReason: reasons.map((reason) => {
      const those = outcomes.filter((outcome) => outcome.reason === reason);
      return { reason, customers: those.length, recovered: those.filter(isPaid).length / those.length };
    }),
    asks: mean(({ asks }) => asks),
    mails: mean(({ mails }) => mails),
    budgetSpent: mean(({ budgetSpent }) => budgetSpent),
    budgetSpentAtMost: Math.max(...outcomes.map(({ budgetSpent }) => budgetSpent)),
  };
}
