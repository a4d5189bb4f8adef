// From the request for a card to the mandate, with everything that can come between.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { newCustomer } from '../../../domain/lifecycle.ts';
import type { Enrolment } from '../../../domain/model/enrolment.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { SetupIntentReading } from '../../../domain/model/stripe-objects.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../../domain/shared/time.ts';
import {
  BY,
  CONSENT,
  charge,
  decline,
  enrolled,
  enrolment,
  mandate,
  setupDone,
  setupReading,
  stepUp,
  T0,
  tried,
} from '../fixtures.ts';

const recorded = (state: CustomerState): CustomerState => ({ ...state, facts: [] });
const kinds = (state: CustomerState) => state.facts.map(({ kind }) => kind);
const enrol = (over: object = {}): CustomerEvent => ({
  kind: 'enrol',
  ...BY,
  requestId: 'request-1',
  consent: CONSENT,
  ...over,
});
const seen = (state: CustomerState, over: Partial<SetupIntentReading>, nowMs = T0) =>
  advance(state, { kind: 'setupIntentRead', reading: setupReading(over) }, nowMs);
/** Somebody who has not finished an enrolment. */
const enrolling = (over: Partial<Enrolment> = {}, more: Partial<CustomerState> = {}) =>
  enrolled({ mandate: null, enrolment: enrolment(over), ...more });

test('somebody deleted at Stripe who once gave a card is created there again; one who was never there is a fault of the request', () => {
  const opening = { setupIntentId: null, setupOpenedAtMs: null, number: 2 };
  const back = enrolled({ enrolment: enrolment(opening), mandate: mandate({ status: 'inactive' }) });
  const step = nextStep(back, T0);
  expect(step.do).toBe('createSetupIntent');
  const refused: CustomerEvent = { kind: 'refused', step, code: 'resource_missing' };
  const again = advance(back, refused, T0);
  expect(again.stripeCustomerId).toBeNull();
  expect(nextStep(again, T0)).toEqual({ do: 'wait', untilMs: T0 + 2 * SECOND });
  expect(nextStep(again, T0 + 2 * SECOND)).toMatchObject({ do: 'createStripeCustomer', tries: 1 });

  const never = advance({ ...back, mandate: null }, refused, T0);
  expect(never).toMatchObject({ stripeCustomerId: null, enrolment: { closed: true, status: 'failed' } });
});

describe('a first enrolment', () => {
  const loaded = { ...newCustomer('alice'), loaded: true };

  test('goes from the customer over the SetupIntent to the card given', () => {
    let state = recorded(advance(loaded, enrol({ paymentMethodId: 'pm_1' }), T0));
    expect(nextStep(state, T0)).toMatchObject({ do: 'createStripeCustomer', enrolmentNumber: 1 });
    state = advance(state, { kind: 'stripeCustomerCreated', stripeCustomerId: 'cus_1' }, T0);
    expect(nextStep(state, T0)).toMatchObject({
      do: 'createSetupIntent',
      setupNumber: 1,
      stripeCustomerId: 'cus_1',
    });
    state = advance(state, { kind: 'setupIntentCreated', enrolmentNumber: 1, setupIntentId: 'seti_1' }, T0);
    expect(nextStep(state, T0)).toMatchObject({ do: 'confirmSetupIntent', paymentMethodId: 'pm_1' });
    state = recorded(advance(state, { kind: 'setupIntentRead', reading: setupDone() }, T0));
    expect(state.mandate).toMatchObject({ status: 'active', paymentMethodId: 'pm_2', consent: CONSENT });
    expect(state.enrolment).toMatchObject({ status: 'succeeded', closed: true });
    expect(nextStep(state, T0).do).toBe('wait');
  });

  test('adopts the Stripe customer it is given, and only the first time', () => {
    const adopted = advance(loaded, enrol({ stripeCustomerId: 'cus_theirs' }), T0);
    expect(nextStep(recorded(adopted), T0)).toMatchObject({
      do: 'createSetupIntent',
      stripeCustomerId: 'cus_theirs',
    });
    const other = advance(enrolled(), enrol({ requestId: 'other', stripeCustomerId: 'cus_theirs' }), T0);
    expect(other.stripeCustomerId).toBe('cus_1');
  });

  test('without consent waits for it on our page, also when Stripe already has the card', () => {
    const state = enrolling({ consent: null });
    const early = advance(state, { kind: 'setupIntentRead', reading: setupDone() }, T0);
    expect(early).toMatchObject({ mandate: null, enrolment: { status: 'awaiting_customer', closed: false } });
    const agreed = advance(
      early,
      { kind: 'giveConsent', ...BY, enrolmentNumber: 1, consent: { ...CONSENT, source: 'page' } },
      T0 + MINUTE,
    );
    expect(nextStep(recorded(agreed), T0 + MINUTE)).toEqual({
      do: 'readSetupIntent',
      setupIntentId: 'seti_1',
    });
    const done = advance(agreed, { kind: 'setupIntentRead', reading: setupDone() }, T0 + MINUTE);
    expect(done.mandate?.consent.source).toBe('page');
  });

  test('takes consent once, and for itself only', () => {
    const give = (enrolmentNumber: number): CustomerEvent => ({
      kind: 'giveConsent',
      ...BY,
      enrolmentNumber,
      consent: { ...CONSENT, consentId: 'other' },
    });
    const open = enrolling({ consent: null });
    expect(advance(open, give(2), T0)).toBe(open);
    const agreed = enrolling();
    expect(advance(agreed, give(1), T0)).toBe(agreed);
  });

  test('waits for a mandate that is pending, and starts with none that is inactive', () => {
    const indian = (stripeMandateStatus: 'pending' | 'active' | 'inactive') =>
      advance(
        enrolling(),
        {
          kind: 'setupIntentRead',
          reading: setupDone({ stripeMandateId: 'mandate_1', stripeMandateStatus }),
        },
        T0,
      );
    expect(indian('pending')).toMatchObject({ mandate: null, enrolment: { status: 'processing' } });
    expect(indian('active').mandate).toMatchObject({ status: 'active', stripeMandateId: 'mandate_1' });
    expect(indian('inactive').mandate?.status).toBe('inactive');
  });

  test('a pending mandate is never cut off by the renewal, and its event has it read', () => {
    const state = enrolling({ status: 'processing', nextCheckAtMs: T0 + 8 * DAY });
    expect(nextStep(state, T0 + 8 * DAY)).toMatchObject({ do: 'readSetupIntent' });
    const notified = advance(
      state,
      { kind: 'stripeEventReceived', eventId: 'evt_1', type: 'mandate.updated', objectId: 'mandate_1' },
      T0,
    );
    expect(nextStep(notified, T0)).toMatchObject({ do: 'readSetupIntent' });
  });
});

describe('a failed try', () => {
  const failure = decline('insufficient_funds');

  test('lets the customer try again, and is counted once', () => {
    const once = seen(enrolling(), { decline: failure, setupAttemptId: 'setatt_1' });
    expect(once.enrolment).toMatchObject({ status: 'failed', failures: 1, closed: false, decline: failure });
    const readAgain = seen(once, { decline: failure, setupAttemptId: 'setatt_1' });
    expect(readAgain.enrolment).toMatchObject({ status: 'failed', failures: 1 });
    const twice = seen(once, { decline: failure, setupAttemptId: 'setatt_2' });
    expect(twice.enrolment?.failures).toBe(2);
  });

  test('after 5 of them the enrolment is over and its SetupIntent is cancelled: more is card testing', () => {
    const last = enrolling({ failures: DEFAULT_POLICY.setupFailures - 1, setupAttemptId: 'setatt_4' });
    const over = seen(last, { decline: failure, setupAttemptId: 'setatt_5' });
    expect(over.enrolment).toMatchObject({ closed: true, status: 'failed' });
    expect(nextStep(recorded(over), T0)).toEqual({ do: 'cancelSetupIntent', setupIntentId: 'seti_1' });
  });

  const confirm = {
    do: 'confirmSetupIntent',
    enrolmentNumber: 1,
    setupNumber: 1,
    tries: 0,
    setupIntentId: 'seti_1',
    paymentMethodId: 'pm_1',
  } as const;

  test('a card given with the request whose answer is lost is read, and sent again only if it never came', () => {
    const sent = enrolling({ paymentMethodId: 'pm_1', confirm: 'due' });
    const lost = advance(sent, { kind: 'unanswered', step: confirm }, T0);
    expect(nextStep(lost, T0 + 2 * SECOND)).toEqual({ do: 'readSetupIntent', setupIntentId: 'seti_1' });
    const never = seen(lost, {}, T0 + 2 * SECOND);
    expect(nextStep(never, T0 + DAY)).toMatchObject({ do: 'confirmSetupIntent', tries: 2 });
    const came = seen(lost, { decline: failure, setupAttemptId: 'setatt_1' }, T0);
    expect(nextStep(recorded(came), T0 + DAY)).toMatchObject({ do: 'readSetupIntent' });
    expect(came.enrolment?.status).toBe('failed');
  });

  test('a card that Stripe refuses leaves the page to the customer, and counts once', () => {
    const sent = enrolling({ paymentMethodId: 'pm_1', confirm: 'due' });
    const refused = advance(sent, { kind: 'refused', step: confirm, code: 'resource_missing' }, T0);
    expect(refused.enrolment).toMatchObject({
      status: 'failed',
      failures: 1,
      confirm: 'done',
      closed: false,
    });
    expect(advance(refused, { kind: 'refused', step: confirm, code: 'resource_missing' }, T0)).toBe(refused);
  });

  test('a creation that Stripe refuses ends the enrolment with its code', () => {
    const state = enrolling({ setupIntentId: null, setupOpenedAtMs: null, status: 'pending' });
    const step = nextStep(state, T0);
    const over = advance(state, { kind: 'refused', step, code: 'parameter_invalid' }, T0);
    expect(over.enrolment).toMatchObject({
      closed: true,
      status: 'failed',
      decline: { code: 'parameter_invalid' },
    });
  });

  test('a creation that nobody answered is tried again under another name', () => {
    const state = enrolling({ setupIntentId: null, setupOpenedAtMs: null, status: 'pending' });
    const lost = advance(state, { kind: 'unanswered', step: nextStep(state, T0) }, T0);
    expect(nextStep(lost, T0)).toEqual({ do: 'wait', untilMs: T0 + 2 * SECOND });
    expect(nextStep(lost, T0 + 2 * SECOND)).toMatchObject({ do: 'createSetupIntent', tries: 1 });
  });
});

describe('one that nobody finishes', () => {
  const old = T0 + 7 * DAY;
  const waiting = enrolling({ nextCheckAtMs: old });
  const step = { do: 'cancelSetupIntent', setupIntentId: 'seti_1' } as const;

  test('is renewed after a week: cancelled at Stripe, created again, and the customer is reminded', () => {
    expect(nextStep(waiting, old)).toEqual(step);
    const renewed = seen(waiting, { status: 'canceled' }, old);
    expect(renewed.enrolment).toMatchObject({ setupNumber: 2, setupIntentId: null, closed: false });
    expect(noticesIn(renewed.facts).map(({ kind }) => kind)).toEqual(['customer.enrolment_waiting']);
    expect(nextStep(recorded(renewed), old)).toMatchObject({ do: 'createSetupIntent', setupNumber: 2 });
  });

  test('and finished in the last moment is finished', () => {
    const done = advance(waiting, { kind: 'setupIntentRead', reading: setupDone() }, old);
    expect(done.mandate?.status).toBe('active');
  });

  test.each([
    { kind: 'unanswered', step } as const,
    { kind: 'refused', step, code: 'resource_missing' } as const,
  ])('and cannot be cancelled ($kind) is asked for later, not at once', (event) => {
    const after = advance(waiting, event, old);
    expect(nextStep(after, old)).toEqual({ do: 'wait', untilMs: old + 2 * SECOND });
    expect(nextStep(after, old + HOUR)).toEqual(step);
  });

  test('after four SetupIntents it is given up', () => {
    const last = enrolling({ setupNumber: DEFAULT_POLICY.setupsPerEnrolment, nextCheckAtMs: old });
    const over = seen(last, { status: 'canceled' }, old);
    expect(over.enrolment).toMatchObject({ closed: true, status: 'expired' });
    expect(over.abandonedSetups).toEqual([]);
  });

  test('a card that came without consent does not keep it open for ever', () => {
    const state = enrolling({ consent: null, nextCheckAtMs: old });
    const renewed = advance(state, { kind: 'setupIntentRead', reading: setupDone() }, old);
    expect(renewed.enrolment).toMatchObject({ setupNumber: 2, setupIntentId: null });
  });
});

describe('enrolling again', () => {
  test('with the same request while it is open, or with its consent afterwards, is the same enrolment', () => {
    const open = enrolling({ consent: null });
    expect(advance(open, enrol({ consent: undefined }), T0)).toBe(open);
    const done = enrolled();
    expect(advance(done, enrol(), T0)).toBe(done);
  });

  test('for our page after the last one was finished is another card', () => {
    const again = advance(enrolled(), enrol({ consent: undefined }), T0);
    expect(again.enrolment).toMatchObject({ number: 2, status: 'pending' });
  });

  test('while the last one is unfinished replaces it, and ends its SetupIntent', () => {
    const again = recorded(advance(enrolling(), enrol({ requestId: 'other' }), T0));
    expect(again.enrolment).toMatchObject({ number: 2, setupIntentId: null, closed: false });
    expect(nextStep(again, T0)).toEqual({ do: 'cancelSetupIntent', setupIntentId: 'seti_1' });
    const late = advance(again, { kind: 'setupIntentRead', reading: setupDone() }, T0);
    expect(late).toMatchObject({ mandate: null, abandonedSetups: [] });
  });

  test('a SetupIntent that comes too late for its enrolment is ended; the present one is kept', () => {
    const opened = (enrolmentNumber: number, setupIntentId: string): CustomerEvent => ({
      kind: 'setupIntentCreated',
      enrolmentNumber,
      setupIntentId,
    });
    const state = enrolling({ number: 2, setupIntentId: 'seti_2' });
    expect(advance(state, opened(2, 'seti_2'), T0)).toBe(state);
    const late = advance(state, opened(1, 'seti_1'), T0);
    expect(late.abandonedSetups.map(({ setupIntentId }) => setupIntentId)).toEqual(['seti_1']);
    expect(advance(late, opened(1, 'seti_1'), T0)).toBe(late);
  });

  test('while paused gives the card, and nothing is attempted before the pause ends', () => {
    const state = enrolled({
      paused: { atMs: T0 },
      charges: [tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined')],
    });
    const again = recorded(advance(state, enrol({ requestId: 'other' }), T0));
    expect(nextStep(again, T0).do).toBe('createSetupIntent');
    const opened = advance(
      again,
      { kind: 'setupIntentCreated', enrolmentNumber: 2, setupIntentId: 'seti_2' },
      T0,
    );
    const reading = setupDone({ setupIntentId: 'seti_2' });
    const done = recorded(advance(opened, { kind: 'setupIntentRead', reading }, T0));
    expect(done.charges[0]?.phase).toEqual({ is: 'due', atMs: T0 });
    expect(nextStep(done, T0).do).toBe('wait');
  });

  test('while cancelled brings the customer back', () => {
    const back = advance(enrolled({ cancelled: { atMs: T0 } }), enrol(), T0 + DAY);
    expect(back).toMatchObject({ cancelled: null, enrolment: { number: 2 } });
    expect(back.facts[0]).toMatchObject({ kind: 'enrolment_opened', data: { comesBack: true } });
  });

  test('with another card resumes what is owed, and leaves alone what is not due yet', () => {
    const state = enrolling(
      { number: 2 },
      {
        mandate: mandate({ setupIntentId: 'seti_0' }),
        charges: [
          tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', { chargeId: 'waits' }),
          tried({ is: 'due', atMs: T0 + 3 * DAY }, 'declined', { chargeId: 'retries' }),
          charge({ chargeId: 'later', phase: { is: 'due', atMs: T0 + 3 * DAY } }),
          tried(stepUp(), 'step_up', { chargeId: 'bank', nextCheckAtMs: T0 + DAY }),
          tried({ is: 'refused', code: 'x' }, 'refused', { chargeId: 'refused' }),
        ],
      },
    );
    const done = advance(state, { kind: 'setupIntentRead', reading: setupDone() }, T0 + HOUR);
    const by = Object.fromEntries(done.charges.map((charge) => [charge.chargeId, charge]));
    expect(by.waits?.phase).toEqual({ is: 'due', atMs: T0 + HOUR });
    expect(by.retries?.phase).toEqual({ is: 'due', atMs: T0 + HOUR });
    expect(by.later?.phase).toEqual({ is: 'due', atMs: T0 + 3 * DAY });
    expect(by.bank).toMatchObject({ phase: { is: 'awaiting_step_up' }, nextCheckAtMs: T0 + HOUR });
    expect(by.refused?.phase.is).toBe('refused');
    expect(kinds(done)).toEqual(['mandate', 'notice']);
  });
});

test('a failure counts also for a customer who was seen at the bank before, and once', () => {
  const atBank = seen(enrolling(), { status: 'requires_action', setupAttemptId: 'setatt_1' });
  const failure = { setupAttemptId: 'setatt_1', decline: decline('setup_intent_authentication_failure') };
  const failed = seen(seen(atBank, failure), failure);
  expect(failed.enrolment).toMatchObject({ status: 'failed', failures: 1, setupAttemptId: 'setatt_1' });
  expect(kinds(failed)).toEqual(['setup_failed']);
});
