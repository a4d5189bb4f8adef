// The mandate follows what becomes of its card at the network and at Stripe, with an event or without.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge, PhaseOf } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { DEFAULT_POLICY } from '../../../domain/shared/policy.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { viewOf } from '../../../domain/view.ts';
import { CARD, charge, enrolled, enrolment, mandate, setupDone, T0, tried } from '../fixtures.ts';

const READ = { do: 'readSetupIntent', setupIntentId: 'seti_1' };
const notify = (type: string, objectId: string): CustomerEvent => ({
  kind: 'stripeEventReceived',
  eventId: 'evt_1',
  type,
  objectId,
});
const reading =
  (card: object, nowMs = T0): ((state: CustomerState) => CustomerState) =>
  (state) =>
    advance(
      state,
      {
        kind: 'setupIntentRead',
        reading: setupDone({ setupIntentId: 'seti_1', paymentMethodId: 'pm_1', card: { ...CARD, ...card } }),
      },
      nowMs,
    );

test.each([
  ['payment_method.updated', 'pm_1'],
  ['payment_method.automatically_updated', 'pm_1'],
  ['payment_method.detached', 'pm_1'],
  ['customer.deleted', 'cus_1'],
  ['mandate.updated', 'mandate_1'],
])('%s has the mandate read at once', (type, objectId) => {
  const state = enrolled({ mandate: mandate({ stripeMandateId: 'mandate_1' }) });
  expect(nextStep(advance(state, notify(type, objectId), T0), T0)).toEqual(READ);
  expect(nextStep(advance(state, notify(type, 'another'), T0), T0).do).toBe('wait');
});

test('a customer who was deleted at Stripe has no mandate any more, and what is due waits for a card', () => {
  const notified = advance(enrolled({ charges: [charge()] }), notify('customer.deleted', 'cus_1'), T0);
  const read = { ...setupDone({ setupIntentId: 'seti_1', paymentMethodId: 'pm_1' }), attached: false };
  const state = advance(notified, { kind: 'setupIntentRead', reading: read }, T0);
  expect(state.mandate?.status).toBe('inactive');
  expect(nextStep({ ...state, facts: [] }, T0)).toMatchObject({
    do: 'decide',
    event: { kind: 'cardMissing' },
  });
});

describe('a card that the network has updated', () => {
  test.each([
    { rule: 'expiry date', card: { expMonth: 1, expYear: 2035 } },
    { rule: 'number', card: { last4: '0005', fingerprint: 'fp-9' } },
  ])('with another $rule is shown as it is, and that is on record', ({ card }) => {
    const state = reading(card)(enrolled());
    expect(state.mandate?.card).toMatchObject(card);
    expect(viewOf(state, T0).card).toMatchObject('last4' in card ? { last4: '0005' } : card);
    expect(state.facts).toMatchObject([
      { kind: 'card_updated', data: { paymentMethodId: 'pm_1', before: CARD, after: card } },
    ]);
  });

  test('with another number takes its budget along', () => {
    const issuerBudgets = [
      { fingerprint: 'fp-1', network: 'visa', attempts: [[T0, 4900, 'eur'] as const], blocked: true },
    ];
    const state = reading({ fingerprint: 'fp-9' })(enrolled({ issuerBudgets }));
    expect(state.issuerBudgets).toContainEqual({ ...issuerBudgets[0], fingerprint: 'fp-9' });
  });

  test('that is as it was leaves nothing on record', () => {
    expect(reading({})(enrolled()).facts).toEqual([]);
  });

  test('is noticed without an event too, within 30 days, and no more often', () => {
    const state = enrolled({ policy: DEFAULT_POLICY });
    expect(nextStep(state, T0 + 30 * DAY - 1).do).toBe('wait');
    expect(nextStep(state, T0 + 30 * DAY)).toEqual(READ);
    const read = reading({}, T0 + 30 * DAY)(state);
    expect(nextStep(read, T0 + 60 * DAY - 1).do).toBe('wait');
    expect(nextStep(read, T0 + 60 * DAY)).toEqual(READ);
  });

  test.each(['refused', 'unanswered'] as const)('is not asked about in a circle when that is %s', (kind) => {
    const nowMs = T0 + 30 * DAY;
    const state = enrolled({ policy: DEFAULT_POLICY });
    const event = { kind, step: nextStep(state, nowMs), code: 'resource_missing' } as CustomerEvent;
    expect(nextStep(advance(state, event, nowMs), nowMs).do).toBe('wait');
  });

  test('is not read once the mandate is over', () => {
    const over = enrolled({ policy: DEFAULT_POLICY, mandate: mandate({ status: 'inactive' }) });
    expect(nextStep(over, T0 + 300 * DAY).do).toBe('wait');
  });
});

describe('another card', () => {
  type Waiting = PhaseOf<'replacing_intent'>['resumeAs'];
  const WAITS: readonly { readonly phase: Waiting; readonly becomes: Waiting }[] = [
    { phase: { is: 'awaiting_card', sinceMs: T0 - DAY }, becomes: { is: 'due', atMs: T0 } },
    { phase: { is: 'refused', code: 'resource_missing' }, becomes: { is: 'due', atMs: T0 } },
    { phase: { is: 'refused', code: 'x' }, becomes: { is: 'refused', code: 'x' } },
    { phase: { is: 'due', atMs: T0 + 3 * DAY }, becomes: { is: 'due', atMs: T0 } },
  ];
  const given = (phase: Charge['phase']) => {
    const number = enrolled().enrolment?.number ?? 0;
    const asked = enrolled({
      charges: [tried(phase, 'declined')],
      enrolment: enrolment({ number: number + 1, setupIntentId: 'seti_2', setupOpenedAtMs: T0 }),
    });
    const done = setupDone({ setupIntentId: 'seti_2' });
    return advance(asked, { kind: 'setupIntentRead', reading: done }, T0).charges[0]?.phase;
  };

  test.each(WAITS)('is asked at once for what waits for one ($phase)', ({ phase, becomes }) => {
    expect(given(phase)).toEqual(becomes);
  });

  test.each(WAITS)(
    'and so it is once the intent is replaced, where that is under way ($phase)',
    ({ phase: resumeAs, becomes }) => {
      const phase = { is: 'replacing_intent', sinceMs: T0 - DAY, resumeAs } as const;
      expect(given(phase)).toEqual({ ...phase, resumeAs: becomes });
    },
  );
});

describe('terms', () => {
  const TERMS = { maxAmount: 5000, currency: 'eur' };
  const enrol = (over: object = {}): CustomerEvent => ({
    kind: 'enrol',
    actor: 'shop',
    requestId: 'another',
    ...over,
  });
  const agreed = enrolled({ mandate: mandate({ terms: TERMS }) });

  test('that were agreed stay for another card that is asked for without any', () => {
    expect(advance(agreed, enrol(), T0).enrolment?.terms).toEqual(TERMS);
    const cancelled = { ...agreed, cancelled: { atMs: T0 } };
    expect(advance(cancelled, enrol(), T0).enrolment?.terms).toEqual(TERMS);
  });

  test('that are wider count only with the consent that is given to them', () => {
    const wider = { maxAmount: 900_000, currency: 'eur' };
    const asked = advance(agreed, enrol({ terms: wider }), T0);
    expect(asked.mandate?.terms).toEqual(TERMS);
    const open = {
      ...asked,
      enrolment: enrolment({ ...asked.enrolment, setupIntentId: 'seti_2', setupOpenedAtMs: T0 }),
    };
    const done = setupDone({ setupIntentId: 'seti_2' });
    const unconsented = { ...open, enrolment: { ...open.enrolment, consent: null } };
    const notYet = advance(unconsented, { kind: 'setupIntentRead', reading: done }, T0);
    expect(notYet.mandate?.terms).toEqual(TERMS);
    const consent = { consentId: 'c2', termsVersion: '2', acceptedAtMs: T0, source: 'page' } as const;
    const enrolmentNumber = asked.enrolment?.number ?? 0;
    const consented = advance(notYet, { kind: 'giveConsent', actor: 'link', enrolmentNumber, consent }, T0);
    const given = advance(consented, { kind: 'setupIntentRead', reading: done }, T0);
    expect(given.mandate).toMatchObject({ terms: wider, consent: { source: 'page' } });
    expect(consented.facts).toContainEqual(
      expect.objectContaining({
        kind: 'consent',
        actor: 'link',
        data: expect.objectContaining({ terms: wider }),
      }),
    );
  });
});

describe('a first enrolment from which nothing came', () => {
  const enrol = (requestId: string, stripeCustomerId: string, currency: string): CustomerEvent => ({
    kind: 'enrol',
    actor: 'shop',
    requestId,
    stripeCustomerId,
    currency,
  });
  const nobody = enrolled({ enrolment: null, mandate: null, stripeCustomerId: null, currency: null });

  test('holds on to neither the Stripe customer nor the currency that it named', () => {
    const asked = advance(nobody, enrol('first', 'cus_wrong', 'usd'), T0);
    const step = nextStep({ ...asked, facts: [] }, T0);
    expect(step).toMatchObject({ do: 'createSetupIntent', stripeCustomerId: 'cus_wrong' });
    const refused = advance(
      asked,
      { kind: 'refused', step, code: 'resource_missing', param: 'customer' },
      T0,
    );
    expect(refused).toMatchObject({ stripeCustomerId: null, enrolment: { status: 'failed', closed: true } });
    const again = advance(refused, enrol('second', 'cus_right', 'eur'), T0);
    expect(again).toMatchObject({ stripeCustomerId: 'cus_right', currency: 'eur' });
    expect(nextStep({ ...again, facts: [] }, T0)).toMatchObject({ stripeCustomerId: 'cus_right' });
  });

  test('may be replaced while it is open, by one that names another customer', () => {
    const asked = advance(nobody, enrol('first', 'cus_wrong', 'usd'), T0);
    expect(advance(asked, enrol('second', 'cus_right', 'eur'), T0)).toMatchObject({
      stripeCustomerId: 'cus_right',
      enrolment: { number: 2, closed: false },
    });
  });

  test('but the customer of a card that was given once stays', () => {
    const asked = advance(enrolled(), enrol('second', 'cus_other', 'usd'), T0);
    expect(asked).toMatchObject({ stripeCustomerId: 'cus_1', currency: 'eur' });
  });
});
