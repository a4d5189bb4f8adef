// What each answer of Stripe's means for one charge, in whatever phase it comes.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge, ChargePhase } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { Step, StepOf } from '../../../domain/model/steps.ts';
import type { IssuerAnswer, PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DEFAULT_COLLECTION } from '../../../domain/shared/policy.ts';
import { ATTEMPTS_REMEMBERED } from '../../../domain/shared/state-limits.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../../domain/shared/time.ts';
import {
  attempt,
  BY,
  CARD,
  charge,
  decline,
  enrolled,
  enrolment,
  mandate,
  reading,
  setupDone,
  stepUp,
  T0,
  tried,
} from '../fixtures.ts';

function owing(...charges: Charge[]): CustomerState {
  return enrolled({ charges });
}

/** Stripe says this of the charge `one`, at T0. */
function read(of: Charge | CustomerState, over: Partial<PaymentIntentReading>, nowMs = T0): CustomerState {
  const state = 'charges' in of ? of : owing(of);
  return advance(state, { kind: 'paymentIntentRead', chargeId: 'one', reading: reading(over) }, nowMs);
}

function one(state: CustomerState): Charge {
  const [first] = state.charges;
  if (!first) throw new Error('there is no charge');
  return first;
}

const kinds = (state: CustomerState) => state.facts.map(({ kind }) => kind);
const notices = (state: CustomerState) => noticesIn(state.facts).map(({ kind }) => kind);
const recorded = (state: CustomerState): CustomerState => ({ ...state, facts: [] });

const ATTEMPTING: ChargePhase = { is: 'attempting' };
const UNKNOWN: ChargePhase = { is: 'unknown', sinceMs: T0 };
const underWay = () => tried(ATTEMPTING, null);
const CONFIRM: StepOf<'attemptCharge'> = {
  do: 'attemptCharge',
  chargeId: 'one',
  paymentIntentId: 'pi_1',
  intentNumber: 1,
  attemptNumber: 1,
  paymentMethodId: 'pm_1',
  stripeMandateId: null,
  fingerprint: 'fp-1',
  known: null,
  amount: 4900,
  currency: 'eur',
  stripeCustomerId: 'cus_1',
};
const READ: Step = { do: 'readPaymentIntent', chargeId: 'one', paymentIntentId: 'pi_1', known: null };

describe('the answer to a confirm', () => {
  test.each([
    { says: { status: 'succeeded' }, phase: 'closed', outcome: 'succeeded', notice: 'charge.succeeded' },
    { says: { status: 'processing' }, phase: 'processing', outcome: 'processing', notice: undefined },
    {
      says: { decline: decline('authentication_required') },
      phase: 'awaiting_step_up',
      outcome: 'step_up',
      notice: 'charge.step_up_required',
    },
    {
      says: { decline: decline('insufficient_funds') },
      phase: 'due',
      outcome: 'declined',
      notice: undefined,
    },
    {
      says: { decline: decline('lost_card') },
      phase: 'awaiting_card',
      outcome: 'declined',
      notice: 'charge.awaiting_card',
    },
    {
      says: { decline: decline('expired_card') },
      phase: 'awaiting_card',
      outcome: 'declined',
      notice: 'charge.awaiting_card',
    },
    { says: { status: 'canceled' }, phase: 'refused', outcome: 'refused', notice: undefined },
    { says: { status: 'requires_payment_method' }, phase: 'due', outcome: 'unknown', notice: undefined },
    { says: { status: 'a_status_of_tomorrow' }, phase: 'due', outcome: 'unknown', notice: undefined },
  ])('$says makes it $phase', ({ says, phase, outcome, notice }) => {
    const after = read(underWay(), { stripeChargeId: 'ch_1', ...says });
    expect(one(after).phase.is).toBe(phase);
    expect(one(after).attempts.map((attempt) => attempt.outcome)).toEqual([outcome]);
    expect(notices(after)).toEqual(notice === undefined ? [] : [notice]);
    expect(kinds(after)).toContain('attempt');
  });

  test('a hard decline blocks the card for every charge; a wrong expiry date does not', () => {
    expect(read(underWay(), { decline: decline('lost_card') }).issuerBudgets[0]?.blocked).toBe(true);
    expect(read(underWay(), { decline: decline('expired_card') }).issuerBudgets[0]?.blocked).toBe(false);
  });

  test('is counted on the card once, also when it says processing first', () => {
    const processing = read(underWay(), { status: 'processing', stripeChargeId: 'ch_1' });
    const paid = read(processing, { status: 'succeeded', stripeChargeId: 'ch_1' }, T0 + DAY);
    expect(paid.issuerBudgets).toEqual([
      { fingerprint: 'fp-1', network: 'visa', attempts: [[T0, 4900, 'eur']], blocked: false },
    ]);
    expect(one(paid).attempts.map(({ outcome }) => outcome)).toEqual(['succeeded']);
  });

  test('while it is processing nothing is asked before the bank has had its time', () => {
    const waits = read(underWay(), { status: 'processing', processingUntilMs: T0 + 26 * HOUR });
    expect(one(waits).nextCheckAtMs).toBe(T0 + 26 * HOUR);
    expect(nextStep(recorded(waits), T0 + HOUR)).toEqual({ do: 'wait', untilMs: T0 + 26 * HOUR });
  });

  test('a payment that was processing and is then declined follows the calendar', () => {
    const after = read(tried({ is: 'processing', sinceMs: T0 }, 'processing'), {
      stripeChargeId: 'ch_1',
      decline: decline('insufficient_funds'),
    });
    expect(one(after).phase).toEqual({ is: 'due', atMs: T0 + DAY });
    expect(one(after).attempts).toHaveLength(1);
  });

  test('a reading of an intent that is not the present one changes nothing', () => {
    const before = owing(underWay());
    expect(read(before, { paymentIntentId: 'pi_0', status: 'succeeded' })).toBe(before);
  });

  test('nothing changes a charge that is over', () => {
    const over = owing(tried({ is: 'closed', as: 'failed', reason: 'declined', atMs: T0 }, 'declined'));
    expect(read(over, { status: 'succeeded' })).toBe(over);
  });
});

describe('an unknown outcome', () => {
  const lost = advance(owing(underWay()), { kind: 'unanswered', step: CONFIRM }, T0);

  test('a lost reply is read at Stripe, never retried with a new key', () => {
    expect(one(lost).phase.is).toBe('unknown');
    expect(one(lost).attempts[0]?.outcome).toBe('unknown');
    expect(nextStep(recorded(lost), T0)).toEqual({ do: 'wait', untilMs: T0 + 2 * SECOND });
    expect(nextStep(recorded(lost), T0 + 2 * SECOND)).toEqual(READ);
  });

  test('what was paid after all is paid, as that attempt', () => {
    const paid = read(lost, { status: 'succeeded', stripeChargeId: 'ch_1' });
    expect(one(paid).phase).toMatchObject({ is: 'closed', as: 'succeeded' });
    expect(one(paid).attempts.map(({ number, outcome }) => [number, outcome])).toEqual([[1, 'succeeded']]);
  });

  test('what was declined after all is declined, as that attempt', () => {
    const after = read(lost, { stripeChargeId: 'ch_1', decline: decline('insufficient_funds') });
    expect(one(after).attempts.map(({ number, outcome }) => [number, outcome])).toEqual([[1, 'declined']]);
  });

  test('an older decline is no answer to it: nothing came of the attempt, and another number is tried', () => {
    const before = tried(UNKNOWN, 'unknown', { stripeChargeId: 'ch_0' });
    const after = read(before, { stripeChargeId: 'ch_0', decline: decline('lost_card') });
    expect(one(after).phase).toEqual({ is: 'due', atMs: T0 + 2 * SECOND });
    expect(nextStep(recorded(after), T0 + MINUTE)).toMatchObject({
      do: 'attemptCharge',
      attemptNumber: 2,
    });
  });

  test('the longer nothing comes of it, the later it is tried', () => {
    const lostAgain = tried(UNKNOWN, 'unknown', {
      attempts: [1, 2, 3, 4].map((number) => attempt({ number, outcome: 'unknown' })),
    });
    expect(one(read(lostAgain, {})).phase).toEqual({ is: 'due', atMs: T0 + 2 * MINUTE });
  });

  test('a reading that is refused or lost leaves it unknown', () => {
    for (const event of [
      { kind: 'refused', step: READ, code: 'resource_missing' },
      { kind: 'unanswered', step: READ },
    ] as const)
      expect(one(advance(lost, event, T0)).phase.is).toBe('unknown');
  });

  test('an attempt whose intent nobody knows: it is searched for, and only when there is none is another made', () => {
    const owed = owing(tried(ATTEMPTING, null, { paymentIntentId: null }));
    const step = { ...CONFIRM, paymentIntentId: null };
    const lostWhole = advance(owed, { kind: 'unanswered', step }, T0);
    expect(one(lostWhole)).toMatchObject({ phase: { is: 'unknown' }, attempts: [{ outcome: 'unknown' }] });
    const opening = recorded(lostWhole);
    expect(nextStep(opening, T0 + 2 * SECOND)).toMatchObject({ do: 'findPaymentIntent', intentNumber: 1 });
    const another = { ...opening, charges: [...opening.charges, charge({ chargeId: 'two' })] };
    expect(nextStep(another, T0)).toMatchObject({ do: 'wait' });

    // The question went unanswered too: it is asked again within seconds.
    const question = nextStep(opening, T0 + 2 * SECOND);
    const waiting = advance(opening, { kind: 'unanswered', step: question }, T0 + 2 * SECOND);
    expect(nextStep(waiting, T0 + 2 * SECOND)).toEqual({ do: 'wait', untilMs: T0 + 12 * SECOND });

    const found = advance(
      opening,
      { kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId: 'pi_1' },
      T0,
    );
    expect(nextStep(found, T0)).toMatchObject({ do: 'readPaymentIntent', paymentIntentId: 'pi_1' });
    expect(one(found)).toMatchObject({ paymentIntentId: 'pi_1', intentNumber: 1, phase: UNKNOWN });
    const paid = read(found, { status: 'succeeded', stripeChargeId: 'ch_1' });
    expect(one(paid).attempts.map(({ number, outcome }) => [number, outcome])).toEqual([[1, 'succeeded']]);

    const none = advance(
      opening,
      { kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId: null },
      T0,
    );
    expect(none.facts.map(({ kind, data }) => [kind, data.outcome, data.paymentIntentId])).toEqual([
      ['attempt', 'unknown', null],
    ]);
    expect(nextStep(recorded(none), T0)).toMatchObject({ do: 'wait' });
    expect(nextStep(recorded(none), T0 + MINUTE)).toMatchObject({
      do: 'attemptCharge',
      paymentIntentId: null,
      intentNumber: 2,
      attemptNumber: 2,
    });
  });
});

describe('a refusal', () => {
  const refused = advance(
    owing(underWay()),
    { kind: 'refused', step: CONFIRM, code: 'payment_intent_unexpected_state' },
    T0,
  );

  test('of a confirm: the intent is read before anything else, for it may be paid, and then the card', () => {
    expect(one(refused)).toMatchObject({ phase: { is: 'refused' }, nextCheckAtMs: T0 });
    expect(one(refused).attempts[0]?.outcome).toBe('refused');
    expect(nextStep(recorded(refused), T0)).toEqual(READ);
    const afterRead = read(recorded(refused), {});
    expect(nextStep(afterRead, T0)).toEqual({ do: 'readSetupIntent', setupIntentId: 'seti_1' });
    expect(one(afterRead).phase.is).toBe('refused');
  });

  test('of a confirm on an intent that is paid: it is paid', () => {
    expect(one(read(refused, { status: 'succeeded' })).phase).toMatchObject({
      is: 'closed',
      as: 'succeeded',
    });
  });

  test('waits for a person, and is on record once', () => {
    const again = advance(refused, { kind: 'refused', step: CONFIRM, code: 'x' }, T0);
    expect(kinds(again).filter((kind) => kind === 'charge_refused')).toHaveLength(1);
    const quiet = read(recorded(refused), {});
    expect(nextStep({ ...quiet, mandate: mandate() }, T0 + 300 * DAY)).toMatchObject({ do: 'wait' });
    const retried = advance(quiet, { kind: 'retryCharge', ...BY, chargeId: 'one' }, T0 + DAY);
    expect(one(retried).phase).toEqual({ is: 'due', atMs: T0 + DAY });
  });

  test('of a creation leaves nothing at Stripe to follow', () => {
    const state = advance(
      owing(tried(ATTEMPTING, null, { paymentIntentId: null })),
      { kind: 'refused', step: { ...CONFIRM, paymentIntentId: null }, request: 'create', code: 'x' },
      T0,
    );
    const cancelled = advance(state, { kind: 'cancelCharge', ...BY, chargeId: 'one' }, T0);
    expect(one(cancelled).phase).toMatchObject({ is: 'closed', as: 'cancelled' });
  });
});

describe('an intent that is canceled', () => {
  test.each([
    { was: { is: 'due', atMs: T0 + 3 * DAY } as const, next: { is: 'due', atMs: T0 + 3 * DAY } },
    { was: { is: 'awaiting_card', sinceMs: T0 } as const, next: { is: 'awaiting_card', sinceMs: T0 } },
    { was: ATTEMPTING, next: { is: 'due', atMs: T0 + 2 * SECOND } },
    { was: { is: 'refused', code: 'x' } as const, next: { is: 'due', atMs: T0 + 2 * SECOND } },
    { was: stepUp(), next: { is: 'due', atMs: T0 + 2 * SECOND } },
  ])('by Stripe itself, while the charge was $was.is: another is made when it is time', ({ was, next }) => {
    const before = tried(was, was.is === 'attempting' ? null : 'declined', { stripeChargeId: 'ch_1' });
    const after = read(before, { status: 'canceled', cancellationReason: 'automatic' });
    expect(one(after)).toMatchObject({
      phase: next,
      paymentIntentId: null,
      intentNumber: 2,
      stripeChargeId: null,
    });
  });

  test('by Stripe itself again and again, each further intent comes later', () => {
    const before = tried(ATTEMPTING, null, { intentNumber: 4 });
    const after = read(before, { status: 'canceled', cancellationReason: 'automatic' });
    expect(one(after).phase).toEqual({ is: 'due', atMs: T0 + 2 * MINUTE });
  });

  test.each([{ is: 'due', atMs: T0 + DAY } as const, stepUp(), ATTEMPTING])(
    'by a person, while the charge was $is: that is a decision, and no other is made unasked',
    (was) => {
      const after = read(tried(was, was.is === 'attempting' ? null : 'step_up'), {
        status: 'canceled',
        cancellationReason: 'requested_by_customer',
      });
      expect(one(after).phase).toEqual({ is: 'refused', code: 'payment_intent_canceled' });
      expect(nextStep(recorded(after), T0 + 300 * DAY)).toMatchObject({ do: 'wait' });
    },
  );
});

describe.each(['automatic', 'requested_by_customer'])(
  'an intent that is canceled (%s)',
  (cancellationReason) => {
    test('ends the wait for the customer, and that is on record', () => {
      const after = read(tried(stepUp(), 'step_up'), { status: 'canceled', cancellationReason });
      expect(after.facts.find(({ kind }) => kind === 'step_up_ended')?.data).toEqual({ how: 'canceled' });
    });
  },
);

describe('a step-up', () => {
  const waiting = (over = {}) =>
    tried(stepUp(over), 'step_up', { stripeChargeId: 'ch_1', nextCheckAtMs: T0 + MINUTE });
  const failed = decline('payment_intent_authentication_failure');

  test('that succeeds at the bank settles the charge, as an attempt of the customer', () => {
    const paid = read(waiting(), { status: 'succeeded', stripeChargeId: 'ch_2' });
    expect(one(paid).phase).toMatchObject({ is: 'closed', as: 'succeeded' });
    expect(one(paid).attempts.at(-1)).toMatchObject({ number: 2, outcome: 'succeeded', onSession: true });
  });

  test('that authenticates and is then declined softly goes to the calendar, and frees the queue', () => {
    const after = read(waiting(), { stripeChargeId: 'ch_2', decline: decline('insufficient_funds') });
    expect(one(after).phase).toEqual({ is: 'due', atMs: T0 + DAY });
    expect(one(after).attempts.at(-1)).toMatchObject({ outcome: 'declined', onSession: true });
    expect(nextStep(recorded(after), T0 + DAY)).toMatchObject({
      do: 'attemptCharge',
      attemptNumber: 3,
    });
  });

  test('that authenticates without paying is confirmed by us', () => {
    const after = read(waiting(), { status: 'requires_confirmation', stripeChargeId: 'ch_1' });
    expect(nextStep(recorded(after), T0)).toMatchObject({ do: 'attemptCharge', attemptNumber: 2 });
  });

  test('at the bank just now is left alone: no confirm of ours touches its intent', () => {
    const other = { ...enrolled(), mandate: mandate({ paymentMethodId: 'pm_2' }), charges: [waiting()] };
    const after = read(other, { status: 'requires_action' });
    expect(one(after).phase).toMatchObject({ is: 'awaiting_step_up', isAtBank: true });
    expect(nextStep(recorded(after), T0)).toMatchObject({ do: 'wait' });
  });

  test('that is seen at the bank in any other phase is waited for from there', () => {
    const after = read(tried({ is: 'due', atMs: T0 + DAY }, 'declined'), { status: 'requires_action' });
    expect(one(after).phase).toMatchObject({ is: 'awaiting_step_up', isAtBank: true, failures: 0 });
  });

  test('that is found at the bank before an attempt was sent leaves that attempt unsent', () => {
    const attempts = [attempt({ outcome: 'step_up' }), attempt({ number: 2, outcome: null })];
    const before = charge({ phase: ATTEMPTING, attempts, stripeChargeId: 'ch_1' });
    const old = { stripeChargeId: 'ch_1', decline: decline('authentication_required') };
    const after = read(before, { status: 'requires_action', ...old });
    expect(one(after).phase).toMatchObject({ is: 'awaiting_step_up', isAtBank: true, failures: 0 });
    expect(one(after).attempts.map(({ outcome }) => outcome)).toEqual(['step_up', 'refused']);
    expect(after.issuerBudgets).toEqual([]);
  });

  test('read again without a new failure counts none', () => {
    const same = { stripeChargeId: 'ch_1', decline: decline('authentication_required') };
    const after = read(read(waiting(), same), same);
    expect(one(after).phase).toMatchObject({ failures: 0 });
  });

  test('that fails is on record and may be tried again', () => {
    const after = read(waiting(), { stripeChargeId: 'ch_1', decline: failed });
    expect(one(after).phase).toMatchObject({ is: 'awaiting_step_up', failures: 1, deadlineMs: T0 + 7 * DAY });
    expect(kinds(after)).toEqual(['step_up_failed']);
    expect(one(read(after, { stripeChargeId: 'ch_1', decline: failed })).phase).toMatchObject({
      failures: 1,
    });
  });

  test('that fails in the same way again, after the customer was seen at the bank, is another failure', () => {
    const once = read(waiting(), { stripeChargeId: 'ch_1', decline: failed });
    const atTheBank = read(once, { status: 'requires_action', stripeChargeId: 'ch_1' });
    const twice = read(atTheBank, { stripeChargeId: 'ch_1', decline: failed });
    expect(one(twice).phase).toMatchObject({ failures: 2 });
  });

  test('that fails too often ends the charge, once its intent is cancelled at Stripe', () => {
    const after = read(waiting({ failures: DEFAULT_COLLECTION.stepUp.failures - 1 }), { decline: failed });
    expect(one(after).phase).toEqual({ is: 'closing', to: 'failed', reason: 'authentication_failed' });
  });

  test('that the bank asks for again and again ends the charge', () => {
    const asked = Array.from({ length: DEFAULT_COLLECTION.stepUp.failures }, (_, index) =>
      attempt({ number: index + 1, outcome: 'step_up' }),
    );
    const before = charge({ phase: ATTEMPTING, attempts: [...asked, attempt({ number: 6, outcome: null })] });
    const after = read(before, { stripeChargeId: 'ch_6', decline: decline('authentication_required') });
    expect(one(after).phase).toEqual({ is: 'closing', to: 'failed', reason: 'authentication_failed' });
  });

  test('is over when another card has been given, and what the bank said of the old one is on record', () => {
    const other = { ...enrolled(), mandate: mandate({ paymentMethodId: 'pm_2' }), charges: [waiting()] };
    expect(one(read(other, { stripeChargeId: 'ch_1' })).phase).toEqual({ is: 'due', atMs: T0 });
    const blocked = read(other, { stripeChargeId: 'ch_2', decline: decline('lost_card') });
    expect(one(blocked)).toMatchObject({ phase: { is: 'due', atMs: T0 }, stripeChargeId: 'ch_2' });
    expect(one(blocked).attempts.at(-1)).toMatchObject({ outcome: 'declined', fingerprint: 'fp-1' });
    expect(blocked.issuerBudgets[0]).toMatchObject({ fingerprint: 'fp-1', blocked: true });
  });

  test('past its deadline is cancelled at Stripe first: money that came in the last moment is kept', () => {
    const late = T0 + 7 * DAY;
    const waitingLate = owing({ ...waiting({ reminders: 3 }), nextCheckAtMs: late + DAY });
    const step = nextStep(waitingLate, late);
    expect(step).toEqual({ do: 'decide', event: { kind: 'stepUpExpired', chargeId: 'one' } });
    const expired = advance(waitingLate, { kind: 'stepUpExpired', chargeId: 'one' }, late);
    expect(one(expired).phase).toEqual({ is: 'closing', to: 'failed', reason: 'step_up_expired' });
    expect(nextStep(recorded(expired), late)).toMatchObject({ do: 'cancelPaymentIntent' });

    const canceled = read(expired, { status: 'canceled', cancellationReason: 'abandoned' }, late);
    expect(one(canceled).phase).toMatchObject({ is: 'closed', as: 'failed', reason: 'step_up_expired' });
    const paid = read(expired, { status: 'succeeded', stripeChargeId: 'ch_2' }, late);
    expect(one(paid).phase).toMatchObject({ as: 'succeeded', reason: 'landed_after_step_up_expired' });
    expect(notices(paid)).toEqual(['charge.succeeded']);
  });

  test('is reminded of three times, each once', () => {
    let state = owing({ ...waiting(), nextCheckAtMs: T0 + 8 * DAY });
    const at: number[] = [];
    for (let hour = 0; hour < 7 * 24; hour++) {
      const step = nextStep(recorded(state), T0 + hour * HOUR);
      if (step.do !== 'decide') continue;
      at.push(hour / 24);
      state = advance(state, step.event, T0 + hour * HOUR);
    }
    expect(at).toEqual([1, 4, 6]);
    expect(new Set(noticesIn(state.facts).map(({ noticeId }) => noticeId)).size).toBe(3);
  });
});

describe('an end', () => {
  const end = (of: Charge) => advance(owing(of), { kind: 'cancelCharge', ...BY, chargeId: 'one' }, T0);

  test.each([
    {
      rule: 'nothing at Stripe: over at once',
      was: charge({ paymentIntentId: null }),
      phase: 'closed',
      step: 'wait',
    },
    { rule: 'an open intent', was: charge(), phase: 'closing', step: 'cancelPaymentIntent' },
    {
      rule: 'an outcome nobody knows',
      was: tried(UNKNOWN, 'unknown'),
      phase: 'closing',
      step: 'cancelPaymentIntent',
    },
    {
      rule: 'an outcome nobody knows, on an intent nobody knows',
      was: tried(UNKNOWN, 'unknown', { paymentIntentId: null }),
      phase: 'closing',
      step: 'findPaymentIntent',
    },
    {
      rule: 'an intent that may exist',
      was: charge({ phase: { is: 'finding_intent' }, paymentIntentId: null }),
      phase: 'closing',
      step: 'findPaymentIntent',
    },
    {
      rule: 'the bank processes it',
      was: tried({ is: 'processing', sinceMs: T0 }, 'processing'),
      phase: 'closing',
      step: 'cancelPaymentIntent',
    },
    {
      rule: 'the customer is asked',
      was: tried(stepUp(), 'step_up'),
      phase: 'closing',
      step: 'cancelPaymentIntent',
    },
  ])('cancelled while: $rule', ({ was, phase, step }) => {
    const after = end(was);
    expect(one(after).phase.is).toBe(phase);
    expect(nextStep(recorded({ ...after, charges: phase === 'closed' ? [] : after.charges }), T0).do).toBe(
      step,
    );
  });

  test.each(['processing', 'requires_action', 'requires_payment_method'])(
    'is followed while Stripe says %s',
    (status) => {
      const after = read(end(tried(UNKNOWN, 'unknown')), { status });
      expect(one(after).phase.is).toBe('closing');
      expect(one(after).nextCheckAtMs).toBeGreaterThan(T0);
    },
  );

  test('that comes too late: the money landed, and both are shown', () => {
    const paid = read(end(tried(UNKNOWN, 'unknown')), { status: 'succeeded' });
    expect(one(paid).phase).toMatchObject({ as: 'succeeded', reason: 'landed_after_cancelled' });
    expect(one(paid).attempts).toHaveLength(1);
  });

  test('with an intent that was made after all: it is cancelled', () => {
    const closing = end(charge({ phase: { is: 'finding_intent' }, paymentIntentId: null }));
    const found = advance(
      closing,
      { kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId: 'pi_1' },
      T0,
    );
    expect(nextStep(recorded(found), T0)).toMatchObject({
      do: 'cancelPaymentIntent',
      paymentIntentId: 'pi_1',
    });
    const none = advance(
      closing,
      { kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId: null },
      T0,
    );
    expect(one(none).phase).toMatchObject({ is: 'closed', as: 'cancelled' });
  });

  test('asked for twice is one end, and a cancelled charge sends no notice of failure', () => {
    const once = end(charge());
    expect(advance(once, { kind: 'cancelCharge', ...BY, chargeId: 'one' }, T0)).toBe(once);
    expect(notices(read(once, { status: 'canceled' }))).toEqual([]);
  });
});

test('each wait for a card has a notice, also when the next card is as blocked as the one before', () => {
  const blocked = advance(
    owing(underWay()),
    {
      kind: 'paymentIntentRead',
      chargeId: 'one',
      reading: reading({ stripeChargeId: 'ch_1', decline: decline('lost_card') }),
    },
    T0,
  );
  const given = { ...blocked, enrolment: enrolment({ number: 2, setupIntentId: 'seti_2' }) };
  const sameCard = { setupIntentId: 'seti_2', card: CARD };
  const again = advance(given, { kind: 'setupIntentRead', reading: setupDone(sameCard) }, T0);
  const step = nextStep(recorded(again), T0);
  expect(step).toEqual({ do: 'decide', event: { kind: 'cardMissing', chargeId: 'one' } });
  const waits = advance(again, { kind: 'cardMissing', chargeId: 'one' }, T0);
  const waitingNotices = noticesIn(waits.facts).filter(({ kind }) => kind === 'charge.awaiting_card');
  expect(new Set(waitingNotices.map(({ noticeId }) => noticeId)).size).toBe(2);
});

test('attempts that never reached the issuer are forgotten first, so that the budget still counts the others', () => {
  let state = owing(charge({ attempts: [attempt(), attempt({ number: 2 })], attemptCount: 2 }));
  for (let number = 3; number <= 60; number++) {
    const step = { ...CONFIRM, attemptNumber: number };
    state = advance(state, { kind: 'attemptStarted', step }, T0 + number * HOUR);
    state = advance(state, { kind: 'unanswered', step }, T0 + number * HOUR);
    state = read(state, {}, T0 + number * HOUR);
  }
  expect(one(state).attempts).toHaveLength(ATTEMPTS_REMEMBERED);
  expect(one(state).attempts.filter(({ outcome }) => outcome === 'declined')).toHaveLength(2);
  expect(one(state).attempts.at(-1)?.number).toBe(60);
});

test('the same charge opened twice is one charge', () => {
  const event: CustomerEvent = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' };
  const once = advance(enrolled(), event, T0);
  expect(advance(once, event, T0 + HOUR)).toBe(once);
});

test.each(['succeeded', 'failed', 'cancelled'] as const)(
  'a charge that has %s and is not on record yet is not opened again, whatever the terms of a late request',
  (as) => {
    const over = owing(tried({ is: 'closed', as, reason: null, atMs: T0 }, 'declined'));
    const event = { kind: 'openCharge', ...BY, chargeId: 'one', currency: 'eur' } as const;
    for (const amount of [4900, 5000]) expect(advance(over, { ...event, amount }, T0 + HOUR)).toBe(over);
  },
);

describe('answers that a newer one hides', () => {
  const no = (stripeChargeId: string, code: string) =>
    ({ ...reading(), stripeChargeId, decline: decline(code) }) satisfies IssuerAnswer;
  const waiting = () => owing(tried(stepUp(), 'step_up', { stripeChargeId: 'ch_1' }));
  const outcomes = (state: CustomerState) =>
    one(state).attempts.map(({ number, outcome, onSession }) => [number, outcome, onSession]);

  test('a customer who tried more than once between two checks: each answer is an attempt on record', () => {
    const unrecordedAnswers = [no('ch_2', 'insufficient_funds'), no('ch_3', 'authentication_required')];
    const paid = read(waiting(), { status: 'succeeded', stripeChargeId: 'ch_4', unrecordedAnswers });
    expect(outcomes(paid)).toEqual([
      [1, 'step_up', false],
      [2, 'declined', true],
      [3, 'step_up', true],
      [4, 'succeeded', true],
    ]);
    const onRecord = paid.facts.filter(({ kind }) => kind === 'attempt');
    expect(onRecord.map(({ data }) => (data.answer as IssuerAnswer).stripeChargeId)).toEqual([
      'ch_2',
      'ch_3',
      'ch_4',
    ]);
  });

  test('those that are known already are not counted again', () => {
    const unrecordedAnswers = [no('ch_0', 'insufficient_funds'), no('ch_1', 'authentication_required')];
    const paid = read(waiting(), { status: 'succeeded', stripeChargeId: 'ch_2', unrecordedAnswers });
    expect(outcomes(paid).slice(1)).toEqual([[2, 'succeeded', true]]);
  });

  test('the first of them after an attempt nobody answered is that attempt’s', () => {
    const lost = owing(tried(UNKNOWN, 'unknown'));
    const unrecordedAnswers = [no('ch_1', 'authentication_required')];
    const paid = read(lost, { status: 'succeeded', stripeChargeId: 'ch_2', unrecordedAnswers });
    expect(outcomes(paid)).toEqual([
      [1, 'step_up', false],
      [2, 'succeeded', true],
    ]);
  });

  test('a card that its issuer never wants to see again is remembered from them too', () => {
    const after = read(waiting(), {
      stripeChargeId: 'ch_3',
      decline: decline('generic_decline'),
      unrecordedAnswers: [no('ch_2', 'stolen_card')],
    });
    expect(after.issuerBudgets).toMatchObject([{ fingerprint: 'fp-1', blocked: true }]);
  });

  test('the card that gave such an answer is blocked, and not the one that was asked since', () => {
    const attempts = [
      attempt({ outcome: 'processing', stripeChargeId: 'ch_1' }),
      attempt({ number: 2, outcome: null, paymentMethodId: 'pm_2', fingerprint: 'fp-2' }),
    ];
    const sent = {
      ...owing(charge({ phase: ATTEMPTING, attempts, stripeChargeId: 'ch_0' })),
      mandate: mandate({ paymentMethodId: 'pm_2', card: { ...CARD, fingerprint: 'fp-2' } }),
    };
    const unrecordedAnswers = [no('ch_1', 'stolen_card')];
    const paid = read(sent, { status: 'succeeded', stripeChargeId: 'ch_2', unrecordedAnswers });
    expect(outcomes(paid)).toEqual([
      [1, 'declined', false],
      [2, 'succeeded', false],
    ]);
    const blocked = paid.issuerBudgets.filter((budget) => budget.blocked);
    expect(blocked.map(({ fingerprint }) => fingerprint)).toEqual(['fp-1']);
  });

  const underWayAt = (stripeChargeId: string, phase: ChargePhase) =>
    charge({ phase, stripeChargeId, attempts: [attempt({ outcome: 'processing', stripeChargeId })] });

  test('Stripe acted late on an attempt that nobody answered: the answer is that attempt’s, not the next one’s', () => {
    const attempts = [1, 2].map((number) => attempt({ number, outcome: 'unknown' }));
    const late = { unrecordedAnswers: [no('ch_1', 'insufficient_funds')], stripeChargeId: 'ch_2' };
    const both = read(owing(charge({ phase: UNKNOWN, attempts })), { status: 'succeeded', ...late });
    expect(outcomes(both)).toEqual([
      [1, 'declined', false],
      [2, 'succeeded', false],
    ]);
    // The same where the second was answered at once.
    const sent = [attempt({ outcome: 'unknown' }), attempt({ number: 2, outcome: null })];
    const paid = read(owing(charge({ phase: ATTEMPTING, attempts: sent })), { status: 'succeeded', ...late });
    expect(outcomes(paid)).toEqual(outcomes(both));
  });

  test('one that an attempt of ours hides is on record, and the attempt keeps its number', () => {
    const sent = [attempt({ outcome: 'declined' }), attempt({ number: 2, outcome: null })];
    const before = owing(charge({ phase: ATTEMPTING, attempts: sent, stripeChargeId: 'ch_1' }));
    const unrecordedAnswers = [no('ch_2', 'insufficient_funds')];
    const paid = read(before, { status: 'succeeded', stripeChargeId: 'ch_3', unrecordedAnswers });
    expect(outcomes(paid)).toEqual([
      [1, 'declined', false],
      [2, 'succeeded', false],
    ]);
    expect(paid.facts.filter(({ kind }) => kind === 'attempt')).toMatchObject([
      { data: { number: null, outcome: 'declined', onSession: true, answer: { stripeChargeId: 'ch_2' } } },
      { data: { number: 2, outcome: 'succeeded' } },
    ]);
  });

  test('one that was under way and declined, hidden by the next, is that attempt’s', () => {
    const slow = owing(underWayAt('ch_1', { is: 'processing', sinceMs: T0 }));
    const unrecordedAnswers = [no('ch_0', 'generic_decline'), no('ch_1', 'insufficient_funds')];
    expect(outcomes(read(slow, { status: 'succeeded', stripeChargeId: 'ch_2', unrecordedAnswers }))).toEqual([
      [1, 'declined', false],
      [2, 'succeeded', true],
    ]);
  });

  test('one that was under way when its charge was called off, and then declined, is on record as declined', () => {
    const closing: ChargePhase = { is: 'closing', to: 'cancelled', reason: 'cancelled' };
    const slow = owing(underWayAt('ch_1', closing));
    const no1 = { stripeChargeId: 'ch_1', decline: decline('insufficient_funds') };
    const open = read(slow, { status: 'requires_payment_method', ...no1 });
    expect(outcomes(open)).toEqual([[1, 'declined', false]]);
    const over = read(open, { status: 'canceled', ...no1 });
    expect(over.facts.filter(({ kind }) => kind === 'attempt')).toHaveLength(1);
  });

  test('what was given up or canceled leaves its last answer on record, and nothing is decided by it', () => {
    const closing: ChargePhase = { is: 'closing', to: 'cancelled', reason: 'cancelled' };
    const last = {
      status: 'canceled',
      stripeChargeId: 'ch_2',
      decline: decline('insufficient_funds'),
    } as const;
    for (const phase of [closing, stepUp()]) {
      const over = read(owing(tried(phase, 'step_up', { stripeChargeId: 'ch_1' })), last);
      const facts = over.facts.filter(({ kind }) => kind === 'attempt');
      expect(facts).toMatchObject([{ data: { number: 2, outcome: 'declined' } }]);
    }
  });
});
