// What a refused request teaches the charge that it was about, and under which key it is tried again.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { Step } from '../../../domain/model/steps.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { refuse } from '../../../domain/refuse.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { HOUR } from '../../../domain/shared/time.ts';
import { BY, charge, enrolled, enrolment, mandate, reading, setupDone, T0, tried } from '../fixtures.ts';

const one = ({ charges: [first] }: CustomerState): Charge => {
  if (!first) throw new Error('there is no charge');
  return first;
};
const recorded = (state: CustomerState): CustomerState => ({ ...state, facts: [] });
const notices = ({ facts }: CustomerState) => noticesIn(facts).map(({ kind }) => kind);
const happen = (state: CustomerState, ...events: CustomerEvent[]) =>
  events.reduce((next, event) => advance(recorded(next), event, T0), state);

const CONFIRM: Step = {
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
const CREATE: Step = { ...CONFIRM, paymentIntentId: null };
const missing = (param: string, request: 'create' | 'confirm' = 'confirm'): CustomerEvent => ({
  kind: 'refused',
  step: request === 'create' ? CREATE : CONFIRM,
  request,
  code: 'resource_missing',
  param,
});
const unpaid: CustomerEvent = { kind: 'paymentIntentRead', chargeId: 'one', reading: reading() };
const attempting = (over: Partial<CustomerState> = {}) =>
  enrolled({ charges: [tried({ is: 'attempting' }, null)], ...over });
/** Its intent is being created. */
const uncreated = () => enrolled({ charges: [tried({ is: 'attempting' }, null, { paymentIntentId: null })] });
const decide = (state: CustomerState): CustomerState => {
  const step = nextStep(recorded(state), T0);
  if (step.do !== 'decide') throw new Error(`there is nothing to decide: ${step.do}`);
  return advance(recorded(state), step.event, T0);
};

describe('the card is gone at Stripe, and no event said so', () => {
  test('the intent is read, then the charge waits for a card, with its notice', () => {
    const refused = happen(attempting(), missing('payment_method'));
    expect(refused.mandate?.status).toBe('inactive');
    expect(one(refused).attempts).toMatchObject([{ outcome: 'refused' }]);
    expect(nextStep(recorded(refused), T0).do).toBe('readPaymentIntent');
    const waiting = decide(happen(refused, unpaid));
    expect(one(waiting).phase).toEqual({ is: 'awaiting_card', sinceMs: T0 });
    expect(notices(waiting)).toEqual(['charge.awaiting_card']);
  });

  test('the new card collects it', () => {
    const waiting = decide(happen(attempting(), missing('payment_method'), unpaid));
    const asked = { ...waiting, enrolment: enrolment({ number: 2, setupIntentId: 'seti_2' }) };
    const enrolledAgain = happen(asked, {
      kind: 'setupIntentRead',
      reading: setupDone({ setupIntentId: 'seti_2' }),
    });
    expect(nextStep(recorded(enrolledAgain), T0)).toMatchObject({
      do: 'attemptCharge',
      paymentMethodId: 'pm_2',
      attemptNumber: 2,
    });
  });

  test('a card that was given meanwhile is asked at once, and keeps its mandate', () => {
    const replaced = attempting({ mandate: mandate({ paymentMethodId: 'pm_2' }) });
    const read = happen(replaced, missing('payment_method'), unpaid);
    expect(read.mandate?.status).toBe('active');
    expect(nextStep(recorded(read), T0)).toMatchObject({
      do: 'attemptCharge',
      paymentMethodId: 'pm_2',
    });
  });

  test('refused in other words about the card: it waits for one once a read of the mandate tells so', () => {
    const refused = happen(attempting(), {
      kind: 'refused',
      step: CONFIRM,
      request: 'confirm',
      code: 'invalid_request_error',
      param: 'payment_method',
    });
    const read = happen(refused, unpaid);
    expect(one(read).phase.is).toBe('refused');
    expect(nextStep(recorded(read), T0)).toMatchObject({ do: 'readSetupIntent', setupIntentId: 'seti_1' });
    const detached = setupDone({ setupIntentId: 'seti_1', paymentMethodId: 'pm_1', attached: false });
    const waiting = decide(happen(read, { kind: 'setupIntentRead', reading: detached }));
    expect(one(waiting).phase).toEqual({ is: 'awaiting_card', sinceMs: T0 });
    expect(notices(waiting)).toEqual(['charge.awaiting_card']);
  });
});

describe('the customer is gone at Stripe, and no event said so', () => {
  test.each([
    { request: 'create', before: uncreated() },
    { request: 'confirm', before: attempting() },
  ] as const)(
    'found out by $request: the mandate is over, and the charge waits for a card',
    ({ request, before }) => {
      const refused = happen(before, missing('customer', request));
      expect(refused).toMatchObject({ stripeCustomerId: null, mandate: { status: 'inactive' } });
      const read = request === 'confirm' ? happen(refused, unpaid) : refused;
      const waiting = decide(read);
      expect(one(waiting).phase).toEqual({ is: 'awaiting_card', sinceMs: T0 });
      expect(notices(waiting)).toEqual(['charge.awaiting_card']);
    },
  );

  test('the next enrolment makes another customer, whose intents replace the old ones before anything is asked', () => {
    const waiting = decide(happen(attempting(), missing('customer'), unpaid));
    const asked = { ...waiting, enrolment: enrolment({ number: 2, setupIntentId: null }) };
    expect(nextStep(recorded(asked), T0)).toMatchObject({ do: 'createStripeCustomer' });
    const created = happen(asked, { kind: 'stripeCustomerCreated', stripeCustomerId: 'cus_2' });
    expect(nextStep(recorded(created), T0)).toMatchObject({
      do: 'readPaymentIntent',
      paymentIntentId: 'pi_1',
    });
    const replacing = happen(created, unpaid);
    expect(nextStep(recorded(replacing), T0)).toMatchObject({ do: 'cancelPaymentIntent' });
    const canceled = reading({ status: 'canceled', cancellationReason: 'abandoned' });
    const replaced = happen(replacing, { kind: 'paymentIntentRead', chargeId: 'one', reading: canceled });
    expect(one(replaced)).toMatchObject({
      paymentIntentId: null,
      intentNumber: 2,
      phase: { is: 'awaiting_card' },
    });
  });

  test('a SetupIntent that was open for them is given up, and another is made', () => {
    const before = attempting({ enrolment: enrolment({ number: 2, setupIntentId: 'seti_2' }) });
    const refused = happen(before, missing('customer'));
    expect(refused.enrolment).toMatchObject({ setupIntentId: null, setupNumber: 2, closed: false });
    expect(refused.abandonedSetups).toMatchObject([{ setupIntentId: 'seti_2' }]);
  });

  test('a customer who was created again since is not touched by a late refusal', () => {
    const before = attempting({ stripeCustomerId: 'cus_2' });
    const refused = happen(before, missing('customer'));
    expect(refused).toMatchObject({ stripeCustomerId: 'cus_2', mandate: { status: 'active' } });
  });
});

describe('a creation that Stripe has refused', () => {
  const refused = happen(uncreated(), {
    kind: 'refused',
    step: CREATE,
    request: 'create',
    code: 'parameter_invalid',
    param: 'x',
  });
  const search: CustomerEvent = { kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId: null };

  test('is searched for first: an earlier try of the same request may have made it', () => {
    expect(one(refused)).toMatchObject({
      phase: { is: 'refused', code: 'parameter_invalid', param: 'x' },
      attempts: [],
      attemptCount: 0,
    });
    expect(refused.facts.map(({ kind }) => kind)).toEqual(['charge_refused']);
    expect(nextStep(recorded(refused), T0)).toMatchObject({ do: 'findPaymentIntent', intentNumber: 1 });
    const retried = advance(refused, { kind: 'retryCharge', ...BY, chargeId: 'one' }, T0);
    expect(nextStep(recorded(retried), T0)).toMatchObject({ do: 'findPaymentIntent', intentNumber: 1 });
  });

  test('is tried again under a number, and so a key, of its own', () => {
    const retried = happen(refused, search, { kind: 'retryCharge', ...BY, chargeId: 'one' });
    expect(nextStep(recorded(retried), T0)).toMatchObject({
      do: 'attemptCharge',
      paymentIntentId: null,
      intentNumber: 2,
      attemptNumber: 1,
    });
  });

  test('and is there all the same is used, and read before it is confirmed', () => {
    const found = happen(refused, { ...search, paymentIntentId: 'pi_1' } as CustomerEvent);
    expect(one(found)).toMatchObject({ paymentIntentId: 'pi_1', intentNumber: 1 });
    expect(nextStep(recorded(found), T0)).toMatchObject({ do: 'readPaymentIntent' });
  });

  test('for its key alone is searched for, and goes on by itself', () => {
    const conflicting = happen(uncreated(), {
      kind: 'refused',
      step: CREATE,
      request: 'create',
      code: 'idempotency_error',
    });
    expect(one(conflicting).phase.is).toBe('unknown');
    expect(nextStep(recorded(conflicting), T0 + HOUR).do).toBe('findPaymentIntent');
    const none = advance(recorded(conflicting), search, T0);
    expect(nextStep(recorded(none), T0 + HOUR)).toMatchObject({ do: 'attemptCharge', intentNumber: 2 });
  });

  test('can have its terms put right under its id, as long as there is no intent', () => {
    const searched = happen(refused, search);
    const open = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 5000, currency: 'eur' } as const;
    expect(refuse(searched, open, T0)).toBeNull();
    const corrected = happen(searched, open);
    expect(nextStep(recorded(corrected), T0)).toMatchObject({
      do: 'attemptCharge',
      paymentIntentId: null,
      amount: 5000,
      intentNumber: 2,
    });
    const atOnce = happen(refused, open);
    expect(nextStep(recorded(atOnce), T0)).toMatchObject({ do: 'findPaymentIntent', intentNumber: 1 });
    const textsOnly = { ...open, amount: 4900, correction: 1 } as const;
    const withTexts = happen(searched, textsOnly);
    expect(one(withTexts)).toMatchObject({ phase: { is: 'due' }, intentNumber: 2 });
    const refusedAgain = { ...withTexts, charges: [{ ...one(withTexts), phase: one(searched).phase }] };
    expect(advance(refusedAgain, textsOnly, T0)).toBe(refusedAgain);
    expect(one(happen(searched, { ...open, amount: 4900 })).phase.is).toBe('refused');
    const withIntent = enrolled({ charges: [tried({ is: 'refused', code: 'x' }, 'refused')] });
    expect(refuse(withIntent, open, T0)?.code).toBe('charge_conflict');
    expect(refuse(withIntent, textsOnly, T0)?.code).toBe('charge_conflict');
    expect(refuse(searched, { ...open, amount: 10 }, T0)?.code).toBe('amount_too_small');
  });
});

describe('an intent that could be ours and does not fit', () => {
  const creating = enrolled({
    charges: [charge({ paymentIntentId: null, phase: { is: 'finding_intent' }, nextCheckAtMs: T0 })],
  });
  const ambiguous: CustomerEvent = {
    kind: 'paymentIntentSearched',
    chargeId: 'one',
    paymentIntentId: null,
    ambiguous: true,
  };

  test('waits for an operator, who finds it searched for again on a retry', () => {
    const refused = happen(creating, ambiguous);
    expect(one(refused).phase).toEqual({ is: 'refused', code: 'ambiguous_payment_intent' });
    expect(refused.facts.map(({ kind }) => kind)).toEqual(['charge_refused']);
    expect(nextStep(recorded(refused), T0).do).toBe('wait');
    const retried = happen(refused, { kind: 'retryCharge', ...BY, chargeId: 'one' });
    expect(nextStep(recorded(retried), T0)).toMatchObject({ do: 'findPaymentIntent', intentNumber: 1 });
  });

  test('never brings a charge back that was given up: it is on record once, and searched for until it is canceled', () => {
    const closing = enrolled({
      charges: [
        charge({
          paymentIntentId: null,
          phase: { is: 'closing', to: 'cancelled', reason: 'cancelled' },
          nextCheckAtMs: T0,
        }),
      ],
    });
    const found = happen(closing, ambiguous);
    expect(one(found).phase).toEqual({ is: 'closing', to: 'cancelled', reason: 'cancelled' });
    expect(found.facts.map(({ kind }) => kind)).toEqual(['charge_refused']);
    const later = one(found).nextCheckAtMs ?? 0;
    expect(later).toBeGreaterThan(T0);
    const again = advance(recorded(found), ambiguous, later);
    expect(again.facts).toEqual([]);
    const none = { ...ambiguous, ambiguous: false } as const;
    const ended = advance(recorded(again), none, one(again).nextCheckAtMs ?? 0);
    expect(one(ended).phase).toMatchObject({ is: 'closed', as: 'cancelled' });
  });
});
