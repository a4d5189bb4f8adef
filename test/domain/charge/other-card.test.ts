// A card is replaced while an attempt on the old one is under way: whatever is learnt of it, the new card is asked at once.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Attempt, Charge, ChargePhase } from '../../../domain/model/charge.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { CARD, decline, enrolled, mandate, reading, T0, tried } from '../fixtures.ts';

const REPLACED = mandate({ paymentMethodId: 'pm_2', card: { ...CARD, fingerprint: 'fp-2' } });

const UNDER_WAY: readonly { readonly phase: ChargePhase; readonly outcome: Attempt['outcome'] }[] = [
  { phase: { is: 'attempting' }, outcome: null },
  { phase: { is: 'unknown', sinceMs: T0 }, outcome: 'unknown' },
  { phase: { is: 'processing', sinceMs: T0 }, outcome: 'processing' },
  { phase: { is: 'refused', code: 'x' }, outcome: 'refused' },
];

const read = (state: CustomerState, over: Partial<PaymentIntentReading>) =>
  advance(state, { kind: 'paymentIntentRead', chargeId: 'one', reading: reading(over) }, T0);

const one = ({ charges: [charge] }: CustomerState): Charge => {
  if (!charge) throw new Error('there is no charge');
  return charge;
};

describe.each([
  { kind: 'hard', reason: 'lost_card' },
  { kind: 'new card', reason: 'expired_card' },
  { kind: 'soft', reason: 'insufficient_funds' },
  { kind: 'transient', reason: 'processing_error' },
  { kind: 'unknown', reason: 'a_code_of_tomorrow' },
  { kind: 'step-up', reason: 'authentication_required' },
])('a $kind decline ($reason) of the old card', ({ reason }) => {
  test.each(UNDER_WAY)(
    'found while the charge is $phase.is: the new card is asked now, without a notice',
    ({ phase, outcome }) => {
      const before = enrolled({ mandate: REPLACED, charges: [tried(phase, outcome)] });
      const after = read(before, { stripeChargeId: 'ch_1', decline: decline(reason) });
      expect(one(after).phase).toEqual({ is: 'due', atMs: T0 });
      expect(noticesIn(after.facts)).toEqual([]);
      expect(nextStep({ ...after, facts: [] }, T0)).toMatchObject({
        do: 'attemptCharge',
        paymentMethodId: 'pm_2',
        fingerprint: 'fp-2',
        attemptNumber: 2,
      });
      expect(one(after).attempts).toMatchObject([{ paymentMethodId: 'pm_1', fingerprint: 'fp-1' }]);
    },
  );
});

test('a decline that used up the old card’s calendar does not end a charge that another card may pay', () => {
  const attempts = [0, 1, 3].map((days, index) => ({
    ...tried({ is: 'due', atMs: T0 }, 'declined').attempts[0],
    number: index + 1,
    atMs: T0 - (7 - days) * DAY,
    decline: decline('insufficient_funds'),
  })) as Attempt[];
  const last = { ...(attempts[0] as Attempt), number: 4, atMs: T0, outcome: null, decline: null };
  const charge = tried({ is: 'attempting' }, null, { attempts: [...attempts, last], attemptCount: 4 });
  const declined = { stripeChargeId: 'ch_4', decline: decline('insufficient_funds') };
  expect(one(read(enrolled({ charges: [charge] }), declined)).phase).toMatchObject({ is: 'closing' });
  const replaced = enrolled({ mandate: REPLACED, charges: [charge] });
  expect(one(read(replaced, declined)).phase).toEqual({ is: 'due', atMs: T0 });
});

test('nothing came of the attempt on the old card: the new one is asked without the pause', () => {
  const charges = [tried({ is: 'unknown', sinceMs: T0 }, 'unknown')];
  expect(one(read(enrolled({ mandate: REPLACED, charges }), {})).phase).toEqual({ is: 'due', atMs: T0 });
  expect(one(read(enrolled({ charges }), {})).phase).toMatchObject({ is: 'due', atMs: T0 + 2_000 });
});

test.each([
  {
    rule: 'may not pay this sum',
    over: { mandate: { ...REPLACED, terms: { maxAmount: 4899, currency: 'eur' } } },
  },
  {
    rule: 'is blocked',
    over: {
      mandate: REPLACED,
      issuerBudgets: [{ fingerprint: 'fp-2', network: 'visa', attempts: [], blocked: true }],
    },
  },
])('a new card that $rule does not count: the charge waits for another', ({ over }) => {
  const before = enrolled({ ...over, charges: [tried({ is: 'unknown', sinceMs: T0 }, 'unknown')] });
  const after = read(before, { stripeChargeId: 'ch_1', decline: decline('expired_card') });
  expect(one(after).phase).toEqual({ is: 'awaiting_card', sinceMs: T0 });
});

test('the customer is at the bank with the old card: the charge waits there, and nobody is asked to come', () => {
  const before = enrolled({ mandate: REPLACED, charges: [tried({ is: 'unknown', sinceMs: T0 }, 'unknown')] });
  const after = read(before, { status: 'requires_action', stripeChargeId: 'ch_1' });
  expect(one(after).phase).toMatchObject({ is: 'awaiting_step_up', isAtBank: true });
  expect(noticesIn(after.facts)).toEqual([]);
});

test('an answer is recorded on the card that gave it, also when a lost run has asked it', () => {
  const before = enrolled({
    mandate: REPLACED,
    charges: [tried({ is: 'due', atMs: T0 }, 'declined', { attempts: [] })],
  });
  const after = read(before, {
    stripeChargeId: 'ch_1',
    decline: decline('lost_card'),
    paymentMethodId: 'pm_1',
    fingerprint: 'fp-1',
  });
  expect(after.issuerBudgets).toMatchObject([{ fingerprint: 'fp-1', blocked: true }]);
  expect(one(after).phase).toEqual({ is: 'due', atMs: T0 });
});
