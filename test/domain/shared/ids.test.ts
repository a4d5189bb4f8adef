// Which ids and short texts from outside are let in: each has a shape and a length.
import { expect, test } from 'vitest';
import {
  isActor,
  isEventId,
  isEventType,
  isId,
  isReason,
  isStripeId,
  isStripeObjectId,
  isTermsVersion,
} from '../../../domain/shared/ids.ts';

const long = (length: number) => 'a'.repeat(length);

test.each([
  { check: isId, good: ['a', 'A-z_09', long(64)], bad: ['', 'a b', 'a/b', 'ä', long(65), 'a\n'] },
  {
    check: isEventId,
    good: ['evt_1', `evt_${long(251)}`],
    bad: ['evt_', 'pi_1', `evt_${long(252)}`, 'evt_1\n'],
  },
  {
    check: isStripeObjectId,
    good: ['pi_1', 'mandate_x', 'du_1', `pi_${long(242)}`],
    bad: ['pi', '1_a', 'pi_', 'pi_1 ', 'pi_<b>', `pi_${long(700_000)}`],
  },
  {
    check: isEventType,
    good: ['a.b', 'charge.dispute.created'],
    bad: ['', 'x', 'A.b', `a.${long(41)}`, 'a.b\n'],
  },
  {
    check: isActor,
    good: ['backend', 'Jörg (ops)', long(64)],
    bad: ['', long(65), 'a\u0000', 'a\nb', 'a\u202eb'],
  },
  {
    check: isReason,
    good: ['she called', '値段', long(500)],
    bad: ['', long(501), 'a\u001b[0m', 'a\u2028b'],
  },
  { check: isTermsVersion, good: ['2026-01', 'v 2'], bad: ['', ' ', '\t', long(65)] },
])('$check.name', ({ check, good, bad }) => {
  for (const text of good) expect(check(text), text).toBe(true);
  for (const text of [...bad, null, undefined, 1, {}, ['a']]) expect(check(text), String(text)).toBe(false);
});

test('an id of Stripe’s is of the kind that is asked for, and at most 255 characters long', () => {
  expect(isStripeId('cus_9s6XKzkNRiz8i3', 'cus')).toBe(true);
  expect(isStripeId('pm_1', 'cus')).toBe(false);
  expect(isStripeId('re_1', 're', 'pyr')).toBe(true);
  expect(isStripeId('pyr_1', 're', 'pyr')).toBe(true);
  expect(isStripeId(`cus_${long(251)}`, 'cus')).toBe(true);
  expect(isStripeId(`cus_${long(252)}`, 'cus')).toBe(false);
  expect(isStripeId('cus_', 'cus')).toBe(false);
  expect(isStripeId(7, 'cus')).toBe(false);
});
