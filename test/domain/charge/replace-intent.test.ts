// An unpaid intent that is not over what is owed is never confirmed, and money that came in another amount has a notice of its own.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge, ChargePhase } from '../../../domain/model/charge.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DAY, HOUR } from '../../../domain/shared/time.ts';
import { chargeView } from '../../../domain/view.ts';
import { decline, enrolled, reading, stepUp, T0, tried } from '../fixtures.ts';

const read = (state: CustomerState, over: Partial<PaymentIntentReading>) =>
  advance(state, { kind: 'paymentIntentRead', chargeId: 'one', reading: reading(over) }, T0);
const one = ({ charges: [charge] }: CustomerState): Charge => {
  if (!charge) throw new Error('there is no charge');
  return charge;
};
const kinds = ({ facts }: CustomerState) => facts.map(({ kind }) => kind);
const recorded = (state: CustomerState): CustomerState => ({ ...state, facts: [] });
const owing = (phase: ChargePhase, outcome: Parameters<typeof tried>[1] = 'declined') =>
  enrolled({ charges: [tried(phase, outcome)] });

describe.each([
  { difference: 'amount', found: { amount: 490_000 } },
  { difference: 'currency', found: { currency: 'usd' } },
  { difference: 'customer', found: { stripeCustomerId: 'cus_0' } },
  { difference: 'customer', found: { stripeCustomerId: null } },
])('an unpaid intent with another $difference ($found)', ({ difference, found }) => {
  test.each([
    { phase: { is: 'due', atMs: T0 + 3 * DAY } as const, resumeAs: { is: 'due', atMs: T0 + 3 * DAY } },
    { phase: { is: 'due', atMs: T0 } as const, resumeAs: { is: 'due', atMs: T0 } },
    { phase: { is: 'awaiting_card', sinceMs: T0 } as const, resumeAs: { is: 'awaiting_card', sinceMs: T0 } },
    { phase: { is: 'refused', code: 'x' } as const, resumeAs: { is: 'refused', code: 'x' } },
    { phase: stepUp(), resumeAs: { is: 'due', atMs: T0 } },
    { phase: { is: 'unknown', sinceMs: T0 } as const, resumeAs: { is: 'due', atMs: T0 } },
    { phase: { is: 'attempting' } as const, resumeAs: { is: 'due', atMs: T0 } },
    { phase: { is: 'processing', sinceMs: T0 } as const, resumeAs: { is: 'due', atMs: T0 } },
  ])('while the charge is $phase.is: it is cancelled, and then another is made', ({ phase, resumeAs }) => {
    const outcomes = { attempting: null, unknown: 'unknown', processing: 'processing' } as const;
    const outcome = phase.is in outcomes ? outcomes[phase.is as keyof typeof outcomes] : 'declined';
    const replacing = read(owing(phase, outcome), found);
    expect(one(replacing).phase).toEqual({ is: 'replacing_intent', sinceMs: T0, resumeAs });
    expect(kinds(replacing)).toContain('payment_intent_differs');
    expect(replacing.facts.at(-1)?.data).toMatchObject({ difference, found, paymentIntentId: 'pi_1' });
    expect(nextStep(recorded(replacing), T0)).toMatchObject({
      do: 'cancelPaymentIntent',
      paymentIntentId: 'pi_1',
    });
    const replaced = read(recorded(replacing), {
      ...found,
      status: 'canceled',
      cancellationReason: 'abandoned',
    });
    expect(one(replaced)).toMatchObject({ phase: resumeAs, paymentIntentId: null, intentNumber: 2 });
  });
});

test('after the cancellation the charge is attempted on an intent of its own number, over what is owed', () => {
  const canceled = read(read(owing({ is: 'due', atMs: T0 }), { amount: 490_000 }), {
    amount: 490_000,
    status: 'canceled',
    cancellationReason: 'abandoned',
  });
  expect(nextStep(recorded(canceled), T0)).toMatchObject({
    do: 'attemptCharge',
    paymentIntentId: null,
    intentNumber: 2,
    amount: 4900,
  });
});

test('until Stripe says that it is canceled no other is made, however long that takes', () => {
  let state = read(owing({ is: 'due', atMs: T0 }), { amount: 490_000 });
  for (let hour = 0; hour < 20; hour++) {
    const nowMs = T0 + hour * HOUR;
    const step = nextStep(recorded(state), nowMs);
    expect(['cancelPaymentIntent', 'wait']).toContain(step.do);
    state = advance(recorded(state), { kind: 'unanswered', step }, nowMs);
  }
  expect(one(state)).toMatchObject({ phase: { is: 'replacing_intent' }, paymentIntentId: 'pi_1' });
});

test('what its issuer said before is on record, and decides about the card', () => {
  const replacing = read(owing({ is: 'attempting' }, null), {
    amount: 490_000,
    stripeChargeId: 'ch_1',
    decline: decline('lost_card'),
  });
  expect(one(replacing).attempts).toMatchObject([{ outcome: 'declined' }]);
  expect(one(replacing).phase).toMatchObject({ is: 'replacing_intent', resumeAs: { is: 'awaiting_card' } });
  expect(replacing.issuerBudgets).toMatchObject([{ blocked: true }]);
});

test('an older decline, which the intent still shows, is no answer to the attempt that was not sent', () => {
  const earlier = tried({ is: 'attempting' }, null, { stripeChargeId: 'ch_1' });
  const replacing = read(enrolled({ charges: [earlier] }), {
    amount: 490_000,
    stripeChargeId: 'ch_1',
    decline: decline('lost_card'),
  });
  expect(one(replacing).attempts).toMatchObject([{ outcome: 'refused' }]);
  expect(replacing.issuerBudgets).toEqual([]);
});

test('a charge that is given up meanwhile is closed, and its intent is cancelled all the same', () => {
  const replacing = read(owing({ is: 'due', atMs: T0 }), { amount: 490_000 });
  const closing = advance(replacing, { kind: 'cancelCharge', actor: 'shop', chargeId: 'one' }, T0);
  expect(one(closing).phase).toMatchObject({ is: 'closing', to: 'cancelled' });
  expect(nextStep(recorded(closing), T0).do).toBe('cancelPaymentIntent');
});

describe('money that came in another amount', () => {
  test.each([
    { rule: 'more', found: { amount: 490_000, amountReceived: 490_000 }, reason: 'amount_differs' },
    { rule: 'less', found: { amountReceived: 4000 }, reason: 'amount_differs' },
    { rule: 'another currency', found: { currency: 'usd' }, reason: 'amount_differs' },
    { rule: 'all of it refunded already', found: { amountRefunded: 4900 }, reason: 'refunded_already' },
  ])('$rule: on record, in a notice, and shown', ({ found, reason }) => {
    const paid = read(owing({ is: 'attempting' }, null), { status: 'succeeded', ...found });
    expect(one(paid).phase).toMatchObject({ is: 'closed', as: 'succeeded', reason });
    expect(paid.facts.find(({ kind }) => kind === 'amount_differs')?.data).toMatchObject({
      amount: 4900,
      currency: 'eur',
    });
    expect(paid.facts.find(({ kind }) => kind === 'charge_closed')?.data).toMatchObject({ reason });
    expect(noticesIn(paid.facts).map(({ kind }) => kind)).toContain('charge.amount_differs');
    const received = 'amountReceived' in found ? found.amountReceived : 4900;
    expect(chargeView(paid, one(paid), T0).amountReceived).toBe(received);
  });

  test('while the intent was being replaced it is the charge’s money all the same', () => {
    const replacing = read(owing(stepUp(), 'step_up'), { amount: 490_000 });
    const paid = read(replacing, { status: 'succeeded', amount: 490_000, amountReceived: 490_000 });
    expect(one(paid).phase).toMatchObject({ is: 'closed', as: 'succeeded', reason: 'amount_differs' });
  });

  test('what is owed and received alike needs no word', () => {
    const paid = read(owing({ is: 'attempting' }, null), { status: 'succeeded' });
    expect(kinds(paid)).not.toContain('amount_differs');
    expect(noticesIn(paid.facts).map(({ kind }) => kind)).toEqual(['charge.succeeded']);
    expect(chargeView(paid, one(paid), T0).amountReceived).toBe(4900);
  });
});
