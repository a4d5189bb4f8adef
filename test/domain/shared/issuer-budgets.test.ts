// How often a card may be asked, over all charges, and what ends that for good.
import { expect, test } from 'vitest';
import type { Attempt } from '../../../domain/model/charge.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import {
  blockCard,
  budgetFreeFrom,
  carryBudgetOver,
  countAttempt,
} from '../../../domain/shared/issuer-budgets.ts';
import { DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
import { ISSUER_BUDGETS_REMEMBERED } from '../../../domain/shared/state-limits.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { attempt, CARD, enrolled, mandate, T0 } from '../fixtures.ts';

const counted = (attempts: readonly Attempt[], state = enrolled()): CustomerState =>
  attempts.reduce(countAttempt, state);
const freeFrom = ({ issuerBudgets }: CustomerState, fingerprint: string | null, nowMs: number) =>
  budgetFreeFrom(issuerBudgets, fingerprint, DEFAULT_POLICY, nowMs);

/** `count` attempts on the card, a day apart, the newest at T0. */
function used(count: number): CustomerState {
  return counted(
    Array.from({ length: count }, (_, index) => attempt({ atMs: T0 - (count - 1 - index) * DAY })),
  );
}

test('an attempt that succeeded is nobody’s retry and counts against no budget', () => {
  expect(counted([attempt({ outcome: 'succeeded' })]).issuerBudgets).toEqual([]);
});

test('a card may be asked 15 times in 30 days, then from 30 days after the oldest of them', () => {
  expect(freeFrom(enrolled(), 'fp-1', T0)).toBe(T0);
  expect(freeFrom(used(14), 'fp-1', T0)).toBe(T0);
  expect(freeFrom(used(15), 'fp-1', T0)).toBe(T0 - 14 * DAY + 30 * DAY);
  expect(freeFrom(used(15), 'fp-1', T0 + 16 * DAY)).toBe(T0 + 16 * DAY);
  expect(freeFrom(used(15), 'fp-2', T0)).toBe(T0);
});

test('a card that is blocked stays blocked, also when it is counted again', () => {
  const blocked = blockCard(used(3), attempt());
  expect(freeFrom(blocked, 'fp-1', T0 + 400 * DAY)).toBeNull();
  expect(freeFrom(counted([attempt()], blocked), 'fp-1', T0 + 400 * DAY)).toBeNull();
});

test('a card without a fingerprint is neither counted nor blocked', () => {
  const nameless = attempt({ fingerprint: null, paymentMethodId: 'pm_0' });
  expect(counted([nameless]).issuerBudgets).toEqual([]);
  expect(blockCard(enrolled(), nameless).issuerBudgets).toEqual([]);
  expect(freeFrom(blockCard(enrolled(), attempt()), null, T0)).toBe(T0);
});

test('what is older than 30 days is forgotten, and so are cards beyond the newest 20', () => {
  const later = counted([attempt({ atMs: T0 + 40 * DAY })], used(3));
  expect(later.issuerBudgets[0]?.attemptsAtMs).toEqual([T0 + 40 * DAY]);
  const many = Array.from({ length: 30 }, (_, index) =>
    attempt({ fingerprint: `fp-${index}`, paymentMethodId: `pm_x${index}` }),
  );
  const { issuerBudgets } = counted(many);
  expect(issuerBudgets).toHaveLength(ISSUER_BUDGETS_REMEMBERED);
  expect(issuerBudgets.at(-1)?.fingerprint).toBe('fp-29');
});

test('a budget names the network of its card, where the mandate says it', () => {
  const { issuerBudgets } = counted([attempt(), attempt({ fingerprint: 'fp-0', paymentMethodId: 'pm_0' })]);
  expect(issuerBudgets.map(({ network }) => network)).toEqual(['visa', null]);
});

test('a card that the network has renumbered takes its budget along, and a block', () => {
  const renumbered = { ...CARD, fingerprint: 'fp-9' };
  const carried = carryBudgetOver(blockCard(used(15), attempt()), CARD, renumbered);
  expect(freeFrom(carried, 'fp-9', T0)).toBeNull();
  expect(freeFrom(carryBudgetOver(used(15), CARD, renumbered), 'fp-9', T0)).toBe(T0 - 14 * DAY + 30 * DAY);
  expect(carryBudgetOver(used(3), CARD, { ...CARD, expYear: 2050 })).toEqual(used(3));
});

test('an attempt that is answered after its card was renumbered counts for the new number', () => {
  const state = enrolled({ mandate: mandate({ card: { ...CARD, fingerprint: 'fp-9' } }) });
  expect(blockCard(counted([attempt()], state), attempt()).issuerBudgets).toMatchObject([
    { fingerprint: 'fp-9', attemptsAtMs: [T0], blocked: true },
  ]);
});
