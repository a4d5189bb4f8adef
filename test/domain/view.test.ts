// What people are shown: which status comes first, what is held, what is due.
import { describe, expect, test } from 'vitest';
import type { Charge } from '../../domain/model/charge.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import { chargeView, statusOf, viewOf } from '../../domain/view.ts';
import { attempt, charge, decline, enrolled, enrolment, mandate, stepUp, T0, tried } from './fixtures.ts';

const STEP_UP = tried(stepUp(), 'step_up', { chargeId: 'bank' });
const LATE = tried({ is: 'due', atMs: T0 + DAY }, 'declined', { chargeId: 'late' });
const CARDLESS = tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', { chargeId: 'cardless' });
const INACTIVE = mandate({ status: 'inactive' });

test.each([
  { is: 'active', state: {} },
  { is: 'active', state: { charges: [charge()] } },
  { is: 'active', state: { charges: [tried({ is: 'processing', sinceMs: T0 }, 'processing')] } },
  { is: 'past_due', state: { charges: [LATE] } },
  { is: 'past_due', state: { charges: [CARDLESS] } },
  { is: 'past_due', state: { charges: [tried({ is: 'refused', code: 'x' }, 'refused')] } },
  { is: 'awaiting_step_up', state: { charges: [LATE, STEP_UP] } },
  { is: 'awaiting_mandate', state: { mandate: null } },
  { is: 'awaiting_mandate', state: { mandate: INACTIVE, charges: [STEP_UP, LATE] } },
  { is: 'paused', state: { paused: { atMs: T0 }, mandate: INACTIVE, charges: [STEP_UP] } },
  { is: 'cancelled', state: { cancelled: { atMs: T0 }, mandate: INACTIVE, charges: [STEP_UP] } },
] as const)('of several, the status that rules out the most is shown: $is', ({ is, state }) => {
  expect(statusOf(enrolled(state as Partial<CustomerState>))).toBe(is);
});

describe('the status of a charge', () => {
  const shown = (of: Charge, ...others: Charge[]) =>
    chargeView(enrolled({ charges: [of, ...others] }), of, T0).status;

  test.each([
    { of: charge({ phase: { is: 'due', atMs: T0 + DAY } }), status: 'scheduled' },
    { of: charge(), status: 'scheduled' },
    { of: LATE, status: 'retrying' },
    { of: charge({ phase: { is: 'finding_intent' } }), status: 'attempting' },
    { of: tried({ is: 'attempting' }, null), status: 'attempting' },
    { of: tried({ is: 'unknown', sinceMs: T0 }, 'unknown'), status: 'unknown' },
    { of: tried({ is: 'processing', sinceMs: T0 }, 'processing'), status: 'processing' },
    { of: STEP_UP, status: 'awaiting_step_up' },
    { of: CARDLESS, status: 'awaiting_card' },
    { of: tried({ is: 'refused', code: 'x' }, 'refused'), status: 'refused' },
    {
      of: tried({ is: 'closed', as: 'succeeded', reason: null, atMs: T0 }, 'succeeded'),
      status: 'succeeded',
    },
    // not over before Stripe says so: until then the money may still come
    { of: tried({ is: 'closing', to: 'failed', reason: 'declined' }, 'declined'), status: 'unknown' },
    {
      of: tried({ is: 'closing', to: 'cancelled', reason: 'cancelled' }, 'processing'),
      status: 'processing',
    },
  ])('$of.phase.is is shown as $status', ({ of, status }) => {
    expect(shown(of)).toBe(status);
  });

  test('held: due, and another charge waits for the customer, or the kill switch or a pause stops everything', () => {
    expect(shown(charge(), STEP_UP)).toBe('held');
    const halted = enrolled({ charges: [charge()], haltedUntilMs: T0 + HOUR });
    expect(chargeView(halted, charge(), T0).status).toBe('held');
    expect(chargeView(halted, charge(), T0 + HOUR).status).toBe('scheduled');
    const paused = enrolled({ charges: [charge()], paused: { atMs: T0 } });
    expect(chargeView(paused, charge(), T0).status).toBe('held');
    expect(shown(charge(), LATE)).toBe('scheduled');
    expect(shown(charge({ phase: { is: 'due', atMs: T0 + DAY } }), STEP_UP)).toBe('scheduled');
    expect(shown(LATE, STEP_UP)).toBe('retrying');
  });

  test.each([
    tried({ is: 'attempting' }, null, { chargeId: 'x' }),
    tried({ is: 'unknown', sinceMs: T0 }, 'unknown', { chargeId: 'x' }),
    tried({ is: 'closing', to: 'cancelled', reason: 'cancelled' }, 'unknown', { chargeId: 'x' }),
  ])(
    'not held: due while another attempt is $phase.is is attempted next, and nobody is waited for',
    (other) => {
      const retried = tried({ is: 'due', atMs: T0 - HOUR }, 'declined');
      for (const [due, status] of [[charge(), 'scheduled'] as const, [retried, 'retrying'] as const]) {
        const state = enrolled({ charges: [other, due] });
        expect(chargeView(state, due, T0)).toMatchObject({ status, nextAttemptAtMs: T0 });
      }
    },
  );

  test('one that is held has no next attempt to show', () => {
    const held = charge();
    const at = (...others: Charge[]) =>
      chargeView(enrolled({ charges: [held, ...others] }), held, T0).nextAttemptAtMs;
    expect(at()).toBe(T0);
    expect(at(STEP_UP)).toBeUndefined();
  });
});

test('a charge shows its decline, its attempts and how long the customer has', () => {
  const of = tried(stepUp({ failures: 2, reminders: 1 }), 'step_up', {
    decline: decline('authentication_required', 'try_again_later'),
    attempts: [
      attempt({ outcome: null }),
      attempt({ number: 2, outcome: 'step_up', decline: decline('authentication_required') }),
    ],
  });
  expect(chargeView(enrolled({ charges: [of] }), of, T0)).toMatchObject({
    status: 'awaiting_step_up',
    paymentIntentId: 'pi_1',
    decline: { code: 'authentication_required', adviceCode: 'try_again_later' },
    attempts: [
      { number: 1, outcome: 'unknown' },
      { number: 2, outcome: 'step_up', declineCode: 'authentication_required' },
    ],
    stepUp: { deadlineMs: T0 + 7 * DAY, reminders: 1, failures: 2 },
  });
});

test.each([
  { phase: { is: 'closed', as: 'failed', reason: 'no_card', atMs: T0 }, reason: 'no_card' },
  { phase: { is: 'closing', to: 'failed', reason: 'step_up_expired' }, reason: 'step_up_expired' },
  { phase: { is: 'refused', code: 'account_closed' }, reason: 'account_closed' },
  { phase: { is: 'due', atMs: T0 }, reason: undefined },
] as const)('why a charge ended or stopped is shown: $reason', ({ phase, reason }) => {
  const of = tried(phase, 'declined');
  expect(chargeView(enrolled({ charges: [of] }), of, T0).reason).toBe(reason);
});

test('what is due is the sum of what is owed by now, in the one currency, without what is over or being ended', () => {
  const state = enrolled({
    charges: [
      charge({ chargeId: 'a', amount: 1 }),
      charge({ chargeId: 'b', amount: 10, dueAtMs: T0 + DAY, phase: { is: 'due', atMs: T0 + DAY } }),
      charge({ chargeId: 'c', amount: 100, currency: 'usd' }),
      charge({ chargeId: 'd', amount: 1000, phase: { is: 'closing', to: 'failed', reason: 'declined' } }),
      { ...CARDLESS, amount: 10_000 },
      { ...STEP_UP, amount: 100_000 },
    ],
  });
  expect(viewOf(state, T0).amountDue).toBe(110_001);
  expect(viewOf(state, T0 + DAY).amountDue).toBe(110_011);
});

test('the customer is shown without fingerprint, consent or terms', () => {
  const view = viewOf(enrolled({ enrolment: enrolment({ decline: decline('lost_card') }) }), T0 + HOUR);
  expect(view).toEqual({
    customerId: 'alice',
    stripeCustomerId: 'cus_1',
    status: 'active',
    needsAttention: [],
    enrolment: {
      number: 1,
      requestId: 'request-1',
      setupIntentId: 'seti_1',
      status: 'awaiting_customer',
      closed: false,
      hasConsent: true,
      decline: {
        code: 'card_declined',
        declineCode: 'lost_card',
        customerMessage: 'Your card was declined. Please use another card, or ask your bank.',
      },
    },
    card: { brand: 'visa', last4: '3155', expMonth: 12, expYear: 2030, country: 'DE' },
    mandate: {
      status: 'active',
      stripeMandateId: null,
      setupIntentId: 'seti_1',
      paymentMethodId: 'pm_1',
      acceptedAtMs: T0,
    },
    amountDue: 0,
    amountsDue: [],
    currency: 'eur',
    nextActionAtMs: T0 + HOUR,
    charges: [],
  });
});
