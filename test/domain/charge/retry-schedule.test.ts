// The calendar after a decline, and the budget of a charge.
import { expect, test } from 'vitest';
import { nextRetry } from '../../../domain/charge/retry-schedule.ts';
import { isSpent, issuerAttempts } from '../../../domain/shared/charges.ts';
import { DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
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
  expect(nextRetry(declined, 'DE', DEFAULT_POLICY, nowMs)).toBe(at === null ? null : T0 + at);
});

test('an India-issued card is asked once', () => {
  expect(nextRetry(declinedAt([SOFT, T0]), 'IN', DEFAULT_POLICY, T0)).toBeNull();
});

test('attempts that never reached the issuer are no part of the budget of 8', () => {
  const outcomes = ['unknown', 'refused', 'declined', 'step_up', 'processing', null] as const;
  const tried = charge({
    attempts: outcomes.map((outcome, index) => attempt({ number: index + 1, outcome })),
  });
  expect(issuerAttempts(tried)).toBe(4);
  expect(isSpent(tried, DEFAULT_POLICY)).toBe(false);
});

test('after 8 attempts there is no other, whatever the calendar says', () => {
  const other = { decline: decline('lost_card'), paymentMethodId: 'pm_0' };
  const tries = Array.from({ length: 8 }, (_, index) =>
    attempt({ number: index + 1, ...(index < 7 ? other : { decline: decline(SOFT) }) }),
  );
  expect(isSpent(charge({ attempts: tries }), DEFAULT_POLICY)).toBe(true);
  expect(nextRetry(charge({ attempts: tries }), 'DE', DEFAULT_POLICY, T0)).toBeNull();
  expect(nextRetry(charge({ attempts: tries.slice(1) }), 'DE', DEFAULT_POLICY, T0)).toBe(T0 + DAY);
});
