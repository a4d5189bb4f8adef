// The calendar after a decline, and the budget of a charge.
import { describe, expect, test } from 'vitest';
import { nextRetry } from '../../../domain/charge/retry-schedule.ts';
import { isSpent, issuerAttempts } from '../../../domain/shared/charges.ts';
import { DEFAULT_COLLECTION } from '../../../domain/shared/policy.ts';
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
    rule: 'another card starts another calendar',
    tries: [
      [SOFT, 0],
      [SOFT, DAY],
      [SOFT, 3 * DAY],
      [SOFT, 4 * DAY, 'pm_2'],
    ],
    at: 5 * DAY,
  },
  {
    rule: 'a calendar day that has passed is made up for, as far away as it was from the day before it',
    tries: [
      [SOFT, 0],
      [SOFT, 9 * DAY],
    ],
    at: 9 * DAY + (3 - 1) * DAY,
  },
  {
    rule: 'a decline just before its next day leaves an hour',
    tries: [
      [SOFT, 0],
      [SOFT, 3 * DAY - 60_000],
    ],
    at: 3 * DAY - 60_000 + HOUR,
  },
] as const)('$rule', ({ tries, at }) => {
  const declined = declinedAt(
    ...tries.map(([reason, ms, card]) => [reason, T0 + ms, card] as [string, number, string?]),
  );
  const nowMs = declined.attempts.at(-1)?.atMs ?? T0;
  expect(nextRetry(declined, 'DE', DEFAULT_COLLECTION, nowMs)).toBe(at === null ? null : T0 + at);
});

/** With Mastercard's own word on when to come back. */
function advised(networkAdviceCode: string, reason: string, count = 1) {
  return charge({
    attempts: Array.from({ length: count }, (_, index) =>
      attempt({
        number: index + 1,
        atMs: T0,
        decline: { ...decline(reason), network: 'mastercard', networkAdviceCode },
      }),
    ),
  });
}

test.each([
  ['24', SOFT, 1, HOUR, 'in an hour instead of tomorrow'],
  ['24', SOFT, 2, 4 * HOUR, 'the second time in four hours'],
  ['24', UNKNOWN, 1, DAY, 'no sooner where nobody knows the reason'],
  ['25', SOFT, 1, DAY, 'after a day'],
  ['02', SOFT, 1, 3 * DAY, 'after 72 hours, though the calendar says tomorrow'],
  ['02', TRANSIENT, 1, 3 * DAY, 'after 72 hours, though the calendar says in an hour'],
  ['27', SOFT, 1, 4 * DAY, 'after 4 days'],
  ['30', UNKNOWN, 1, 10 * DAY, 'after 10 days'],
] as const)('Mastercard’s advice %s on %s, %i times: %d ms, %s', (advice, reason, count, at, _rule) => {
  expect(nextRetry(advised(advice, reason, count), 'DE', DEFAULT_COLLECTION, T0)).toBe(T0 + at);
});

test('a card that Stripe says was declined too often rests for a day', () => {
  const tired = declinedAt([SOFT, T0 - 3 * DAY], ['card_decline_rate_limit_exceeded', T0 - HOUR]);
  expect(nextRetry(tired, 'DE', DEFAULT_COLLECTION, T0 - HOUR)).toBe(T0 - HOUR + DAY);
});

describe('what the customer tries at the bank', () => {
  const asked = attempt({ outcome: 'step_up', decline: decline('authentication_required') });
  const ours = (atMs: number) => attempt({ number: 2, atMs, decline: decline(SOFT) });
  const theirs = (atMs: number, reason = SOFT) =>
    attempt({ number: 9, atMs, decline: decline(reason), onSession: true });
  const next = (...attempts: readonly ReturnType<typeof attempt>[]) =>
    nextRetry(charge({ attempts }), 'DE', DEFAULT_COLLECTION, attempts.at(-1)?.atMs ?? T0);

  test('leaves the calendar where it was, however often they try', () => {
    expect(next(ours(T0))).toBe(T0 + DAY);
    expect(next(ours(T0), theirs(T0 + HOUR))).toBe(T0 + DAY);
    expect(next(ours(T0), ...Array.from({ length: 12 }, () => theirs(T0 + HOUR)))).toBe(T0 + DAY);
    expect(next(ours(T0), theirs(T0 + HOUR), ours(T0 + DAY))).toBe(T0 + 3 * DAY);
  });

  test('begins the calendar at its first day where we have not been declined yet', () => {
    expect(next(asked, theirs(T0 + HOUR))).toBe(T0 + DAY);
    expect(next(asked, theirs(T0 + 5 * DAY))).toBe(T0 + 6 * DAY);
  });

  test('uses up none of the attempts of a charge', () => {
    const tries = Array.from({ length: 12 }, () => theirs(T0));
    expect(isSpent(charge({ attempts: [ours(T0), ...tries] }), DEFAULT_COLLECTION)).toBe(false);
  });
});

test('what Stripe itself blocked has never reached the issuer', () => {
  const blocked = attempt({ decline: { ...decline('fraudulent'), blockedFor: 'highest_risk_level' } });
  expect(issuerAttempts(charge({ attempts: [attempt(), blocked] }))).toBe(1);
});

test('an India-issued card is asked once', () => {
  expect(nextRetry(declinedAt([SOFT, T0]), 'IN', DEFAULT_COLLECTION, T0)).toBeNull();
});

test('attempts that never reached the issuer are no part of the budget of 8', () => {
  const outcomes = ['unknown', 'refused', 'declined', 'step_up', 'processing', null] as const;
  const tried = charge({
    attempts: outcomes.map((outcome, index) => attempt({ number: index + 1, outcome })),
  });
  expect(issuerAttempts(tried)).toBe(4);
  expect(isSpent(tried, DEFAULT_COLLECTION)).toBe(false);
});

test('after 8 attempts there is no other, whatever the calendar says', () => {
  const other = { decline: decline('lost_card'), paymentMethodId: 'pm_0' };
  const tries = Array.from({ length: 8 }, (_, index) =>
    attempt({ number: index + 1, ...(index < 7 ? other : { decline: decline(SOFT) }) }),
  );
  expect(isSpent(charge({ attempts: tries }), DEFAULT_COLLECTION)).toBe(true);
  expect(nextRetry(charge({ attempts: tries }), 'DE', DEFAULT_COLLECTION, T0)).toBeNull();
  expect(nextRetry(charge({ attempts: tries.slice(1) }), 'DE', DEFAULT_COLLECTION, T0)).toBe(T0 + DAY);
});
