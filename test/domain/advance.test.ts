// The whole customer: recovery from the ledger, pause and cancel, Stripe's events, and what is recorded before what.
import { describe, expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import { agenda } from '../../domain/agenda.ts';
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Charge } from '../../domain/model/charge.ts';
import type { CustomerEvent, RememberedCharge } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { nextStep } from '../../domain/next-step.ts';
import { LONGEST_SLEEP, PROCESSED_EVENTS_REMEMBERED } from '../../domain/shared/state-limits.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import {
  attempt,
  BY,
  CONSENT,
  charge,
  decline,
  enrolled,
  enrolment,
  mandate,
  reading,
  setupDone,
  setupReading,
  stepUp,
  T0,
  tried,
} from './fixtures.ts';

const recorded = (state: CustomerState): CustomerState => ({ ...state, facts: [] });
const phases = ({ charges }: CustomerState) => charges.map(({ phase }) => phase.is);

describe('a run that starts from nothing', () => {
  const remembered = (over: Partial<RememberedCharge> = {}): RememberedCharge => ({
    chargeId: 'one',
    amount: 4900,
    currency: 'eur',
    openedAtMs: T0,
    dueAtMs: null,
    paymentIntentId: 'pi_1',
    ...over,
  });
  const load = (snapshot: CustomerState | null, ...charges: RememberedCharge[]) =>
    advance(newCustomer('alice'), { kind: 'loaded', snapshot, charges }, T0);

  test('asks the ledger first, once', () => {
    expect(nextStep(newCustomer('alice'), T0)).toEqual({ do: 'load' });
    const back = load(enrolled({ charges: [charge()] }), remembered());
    expect(advance(back, { kind: 'loaded', snapshot: null, charges: [] }, T0)).toBe(back);
  });

  test('reads every intent before anything else happens to its charge', () => {
    const back = recorded(load(enrolled({ charges: [charge()] }), remembered()));
    expect(nextStep(back, T0)).toEqual({
      do: 'readPaymentIntent',
      chargeId: 'one',
      paymentIntentId: 'pi_1',
      known: null,
    });
    const unanswered = advance(back, { kind: 'unanswered', step: nextStep(back, T0) }, T0);
    // The mandate is read as well; an attempt is not made before both have answered.
    expect(nextStep(unanswered, T0).do).toBe('readSetupIntent');
    const stillUnanswered = advance(unanswered, { kind: 'unanswered', step: nextStep(unanswered, T0) }, T0);
    expect(nextStep(stillUnanswered, T0).do).toBe('wait');
  });

  test.each([
    { rule: 'paid', says: reading({ status: 'succeeded', stripeChargeId: 'ch_1' }), is: 'closed' },
    {
      rule: 'declined',
      says: reading({ stripeChargeId: 'ch_1', decline: decline('lost_card') }),
      is: 'awaiting_card',
    },
    {
      rule: 'waiting for the customer',
      says: reading({ stripeChargeId: 'ch_1', decline: decline('authentication_required') }),
      is: 'awaiting_step_up',
    },
  ])('takes in an attempt the snapshot knows nothing of: $rule', ({ says, is }) => {
    const back = load(enrolled({ charges: [charge()] }), remembered());
    const after = advance(back, { kind: 'paymentIntentRead', chargeId: 'one', reading: says }, T0);
    expect(phases(after)).toEqual([is]);
    expect(after.charges[0]?.attempts).toMatchObject([
      { number: 1, paymentMethodId: 'pm_1', fingerprint: 'fp-1', onSession: false },
    ]);
    const isPaid = is === 'closed';
    const budget = {
      fingerprint: 'fp-1',
      network: 'visa',
      attempts: [[T0, 4900, 'eur']],
      blocked: is === 'awaiting_card',
    };
    expect(after.issuerBudgets).toEqual(isPaid ? [] : [budget]);
  });

  test('an attempt that was under way has an unknown outcome', () => {
    const back = load(enrolled({ charges: [tried({ is: 'attempting' }, null)] }), remembered());
    expect(back.charges[0]).toMatchObject({ phase: { is: 'unknown' }, nextCheckAtMs: T0 });
  });

  test('knows an intent from the Stripe object index that the snapshot does not', () => {
    const back = load(enrolled({ charges: [charge({ paymentIntentId: null })] }), remembered());
    expect(nextStep(recorded(back), T0)).toMatchObject({ do: 'readPaymentIntent', paymentIntentId: 'pi_1' });
  });

  test('an intent whose creation nobody saw, but which is in the Stripe object index, is used', () => {
    const opening = charge({ paymentIntentId: null, phase: { is: 'finding_intent' }, nextCheckAtMs: T0 });
    const back = load(enrolled({ charges: [opening] }), remembered());
    expect(nextStep(recorded(back), T0)).toMatchObject({ do: 'readPaymentIntent', paymentIntentId: 'pi_1' });
    const read = advance(
      recorded(back),
      { kind: 'paymentIntentRead', chargeId: 'one', reading: reading() },
      T0,
    );
    expect(read.charges[0]).toMatchObject({ paymentIntentId: 'pi_1', phase: { is: 'due' } });
  });

  test("follows the newest intent, not the snapshot's: the older one was canceled before it was made", () => {
    const back = load(
      enrolled({ charges: [charge({ stripeChargeId: 'ch_1' })] }),
      remembered({ paymentIntentId: 'pi_2' }),
    );
    expect(back.charges[0]).toMatchObject({ paymentIntentId: 'pi_2', intentNumber: 2, stripeChargeId: null });
  });

  test('a charge that the snapshot does not have yet is owed', () => {
    const later = remembered({ chargeId: 'two', paymentIntentId: null, dueAtMs: T0 + DAY });
    const back = recorded(load(enrolled({ charges: [charge()] }), remembered(), later));
    expect(back.charges.map(({ chargeId }) => chargeId)).toEqual(['one', 'two']);
    expect(back.charges[1]).toMatchObject({ phase: { is: 'due', atMs: T0 + DAY }, nextCheckAtMs: null });
  });

  test('a charge that the ledger has as closed is never opened again, whatever the snapshot says', () => {
    expect(load(enrolled({ charges: [charge()] })).charges).toEqual([]);
  });

  test('goes on numbering facts where the ledger ended', () => {
    const back = load(enrolled({ sequence: 41 }));
    expect(back.facts.map(({ sequence, kind }) => [sequence, kind])).toEqual([[42, 'recovered']]);
  });
});

describe('pause', () => {
  const pause: CustomerEvent = { kind: 'pause', ...BY };
  const resume: CustomerEvent = { kind: 'resume', ...BY };

  test('attempts nothing, and what Stripe holds open is still checked', () => {
    const state = enrolled({
      charges: [
        charge({ chargeId: 'two' }),
        tried({ is: 'processing', sinceMs: T0 }, 'processing', { nextCheckAtMs: T0 }),
      ],
    });
    const paused = recorded(advance(state, pause, T0));
    expect(nextStep(paused, T0)).toMatchObject({ do: 'readPaymentIntent', chargeId: 'one' });
    const unchecked = { ...paused, charges: paused.charges.slice(0, 1) };
    expect(nextStep(unchecked, T0)).toEqual({ do: 'wait', untilMs: T0 + LONGEST_SLEEP });
    expect(nextStep(recorded(advance(unchecked, resume, T0 + DAY)), T0 + DAY).do).toBe('attemptCharge');
  });

  test("stops the step-up's clock and the wait for a card, and nothing else", () => {
    const state = enrolled({
      charges: [
        tried(stepUp(), 'step_up'),
        charge({ chargeId: 'two', phase: { is: 'awaiting_card', sinceMs: T0 } }),
        charge({ chargeId: 'three', phase: { is: 'due', atMs: T0 + DAY } }),
      ],
    });
    const paused = advance(state, pause, T0 + DAY);
    expect(nextStep(recorded(paused), T0 + 100 * DAY).do).not.toBe('decide');
    const [first, second, third] = advance(paused, resume, T0 + 11 * DAY).charges;
    expect(first?.phase).toMatchObject({ sinceMs: T0 + 10 * DAY, deadlineMs: T0 + 17 * DAY });
    expect(second?.phase).toMatchObject({ sinceMs: T0 + 10 * DAY });
    expect(third?.phase).toMatchObject({ atMs: T0 + DAY });
  });

  test('gives a wait that began during it no more time than it stood still', () => {
    const began = T0 + 5 * DAY;
    const waiting = stepUp({ sinceMs: began, deadlineMs: began + 7 * DAY });
    const state = enrolled({ paused: { atMs: T0 }, charges: [tried(waiting, 'step_up')] });
    const [resumed] = advance(state, resume, T0 + 10 * DAY).charges;
    expect(resumed?.phase).toMatchObject({ sinceMs: T0 + 10 * DAY, deadlineMs: T0 + 17 * DAY });
  });

  test('twice is once, and resuming what is not paused changes nothing', () => {
    const paused = advance(enrolled(), pause, T0);
    expect(advance(paused, pause, T0 + DAY)).toBe(paused);
    const active = enrolled();
    expect(advance(active, resume, T0)).toBe(active);
  });
});

describe('cancel', () => {
  const cancel: CustomerEvent = { kind: 'cancelCustomer', ...BY };
  const enrol: CustomerEvent = { kind: 'enrol', ...BY, requestId: 'back', consent: CONSENT };

  test('ends every charge, follows what is open at Stripe, and then the workflow is over', () => {
    const state = enrolled({
      paused: { atMs: T0 },
      charges: [
        charge({ chargeId: 'new', paymentIntentId: null }),
        tried({ is: 'unknown', sinceMs: T0 }, 'unknown'),
        charge({ chargeId: 'finding_intent', paymentIntentId: null, phase: { is: 'finding_intent' } }),
      ],
    });
    const after = advance(state, cancel, T0);
    expect(phases(after)).toEqual(['closed', 'closing', 'closing']);
    expect(after.paused).toBeNull();
    expect(nextStep(recorded(after), T0).do).toBe('cancelPaymentIntent');
    expect(nextStep(recorded({ ...after, charges: [] }), T0)).toEqual({ do: 'end' });
    expect(advance(after, cancel, T0 + HOUR)).toBe(after);
  });

  test('ends the permission: a card given before is not charged when the customer comes back', () => {
    const cancelled = advance(enrolled(), cancel, T0);
    expect(cancelled.mandate?.status).toBe('inactive');
    const back = recorded(advance(cancelled, enrol, T0 + DAY));
    expect(back.cancelled).toBeNull();
    const owed = advance(
      back,
      { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' },
      T0 + DAY,
    );
    const opened = recorded({
      ...owed,
      enrolment: enrolment({ setupIntentId: 'seti_2', nextCheckAtMs: T0 + 2 * DAY }),
    });
    expect(nextStep(opened, T0 + DAY)).toEqual({
      do: 'decide',
      event: { kind: 'cardMissing', chargeId: 'one' },
    });
    const notified = { ...opened, mandate: { ...mandate({ status: 'inactive' }), nextCheckAtMs: T0 } };
    const seen = advance(
      notified,
      { kind: 'setupIntentRead', reading: setupDone({ paymentMethodId: 'pm_1' }) },
      T0 + DAY,
    );
    expect(seen.mandate?.status).toBe('inactive');
  });

  test('gives an unfinished enrolment up and cancels its SetupIntent before the workflow is over', () => {
    const state = recorded(advance(enrolled({ enrolment: enrolment() }), cancel, T0));
    expect(state.enrolment).toMatchObject({ closed: true, status: 'expired' });
    expect(nextStep(state, T0)).toEqual({ do: 'cancelSetupIntent', setupIntentId: 'seti_1' });
    const ended = advance(
      state,
      { kind: 'setupIntentRead', reading: setupReading({ status: 'canceled' }) },
      T0,
    );
    expect(nextStep(ended, T0)).toEqual({ do: 'end' });
    const lost = advance(state, { kind: 'unanswered', step: nextStep(state, T0) }, T0);
    expect(nextStep(lost, T0).do).toBe('wait');
    expect(nextStep(lost, T0 + DAY).do).toBe('cancelSetupIntent');
  });
});

test.each([
  { is: 'processing', sinceMs: T0 } as const,
  { is: 'unknown', sinceMs: T0 } as const,
  { is: 'closing', to: 'cancelled', reason: 'cancelled' } as const,
  { is: 'due', atMs: T0 } as const,
  stepUp(),
])('a retry that comes when the charge is $is already changes nothing', (phase) => {
  const state = enrolled({ charges: [tried(phase, 'declined')] });
  expect(advance(state, { kind: 'retryCharge', ...BY, chargeId: 'one' }, T0)).toBe(state);
});

describe('an unknown outcome or a step-up holds the queue', () => {
  const due = charge({ chargeId: 'two', paymentIntentId: 'pi_2' });
  test.each([
    { rule: 'unknown', holder: tried({ is: 'unknown', sinceMs: T0 }, 'unknown'), held: true },
    { rule: 'awaiting_step_up', holder: tried(stepUp({ reminders: 3 }), 'step_up'), held: true },
    {
      rule: 'given up while unknown',
      holder: tried({ is: 'closing', to: 'cancelled', reason: 'cancelled' }, 'unknown'),
      held: true,
    },
    {
      rule: 'given up after a decline',
      holder: tried({ is: 'closing', to: 'cancelled', reason: 'cancelled' }, 'declined'),
      held: false,
    },
    { rule: 'processing', holder: tried({ is: 'processing', sinceMs: T0 }, 'processing'), held: false },
    { rule: 'due later', holder: tried({ is: 'due', atMs: T0 + DAY }, 'declined'), held: false },
    { rule: 'refused', holder: tried({ is: 'refused', code: 'x' }, 'refused'), held: false },
    { rule: 'awaiting_card', holder: tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined'), held: false },
  ])('while another is $rule: held $held', ({ holder, held }) => {
    const waiting: Charge = { ...holder, nextCheckAtMs: T0 + HOUR };
    const step = nextStep(enrolled({ charges: [waiting, due] }), T0);
    expect(step.do).toBe(held ? 'wait' : 'attemptCharge');
  });
});

describe('an event of Stripe’s', () => {
  const notify = (type: string, objectId: string, eventId = 'evt_1'): CustomerEvent => ({
    kind: 'stripeEventReceived',
    eventId,
    type,
    objectId,
  });
  const waiting = enrolled({ charges: [tried(stepUp(), 'step_up', { nextCheckAtMs: T0 + DAY, checks: 5 })] });

  test('says what to read, at once, and the same event again changes nothing', () => {
    const notified = advance(waiting, notify('payment_intent.succeeded', 'pi_1'), T0);
    expect(notified.charges[0]).toMatchObject({ phase: { is: 'awaiting_step_up' }, nextCheckAtMs: T0 });
    expect(advance(notified, notify('payment_intent.succeeded', 'pi_1'), T0 + HOUR)).toBe(notified);
  });

  test('is known again after others too, up to 200 of them', () => {
    const events = Array.from({ length: PROCESSED_EVENTS_REMEMBERED }, (_, index) =>
      notify('payment_intent.processing', 'pi_1', `evt_${index}`),
    );
    const after = events.reduce((state, event) => advance(state, event, T0), waiting);
    for (const event of events) expect(advance(after, event, T0 + HOUR)).toBe(after);
    const more = advance(after, notify('payment_intent.processing', 'pi_1', 'evt_more'), T0);
    expect(more.processedEventIds).toHaveLength(PROCESSED_EVENTS_REMEMBERED);
  });

  test.each([
    { type: 'payment_intent.payment_failed', phase: { is: 'due', atMs: T0 + DAY } as const, checks: false },
    { type: 'payment_intent.created', phase: { is: 'due', atMs: T0 } as const, checks: false },
    {
      type: 'payment_intent.payment_failed',
      phase: { is: 'awaiting_card', sinceMs: T0 } as const,
      checks: false,
    },
    { type: 'payment_intent.succeeded', phase: { is: 'due', atMs: T0 + DAY } as const, checks: true },
    { type: 'payment_intent.payment_failed', phase: stepUp(), checks: true },
    { type: 'payment_intent.payment_failed', phase: { is: 'unknown', sinceMs: T0 } as const, checks: true },
  ])('$type while the charge is $phase.is has it read: $checks', ({ type, phase, checks }) => {
    const state = enrolled({ charges: [tried(phase, 'declined')] });
    expect(advance(state, notify(type, 'pi_1'), T0).charges[0]?.nextCheckAtMs).toBe(checks ? T0 : null);
  });

  test('for the card or the mandate on file has it read', () => {
    const indian = enrolled({ mandate: mandate({ stripeMandateId: 'mandate_1' }) });
    for (const [type, objectId] of [
      ['payment_method.detached', 'pm_1'],
      ['mandate.updated', 'mandate_1'],
    ] as const) {
      const notified = advance(indian, notify(type, objectId), T0);
      expect(nextStep(notified, T0)).toEqual({ do: 'readSetupIntent', setupIntentId: 'seti_1' });
    }
    expect(advance(indian, notify('payment_method.detached', 'pm_9'), T0).mandate?.nextCheckAtMs).toBeNull();
  });

  test('a page that says the customer is back is believed as little', () => {
    const notified = advance(waiting, { kind: 'stepUpCompleted', chargeId: 'one' }, T0);
    expect(notified.charges[0]).toMatchObject({ phase: { is: 'awaiting_step_up' }, nextCheckAtMs: T0 });
  });
});

describe('the card on file', () => {
  const notified = () => enrolled({ mandate: mandate({ nextCheckAtMs: T0 }) });
  const step = { do: 'readSetupIntent', setupIntentId: 'seti_1' } as const;

  test('that was detached is no longer charged, and what is due waits for another', () => {
    const state = { ...notified(), charges: [charge()] };
    const seen = advance(state, { kind: 'setupIntentRead', reading: setupDone({ attached: false }) }, T0);
    expect(seen.mandate).toMatchObject({ status: 'inactive', nextCheckAtMs: null });
    const waits = advance(seen, { kind: 'cardMissing', chargeId: 'one' }, T0);
    expect(phases(waits)).toEqual(['awaiting_card']);
  });

  test('that cannot be read is asked for again later, not at once', () => {
    const lost = advance(notified(), { kind: 'unanswered', step }, T0);
    expect(nextStep(lost, T0)).toEqual({ do: 'wait', untilMs: T0 + HOUR });
    const refused = advance(notified(), { kind: 'refused', step, code: 'x' }, T0);
    expect(nextStep(refused, T0)).toEqual({ do: 'wait', untilMs: T0 + LONGEST_SLEEP });
    expect(refused.enrolment).toMatchObject({ status: 'succeeded', decline: null });
  });
});

describe('the record', () => {
  test('comes before anything else happens, except for what can wait', () => {
    const open: CustomerEvent = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' };
    const state = advance(enrolled(), open, T0);
    expect(nextStep(state, T0)).toEqual({ do: 'record' });
    const opened = advance(
      recorded(state),
      { kind: 'paymentIntentCreated', chargeId: 'one', paymentIntentId: 'pi_1' },
      T0,
    );
    expect(opened.facts.map(({ kind }) => kind)).toEqual(['payment_intent_created']);
    expect(nextStep(opened, T0)).toMatchObject({ do: 'attemptCharge' });
    expect(nextStep({ ...opened, paused: { atMs: T0 } }, T0)).toEqual({ do: 'record' });
  });

  test('of an opening that the ledger has claimed rides along, also while the customer rests', () => {
    const open: CustomerEvent = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' };
    const due = advance(enrolled(), { ...open, inLedger: 'claimed' }, T0);
    expect(nextStep(due, T0)).toMatchObject({ do: 'attemptCharge', chargeId: 'one' });
    const later = advance(enrolled(), { ...open, inLedger: 'claimed', dueAtMs: T0 + DAY }, T0);
    expect(nextStep(later, T0)).toEqual({ do: 'wait', untilMs: T0 + DAY });
    expect(later.facts).toMatchObject([{ kind: 'charge_opened', actor: 'shop', data: { claimed: true } }]);
    const paused = advance(later, { kind: 'pause', ...BY }, T0);
    expect(nextStep(paused, T0)).toEqual({ do: 'record' });
    expect(paused.facts.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['charge_opened', 1],
      ['paused', 2],
    ]);
  });

  test('of such an opening comes before anything is decided about the charge, for people are told of that', () => {
    const open: CustomerEvent = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' };
    const { mandate, ...other } = enrolled();
    const withoutCard = advance({ ...other, mandate: null }, { ...open, inLedger: 'claimed' }, T0);
    expect(mandate).not.toBeNull();
    expect(agenda(withoutCard, T0)).toMatchObject([{ step: { do: 'decide' } }]);
    expect(nextStep(withoutCard, T0)).toEqual({ do: 'record' });
  });

  test('lets a charge that is over leave once its end is written, and not before', () => {
    const over = advance(
      enrolled({ charges: [tried({ is: 'attempting' }, null)] }),
      { kind: 'paymentIntentRead', chargeId: 'one', reading: reading({ status: 'succeeded' }) },
      T0,
    );
    const last = over.sequence;
    const early = advance(over, { kind: 'recorded', through: last - 2, alreadyClosed: [] }, T0);
    expect(phases(early)).toEqual(['closed']);
    const done = advance(over, { kind: 'recorded', through: last, alreadyClosed: [] }, T0);
    expect([done.charges, done.facts]).toEqual([[], []]);
  });

  test('of some facts leaves every later one to be written', () => {
    const open = (chargeId: string): CustomerEvent => ({
      kind: 'openCharge',
      ...BY,
      chargeId,
      amount: 4900,
      currency: 'eur',
    });
    const both = advance(advance(enrolled({ sequence: 7 }), open('one'), T0), open('two'), T0);
    const after = advance(both, { kind: 'recorded', through: 8, alreadyClosed: [] }, T0);
    expect(after.facts.map(({ sequence, chargeId }) => [sequence, chargeId])).toEqual([[9, 'two']]);
    expect(after.charges.map(({ chargeId }) => chargeId)).toEqual(['one', 'two']);
  });

  test('drops a charge that the ledger knows to be over', () => {
    const state = enrolled({ charges: [charge({ attempts: [attempt()] })] });
    expect(advance(state, { kind: 'recorded', through: 0, alreadyClosed: ['one'] }, T0).charges).toEqual([]);
  });
});
