// How often a card may be asked, over all charges and as its network counts, and what ends that for good.
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../../domain/model/charge.ts';
import type { Card } from '../../../domain/model/enrolment.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import {
  blockCard,
  budgetFreeFrom,
  budgetLeft,
  carryBudgetOver,
  countAttempt,
} from '../../../domain/shared/issuer-budgets.ts';
import {
  BUDGETED_ATTEMPTS_REMEMBERED,
  ISSUER_BUDGETS_REMEMBERED,
} from '../../../domain/shared/state-limits.ts';
import { DAY, HOUR } from '../../../domain/shared/time.ts';
import { attempt, CARD, enrolled, mandate, T0 } from '../fixtures.ts';

const OWED = { amount: 4900, currency: 'eur' };
const counted = (attempts: readonly Attempt[], state = enrolled(), owed = OWED): CustomerState =>
  attempts.reduce((next, each) => countAttempt(next, owed, each), state);
const cardOf = (brand: string, fingerprint: string | null = 'fp-1'): Card => ({
  ...CARD,
  brand,
  fingerprint,
});
const freeFrom = (state: CustomerState, nowMs = T0, brand = 'visa', owed = OWED) =>
  budgetFreeFrom(state, cardOf(brand), owed, nowMs);
const left = (state: CustomerState, brand = 'visa', owed = OWED) =>
  budgetLeft(state, cardOf(brand), owed, T0);

/** `count` attempts on the card, so far apart, the newest at T0. */
function used(count: number, apartMs = DAY, over: Partial<Attempt> = {}): CustomerState {
  return counted(
    Array.from({ length: count }, (_, index) =>
      attempt({ atMs: T0 - (count - 1 - index) * apartMs, ...over }),
    ),
  );
}

test('an attempt that succeeded is nobody’s retry and counts against no budget', () => {
  expect(counted([attempt({ outcome: 'succeeded' })]).issuerBudgets).toEqual([]);
});

describe('Visa', () => {
  test('may be asked 15 times in 30 days, then from 30 days after the oldest of them', () => {
    expect(freeFrom(enrolled())).toBe(T0);
    expect(freeFrom(used(14))).toBe(T0);
    expect(freeFrom(used(15))).toBe(T0 - 14 * DAY + 30 * DAY);
    expect(freeFrom(used(15), T0 + 16 * DAY)).toBe(T0 + 16 * DAY);
    expect([left(enrolled()), left(used(14)), left(used(15)), left(used(17))]).toEqual([15, 1, 0, 0]);
  });

  test('counts an amount and a currency by themselves', () => {
    expect(freeFrom(used(15), T0, 'visa', { amount: 4901, currency: 'eur' })).toBe(T0);
    expect(freeFrom(used(15), T0, 'visa', { amount: 4900, currency: 'usd' })).toBe(T0);
  });

  test('of many amounts is asked 35 times in 30 days, which is our own limit', () => {
    const amounts = Array.from({ length: 35 }, (_, amount) => ({ amount, currency: 'eur' }));
    const asked = (count: number) =>
      amounts.slice(0, count).reduce((next, owed) => counted([attempt()], next, owed), enrolled());
    expect([left(asked(34)), left(asked(35))]).toEqual([1, 0]);
  });

  test('counts what the customer tried at the bank apart', () => {
    expect(left(used(15, DAY, { onSession: true }))).toBe(15);
  });
});

describe('Mastercard', () => {
  test('may be asked 10 times in 24 hours and 35 times in 30 days, whatever the amounts', () => {
    const other = { amount: 1, currency: 'usd' };
    expect(freeFrom(used(9, HOUR), T0, 'mastercard', other)).toBe(T0);
    expect(freeFrom(used(10, HOUR), T0, 'mastercard', other)).toBe(T0 - 9 * HOUR + 24 * HOUR);
    expect(freeFrom(used(34, 20 * HOUR), T0, 'mastercard', other)).toBe(T0);
    expect(freeFrom(used(35, 20 * HOUR), T0, 'mastercard', other)).toBe(T0 - 34 * 20 * HOUR + 30 * DAY);
    expect([left(used(4, HOUR), 'mastercard'), left(used(33, 20 * HOUR), 'mastercard')]).toEqual([6, 2]);
  });

  test('counts what the customer tried at the bank too', () => {
    const theirs = attempt({ onSession: true });
    const state = enrolled({ mandate: mandate({ card: cardOf('mastercard') }) });
    expect(left(counted(Array(10).fill(theirs), state), 'mastercard')).toBe(0);
  });
});

test('as many attempts are remembered as any limit may count', () => {
  const { budgets } = enrolled().policy;
  const limits = Object.values(budgets).flatMap((limit: object) => Object.values(limit) as number[]);
  expect(Math.max(...limits)).toBeLessThanOrEqual(BUDGETED_ATTEMPTS_REMEMBERED);
  expect(used(50, HOUR).issuerBudgets[0]?.attempts).toHaveLength(BUDGETED_ATTEMPTS_REMEMBERED);
});

test('any other network may be asked 15 times in 30 days, whatever the amounts', () => {
  expect(freeFrom(used(14), T0, 'amex', { amount: 1, currency: 'usd' })).toBe(T0);
  expect(freeFrom(used(15), T0, 'amex', { amount: 1, currency: 'usd' })).toBe(T0 - 14 * DAY + 30 * DAY);
});

test('a card that is blocked stays blocked, also when it is counted again', () => {
  const blocked = blockCard(used(3), attempt());
  expect(freeFrom(blocked, T0 + 400 * DAY)).toBeNull();
  expect(freeFrom(counted([attempt()], blocked), T0 + 400 * DAY)).toBeNull();
  expect(left(blocked)).toBe(0);
});

test('a card without a fingerprint is neither counted nor blocked', () => {
  const nameless = attempt({ fingerprint: null, paymentMethodId: 'pm_0' });
  expect(counted([nameless]).issuerBudgets).toEqual([]);
  expect(blockCard(enrolled(), nameless).issuerBudgets).toEqual([]);
  expect(budgetFreeFrom(blockCard(enrolled(), attempt()), cardOf('visa', null), OWED, T0)).toBe(T0);
});

test('what is older than 30 days is forgotten, and so are cards beyond the newest 20', () => {
  const later = counted([attempt({ atMs: T0 + 40 * DAY })], used(3));
  expect(later.issuerBudgets[0]?.attempts).toEqual([[T0 + 40 * DAY, 4900, 'eur']]);
  const other = attempt({ atMs: T0 + 40 * DAY, fingerprint: 'fp-0', paymentMethodId: 'pm_0' });
  expect(counted([other], used(3)).issuerBudgets).toMatchObject([{ fingerprint: 'fp-0' }]);
  expect(counted([other], blockCard(used(3), attempt())).issuerBudgets).toMatchObject([
    { fingerprint: 'fp-1', attempts: [], blocked: true },
    { fingerprint: 'fp-0' },
  ]);
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
  const freeOfNew = (state: CustomerState) => budgetFreeFrom(state, renumbered, OWED, T0);
  expect(freeOfNew(carryBudgetOver(blockCard(used(15), attempt()), CARD, renumbered))).toBeNull();
  expect(freeOfNew(carryBudgetOver(used(15), CARD, renumbered))).toBe(T0 - 14 * DAY + 30 * DAY);
  expect(carryBudgetOver(used(3), CARD, { ...CARD, expYear: 2050 })).toEqual(used(3));
});

test('an attempt that is answered after its card was renumbered counts for the new number', () => {
  const state = enrolled({ mandate: mandate({ card: { ...CARD, fingerprint: 'fp-9' } }) });
  expect(blockCard(counted([attempt()], state), attempt()).issuerBudgets).toMatchObject([
    { fingerprint: 'fp-9', attempts: [[T0, 4900, 'eur']], blocked: true },
  ]);
});
