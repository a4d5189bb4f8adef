// The calendar after a decline, and the budgets of a charge and of a card.
import { expect, test } from 'vitest';
import { nextRetry } from '../../../domain/charge/dunning.ts';
import type { IssuerBudget } from '../../../domain/model/state.ts';
import { isSpent, issuerAttempts } from '../../../domain/shared/charges.ts';
import { blockCard, chargeableFrom, countAttempt } from '../../../domain/shared/issuer-budgets.ts';
import { ISSUER_BUDGETS_REMEMBERED } from '../../../domain/shared/policy.ts';
import { DAY, HOUR } from '../../../domain/shared/time.ts';
import { attempt, charge, decline, T0 } from '../fixtures.ts';

/** A charge declined at these times for these reasons; the last is the newest. */
function declinedAt(...tries: readonly [reason: string, atMs: number, paymentMethodId?: string][]) {
  return charge({
    attempts: tries.map(([reason, atMs, paymentMethodId = 'pm_1'], index) =>
      attempt({ number: index + 1, atMs, paymentMethodId, decline: decline(reason) }),
    ),
  });
}

const SOFT = 'insufficient_funds';
const TRANSIENT = 'issuer_not_available';
const UNKNOWN = 'a_code_of_tomorrow';

test.each([
  { rule: 'a soft decline is tried again a day after the first', tries: [[SOFT, 0]], at: DAY },
  {
    rule: 'the second soft decline, on day 3',
    tries: [
      [SOFT, 0],
      [SOFT, DAY],
    ],
    at: 3 * DAY,
  },
  {
    rule: 'the third, on day 7',
    tries: [
      [SOFT, 0],
      [SOFT, DAY],
      [SOFT, 3 * DAY],
    ],
    at: 7 * DAY,
  },
  {
    rule: 'the fourth ends the calendar',
    tries: [
      [SOFT, 0],
      [SOFT, DAY],
      [SOFT, 3 * DAY],
      [SOFT, 7 * DAY],
    ],
    at: null,
  },
  { rule: 'a transient decline is tried again in an hour', tries: [[TRANSIENT, 0]], at: HOUR },
  {
    rule: 'then in four hours',
    tries: [
      [TRANSIENT, 0],
      [TRANSIENT, HOUR],
    ],
    at: HOUR + 4 * HOUR,
  },
  {
    rule: 'a fourth transient decline is a soft one, on day 1 of the calendar',
    tries: [
      [TRANSIENT, 0],
      [TRANSIENT, HOUR],
      [TRANSIENT, 5 * HOUR],
      [TRANSIENT, 17 * HOUR],
    ],
    at: DAY,
  },
  {
    rule: 'an undocumented decline is tried again',
    tries: [
      [UNKNOWN, 0],
      [UNKNOWN, DAY],
    ],
    at: 3 * DAY,
  },
  {
    rule: 'but twice only',
    tries: [
      [UNKNOWN, 0],
      [UNKNOWN, DAY],
      [UNKNOWN, 3 * DAY],
    ],
    at: null,
  },
  {
    rule: 'another card starts the calendar anew',
    tries: [
      [SOFT, 0],
      [SOFT, DAY],
      [SOFT, 3 * DAY],
      [SOFT, 4 * DAY, 'pm_2'],
    ],
    at: 5 * DAY,
  },
  {
    rule: 'a calendar day that has passed becomes an hour from now',
    tries: [
      [SOFT, 0],
      [SOFT, 9 * DAY],
    ],
    at: 9 * DAY + HOUR,
  },
] as const)('$rule', ({ tries, at }) => {
  const declined = declinedAt(
    ...tries.map(([reason, ms, card]) => [reason, T0 + ms, card] as [string, number, string?]),
  );
  const nowMs = declined.attempts.at(-1)?.atMs ?? T0;
  expect(nextRetry(declined, 'DE', nowMs)).toBe(at === null ? null : T0 + at);
});

test('an India-issued card is asked once', () => {
  expect(nextRetry(declinedAt([SOFT, T0]), 'IN', T0)).toBeNull();
});

test('attempts that never reached the issuer are no part of the budget of 8', () => {
  const outcomes = ['unknown', 'refused', 'declined', 'step_up', 'processing', null] as const;
  const tried = charge({
    attempts: outcomes.map((outcome, index) => attempt({ number: index + 1, outcome })),
  });
  expect(issuerAttempts(tried)).toBe(4);
  expect(isSpent(tried)).toBe(false);
});

test('after 8 attempts there is no other, whatever the calendar says', () => {
  const other = { decline: decline('lost_card'), paymentMethodId: 'pm_0' };
  const tries = Array.from({ length: 8 }, (_, index) =>
    attempt({ number: index + 1, ...(index < 7 ? other : { decline: decline(SOFT) }) }),
  );
  expect(isSpent(charge({ attempts: tries }))).toBe(true);
  expect(nextRetry(charge({ attempts: tries }), 'DE', T0)).toBeNull();
  expect(nextRetry(charge({ attempts: tries.slice(1) }), 'DE', T0)).toBe(T0 + DAY);
});

/** `count` attempts on the card, a day apart, the newest at T0. */
function used(count: number): readonly IssuerBudget[] {
  return Array.from({ length: count }, (_, index) =>
    attempt({ atMs: T0 - (count - 1 - index) * DAY }),
  ).reduce<readonly IssuerBudget[]>(countAttempt, []);
}

test('an attempt that succeeded is nobody’s retry and counts against no budget', () => {
  expect(countAttempt([], attempt({ outcome: 'succeeded' }))).toEqual([]);
});

test('a card may be asked 15 times in 30 days, then from 30 days after the oldest of them', () => {
  expect(chargeableFrom([], 'fp-1', T0)).toBe(T0);
  expect(chargeableFrom(used(14), 'fp-1', T0)).toBe(T0);
  expect(chargeableFrom(used(15), 'fp-1', T0)).toBe(T0 - 14 * DAY + 30 * DAY);
  expect(chargeableFrom(used(15), 'fp-1', T0 + 16 * DAY)).toBe(T0 + 16 * DAY);
  expect(chargeableFrom(used(15), 'fp-2', T0)).toBe(T0);
});

test('a card that is dead stays dead, also when it is counted again', () => {
  const dead = blockCard(used(3), 'fp-1');
  expect(chargeableFrom(dead, 'fp-1', T0 + 400 * DAY)).toBeNull();
  expect(chargeableFrom(countAttempt(dead, attempt()), 'fp-1', T0 + 400 * DAY)).toBeNull();
});

test('a card without a fingerprint is neither counted nor dead', () => {
  expect(countAttempt([], attempt({ fingerprint: null }))).toEqual([]);
  expect(blockCard([], null)).toEqual([]);
  expect(chargeableFrom(blockCard([], 'fp-1'), null, T0)).toBe(T0);
});

test('what is older than 30 days is forgotten, and so are cards beyond the newest 20', () => {
  const later = countAttempt(used(3), attempt({ atMs: T0 + 40 * DAY }));
  expect(later[0]?.attemptsAtMs).toEqual([T0 + 40 * DAY]);
  const many = Array.from({ length: 30 }, (_, index) => attempt({ fingerprint: `fp-${index}` }));
  const cards = many.reduce<readonly IssuerBudget[]>(countAttempt, []);
  expect(cards).toHaveLength(ISSUER_BUDGETS_REMEMBERED);
  expect(cards.at(-1)?.fingerprint).toBe('fp-29');
});
