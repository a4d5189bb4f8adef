// What is planned, in which order, and what is left out while something holds it.
import { expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import { agenda, blockingCharge, type Planned } from '../../domain/agenda.ts';
import { attemptUnderWay } from '../../domain/charge/attempts.ts';
import type { StepOf } from '../../domain/model/steps.ts';
import { DEFAULT_COLLECTION } from '../../domain/shared/policy.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import { attempt, charge, enrolled, enrolment, mandate, stepUp, T0, tried } from './fixtures.ts';

const isInACentury = ({ atMs }: Planned) => atMs > T0 + 36_000 * DAY;

const planned = (...of: Parameters<typeof agenda>) =>
  agenda(...of)
    .filter((plan) => !isInACentury(plan))
    .map(({ atMs, step }) => [step.do === 'decide' ? step.event.kind : step.do, atMs - T0]);

test('checking comes before enrolling, enrolling before deadlines, and all before new attempts', () => {
  const state = enrolled({
    mandate: mandate({ nextCheckAtMs: T0 }),
    enrolment: enrolment({ setupIntentId: 'seti_2' }),
    abandonedSetups: [{ setupIntentId: 'seti_0', nextCheckAtMs: T0, checks: 0 }],
    charges: [
      charge(),
      tried({ is: 'processing', sinceMs: T0 }, 'processing', { nextCheckAtMs: T0 + HOUR }),
      tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined'),
    ],
  });
  expect(planned(state, T0)).toEqual([
    ['readPaymentIntent', HOUR],
    ['cancelSetupIntent', 0],
    ['readSetupIntent', 0],
    ['readSetupIntent', 0],
    ['cardWaitExpired', DEFAULT_COLLECTION.card.waitDays * DAY],
    ['attemptCharge', 0],
  ]);
});

test('attempts come oldest due first', () => {
  const state = enrolled({
    charges: [
      charge({ chargeId: 'b', phase: { is: 'due', atMs: T0 + 2 * DAY } }),
      charge({ chargeId: 'a', phase: { is: 'due', atMs: T0 + DAY } }),
    ],
  });
  const attempts = agenda(state, T0).flatMap(({ step }) => ('chargeId' in step ? [step.chargeId] : []));
  expect(attempts).toEqual(['a', 'b']);
});

test('a confirm carries the card and the mandate on file, the intent and the next number', () => {
  const state = enrolled({
    mandate: mandate({ stripeMandateId: 'mandate_1' }),
    charges: [tried({ is: 'due', atMs: T0 }, 'declined', { attemptCount: 3, intentNumber: 2 })],
  });
  expect(agenda(state, T0).at(-1)?.step).toEqual({
    do: 'attemptCharge',
    chargeId: 'one',
    paymentIntentId: 'pi_1',
    intentNumber: 2,
    attemptNumber: 4,
    paymentMethodId: 'pm_1',
    stripeMandateId: 'mandate_1',
    fingerprint: 'fp-1',
    known: null,
    amount: 4900,
    currency: 'eur',
    stripeCustomerId: 'cus_1',
  });
});

test('a charge without an intent is attempted in one step too, which makes it', () => {
  const state = enrolled({ charges: [charge({ paymentIntentId: null })] });
  expect(agenda(state, T0).at(-1)?.step).toMatchObject({
    do: 'attemptCharge',
    paymentIntentId: null,
    intentNumber: 1,
    attemptNumber: 1,
  });
});

test('what the attempt under way asks for can be told from the state', () => {
  const declinedOnce = tried({ is: 'due', atMs: T0 }, 'declined', { stripeChargeId: 'ch_1' });
  const state = enrolled({ charges: [declinedOnce] });
  const step = agenda(state, T0).at(-1)?.step as StepOf<'attemptCharge'>;
  expect(attemptUnderWay(state, 'one')).toBeNull();
  expect(attemptUnderWay(advance(state, { kind: 'attemptStarted', step }, T0), 'one')).toEqual(step);
});

test.each([
  { rule: 'paused', over: { paused: { atMs: T0 } } },
  { rule: 'cancelled', over: { cancelled: { atMs: T0 } } },
])('while $rule no attempt is planned', ({ over }) => {
  expect(planned(enrolled({ ...over, charges: [charge()] }), T0)).toEqual([]);
});

test('while paused no deadline runs', () => {
  const charges = [tried(stepUp(), 'step_up'), tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined')];
  expect(planned(enrolled({ charges }), T0)).toHaveLength(3);
  expect(planned(enrolled({ paused: { atMs: T0 }, charges }), T0)).toEqual([]);
});

test('a charge whose intent is to be checked is read before it is attempted', () => {
  expect(planned(enrolled({ charges: [charge({ nextCheckAtMs: T0 + HOUR })] }), T0)).toEqual([
    ['readPaymentIntent', HOUR],
  ]);
});

test.each([
  { rule: 'no active mandate', over: { mandate: mandate({ status: 'inactive' }) } },
  {
    rule: 'a mandate for smaller sums, given since',
    over: { mandate: mandate({ terms: { maxAmount: 4899, currency: 'eur' } }) },
  },
  {
    rule: 'a mandate for another currency, given since',
    over: { mandate: mandate({ terms: { maxAmount: 9900, currency: 'usd' } }) },
  },
  {
    rule: 'a blocked card',
    over: { issuerBudgets: [{ fingerprint: 'fp-1', network: 'visa', attempts: [], blocked: true }] },
  },
  { rule: 'nobody at Stripe', over: { stripeCustomerId: null } },
])('with $rule a charge that falls due waits for a card', ({ over }) => {
  expect(planned(enrolled({ ...over, charges: [charge()] }), T0)).toEqual([['cardMissing', 0]]);
});

test('a charge that was attempted as often as allowed is attempted no more', () => {
  const attempts = Array.from({ length: 8 }, (_, index) => attempt({ number: index + 1 }));
  expect(planned(enrolled({ charges: [charge({ attempts })] }), T0)).toEqual([['cardMissing', 0]]);
});

test.each([
  ['puts the attempt off for a week at most', 23, ['attemptCharge', 7 * DAY]],
  ['asks for another card where that would take longer', 22, ['cardMissing', 0]],
])('a card that was asked too often %s', (_, daysAgo, plan) => {
  const attempts = Array.from(
    { length: 15 },
    (_, index) => [T0 - daysAgo * DAY + index * DAY, 4900, 'eur'] as const,
  );
  const issuerBudgets = [{ fingerprint: 'fp-1', network: 'visa', attempts, blocked: false }];
  expect(planned(enrolled({ issuerBudgets, charges: [charge()] }), T0)).toEqual([plan]);
});

test('of several holders the unknown outcome is named', () => {
  const bank = tried(stepUp(), 'step_up', { chargeId: 'bank' });
  const lost = tried({ is: 'unknown', sinceMs: T0 }, 'unknown', { chargeId: 'lost' });
  expect(blockingCharge(enrolled({ charges: [bank, lost] }))?.chargeId).toBe('lost');
  expect(blockingCharge(enrolled({ charges: [bank] }))?.chargeId).toBe('bank');
  expect(blockingCharge(enrolled({ charges: [charge()] }))).toBeUndefined();
});
