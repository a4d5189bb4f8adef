// What becomes of a charge whose card said no, whose bank asks for the customer again, or that Stripe itself blocked.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { lastDeclineCode } from '../../../domain/attention.ts';
import type { Charge } from '../../../domain/model/charge.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { chargeView } from '../../../domain/view.ts';
import { attempt, decline, enrolled, reading, stepUp, T0, tried } from '../fixtures.ts';

/** Stripe says this of the charge `one`, at T0. */
function read(of: Charge | CustomerState, over: Partial<PaymentIntentReading>): CustomerState {
  const state = 'charges' in of ? of : enrolled({ charges: [of] });
  return advance(state, { kind: 'paymentIntentRead', chargeId: 'one', reading: reading(over) }, T0);
}

function one(state: CustomerState): Charge {
  const [first] = state.charges;
  if (!first) throw new Error('there is no charge');
  return first;
}

const viewOfOne = (state: CustomerState, nowMs = T0) => chargeView(state, one(state), nowMs);
const underWay = (over: Partial<Charge> = {}) => tried({ is: 'attempting' }, null, over);

describe('a step-up that comes back', () => {
  const waiting = () => tried(stepUp({ isAtBank: true }), 'step_up', { stripeChargeId: 'ch_1' });
  const again = { stripeChargeId: 'ch_2', decline: decline('authentication_required') };

  test('after the customer has authenticated, says to call the bank or use another card, once', () => {
    const after = read(waiting(), { ...again, threeDSecureResult: 'authenticated' });
    const advice = 'call_bank_or_use_another_card';
    expect(viewOfOne(after)).toMatchObject({ status: 'awaiting_step_up', stepUp: { advice, failures: 1 } });
    expect(noticesIn(after.facts)).toMatchObject([
      { noticeId: 'step-up-one-1.call-bank', kind: 'charge.step_up_required', data: { advice, reminder: 0 } },
    ]);
    const third = read(after, { ...again, stripeChargeId: 'ch_3', threeDSecureResult: 'authenticated' });
    expect(noticesIn(third.facts)).toEqual(noticesIn(after.facts));
    const reminded = advance(after, { kind: 'stepUpReminderDue', chargeId: 'one' }, T0 + DAY);
    expect(noticesIn(reminded.facts).at(-1)).toMatchObject({ data: { advice, reminder: 1 } });
  });

  test.each(['failed', 'exempted', null])(
    'with a 3-D Secure result of %s says nothing of the kind',
    (result) => {
      const after = read(waiting(), { ...again, threeDSecureResult: result });
      expect(viewOfOne(after).stepUp).not.toHaveProperty('advice');
      expect(noticesIn(after.facts)).toEqual([]);
    },
  );

  test('is no decline of the charge, whatever becomes of it', () => {
    const started = read(underWay(), { decline: decline('authentication_required') });
    expect(one(started).decline).toBeNull();
    expect(lastDeclineCode(started)).toBeNull();
    const ended = advance(started, { kind: 'stepUpExpired', chargeId: 'one' }, T0 + 8 * DAY);
    expect(viewOfOne(ended, T0 + 8 * DAY)).not.toHaveProperty('decline');
    expect(viewOfOne(ended).attempts).toMatchObject([{ outcome: 'step_up' }]);
  });

  test('leaves an earlier decline in its place', () => {
    const poor = decline('insufficient_funds');
    const before = underWay({
      decline: poor,
      attempts: [attempt({ decline: poor }), attempt({ number: 2, outcome: null })],
    });
    expect(one(read(before, { decline: decline('authentication_required') })).decline).toEqual(poor);
  });
});

test('Mastercard’s “never” ends the card; the network comes with the charge and is kept with the decline', () => {
  const never = { ...decline('insufficient_funds'), networkAdviceCode: '03' };
  const said = { stripeChargeId: 'ch_1', decline: never };
  const after = read(underWay(), { ...said, network: 'mastercard' });
  expect(one(after).phase.is).toBe('awaiting_card');
  expect(one(after).attempts.at(-1)?.decline).toMatchObject({ network: 'mastercard' });
  expect(after.issuerBudgets).toMatchObject([{ blocked: true }]);
  const visa = read(underWay(), { ...said, network: 'visa' });
  expect(one(visa).phase).toEqual({ is: 'due', atMs: T0 + DAY });
});

test('an answer that a newer one hides is judged by its own network', () => {
  const never = { ...decline('insufficient_funds'), networkAdviceCode: '21' };
  const hidden = { ...reading({ stripeChargeId: 'ch_1', decline: never }), network: 'mastercard' };
  const after = read(tried({ is: 'processing', sinceMs: T0 }, 'processing'), {
    stripeChargeId: 'ch_2',
    decline: decline('insufficient_funds'),
    network: 'visa',
    unrecordedAnswers: [hidden],
  });
  expect(after.issuerBudgets).toMatchObject([{ blocked: true }]);
});

test('what Stripe itself blocked asks for another card, and spends nothing of this one', () => {
  const after = read(underWay(), {
    stripeChargeId: 'ch_1',
    decline: decline('generic_decline'),
    network: 'visa',
    blockedFor: 'rule',
  });
  expect(one(after).phase.is).toBe('awaiting_card');
  expect(one(after).decline).toMatchObject({ blockedFor: 'rule' });
  expect(after.issuerBudgets).toEqual([]);
});

test.each(['40', '41', '43'])('Mastercard’s %s asks for another card at the first decline', (advice) => {
  const single = { ...decline('insufficient_funds'), networkAdviceCode: advice };
  const after = read(underWay(), { stripeChargeId: 'ch_1', decline: single, network: 'mastercard' });
  expect(one(after).phase.is).toBe('awaiting_card');
  expect(after.issuerBudgets).toMatchObject([{ blocked: false }]);
  expect(noticesIn(after.facts)).toMatchObject([{ kind: 'charge.awaiting_card' }]);
});

test('once it is paid, a charge carries no old decline', () => {
  const poor = decline('insufficient_funds');
  const before = underWay({
    decline: poor,
    attempts: [attempt({ decline: poor }), attempt({ number: 2, outcome: null })],
  });
  const paid = read(before, { status: 'succeeded', stripeChargeId: 'ch_2' });
  expect(viewOfOne(paid)).toMatchObject({ status: 'succeeded' });
  expect(viewOfOne(paid)).not.toHaveProperty('decline');
  expect(viewOfOne(read(before, { stripeChargeId: 'ch_2', decline: poor })).decline).toMatchObject({
    declineCode: 'insufficient_funds',
  });
});
