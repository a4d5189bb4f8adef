// A run that starts from nothing: what it does first, whatever the snapshot missed.
import { expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Charge } from '../../domain/model/charge.ts';
import type { Mandate } from '../../domain/model/enrolment.ts';
import type { CustomerEvent, RememberedCharge } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { Step, StepOf } from '../../domain/model/steps.ts';
import { nextStep } from '../../domain/next-step.ts';
import { noticesIn } from '../../domain/shared/facts.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { DAY } from '../../domain/shared/time.ts';
import { reading } from './fixtures.ts';

const NOW = 1_800_000_000_000;
const MANDATE: Mandate = {
  status: 'active',
  stripeMandateId: null,
  setupIntentId: 'seti_1',
  setupAttemptId: null,
  paymentMethodId: 'pm_1',
  card: { brand: 'visa', last4: '4242', expMonth: 1, expYear: 2040, country: 'DE', fingerprint: 'f' },
  threeDSecure: null,
  consent: { consentId: 'c', termsVersion: '1', acceptedAtMs: NOW, source: 'request' },
  terms: null,
  readAtMs: NOW,
  nextCheckAtMs: null,
};
const DUE: Charge = {
  chargeId: 'a',
  amount: 500,
  currency: 'eur',
  openedAtMs: NOW,
  dueAtMs: NOW,
  phase: { is: 'due', atMs: NOW },
  intentNumber: 1,
  paymentIntentId: null,
  stripeChargeId: null,
  attempts: [],
  attemptCount: 0,
  decline: null,
  nextCheckAtMs: null,
  checks: 0,
};
const REMEMBERED: RememberedCharge = {
  chargeId: 'a',
  amount: 500,
  currency: 'eur',
  openedAtMs: NOW,
  dueAtMs: NOW,
  paymentIntentId: null,
};
const READING = reading({ amount: 500 });

function known(charges: readonly Charge[]): CustomerState {
  return {
    ...newCustomer('ada'),
    loaded: true,
    stripeCustomerId: 'cus_1',
    currency: 'eur',
    mandate: MANDATE,
    charges,
  };
}

/** As it is after the ledger has answered, and what that brought is on record. */
function recovered(snapshot: CustomerState, charges: readonly RememberedCharge[]): CustomerState {
  return recorded(advance(newCustomer('ada'), { kind: 'loaded', snapshot, charges }, NOW));
}

function recorded(state: CustomerState): CustomerState {
  return advance(state, { kind: 'recorded', through: state.sequence, alreadyClosed: [] }, NOW);
}

/** What is done before anything is asked of the issuer, each answered by `answer`. */
function stepsUntilConfirm(state: CustomerState, answer: (step: Step) => CustomerEvent): Step['do'][] {
  const done: Step['do'][] = [];
  let next = state;
  for (let step = nextStep(next, NOW); done.length < 20; step = nextStep(next, NOW)) {
    done.push(step.do);
    if (step.do === 'attemptCharge' || step.do === 'wait') break;
    next = step.do === 'record' ? recorded(next) : advance(next, answer(step), NOW);
  }
  return done;
}

const answers = (step: Step): CustomerEvent => {
  if (step.do === 'readPaymentIntent')
    return { kind: 'paymentIntentRead', chargeId: step.chargeId, reading: READING };
  if (step.do === 'findPaymentIntent')
    return { kind: 'paymentIntentSearched', chargeId: step.chargeId, paymentIntentId: 'pi_1' };
  if (step.do === 'readSetupIntent') return { kind: 'refused', step, code: 'resource_missing' };
  throw new Error(`nobody answers ${step.do}`);
};

test('an intent in the Stripe object index is read before its charge is attempted', () => {
  const state = recovered(known([DUE]), [{ ...REMEMBERED, paymentIntentId: 'pi_1' }]);
  expect(stepsUntilConfirm(state, answers)).toEqual([
    'readPaymentIntent',
    'readSetupIntent',
    'attemptCharge',
  ]);
});

test('a charge that is due without an intent is searched for at Stripe, and what is found is read, before an attempt', () => {
  const state = recovered(known([DUE]), [REMEMBERED]);
  const steps = stepsUntilConfirm(state, answers);
  expect(steps).toEqual(['findPaymentIntent', 'readPaymentIntent', 'readSetupIntent', 'attemptCharge']);
});

test('a charge of the future is neither searched for nor brought forward', () => {
  const atMs = NOW + DAY;
  const state = recovered(known([{ ...DUE, dueAtMs: atMs, phase: { is: 'due', atMs } }]), [
    { ...REMEMBERED, dueAtMs: atMs },
  ]);
  expect(stepsUntilConfirm(state, answers)).toEqual(['readSetupIntent', 'wait']);
});

test('a charge that was accepted and never recorded comes back with its opening on record', () => {
  const state = advance(
    newCustomer('ada'),
    { kind: 'loaded', snapshot: known([]), charges: [REMEMBERED] },
    NOW,
  );
  expect(state.facts.map(({ kind, chargeId }) => ({ kind, chargeId }))).toEqual([
    { kind: 'charge_opened', chargeId: 'a' },
    { kind: 'recovered', chargeId: undefined },
  ]);
});

test('a confirm that met the kill switch leaves no attempt and no number, holds up nothing, and is tried later', () => {
  const opened = known([{ ...DUE, paymentIntentId: 'pi_1' }]);
  const step = nextStep(opened, NOW) as StepOf<'attemptCharge'>;
  const started = advance(opened, { kind: 'attemptStarted', step }, NOW);
  const halted = advance(started, { kind: 'halted', chargeId: 'a' }, NOW);
  expect(halted.charges).toEqual(opened.charges);
  expect(halted.facts).toEqual([]);
  expect(nextStep(halted, NOW + 1)).toEqual({ do: 'wait', untilMs: NOW + DEFAULT_POLICY.killSwitchCheckMs });
  expect(nextStep(halted, NOW + DEFAULT_POLICY.killSwitchCheckMs)).toEqual(step);
});

test.each([
  { is: 'awaiting_card', sinceMs: NOW },
  { is: 'refused', code: 'x' },
] as const)(
  'a charge that is $is without an intent is searched for: a restored ledger may not know of one',
  (phase) => {
    const state = recovered(known([{ ...DUE, phase }]), [REMEMBERED]);
    const search = nextStep(state, NOW);
    expect(search.do).toBe('findPaymentIntent');
    const found = advance(
      state,
      { kind: 'paymentIntentSearched', chargeId: 'a', paymentIntentId: 'pi_1' },
      NOW,
    );
    expect(nextStep(found, NOW)).toMatchObject({ do: 'readPaymentIntent', paymentIntentId: 'pi_1' });
    const none = advance(state, { kind: 'paymentIntentSearched', chargeId: 'a', paymentIntentId: null }, NOW);
    expect(none.charges).toMatchObject([{ phase, intentNumber: 2, nextCheckAtMs: null }]);
    for (const event of [
      { kind: 'unanswered', step: search },
      { kind: 'refused', step: search, code: 'x' },
    ] as const)
      expect(advance(state, event, NOW).charges[0]?.nextCheckAtMs).toBeGreaterThan(NOW);
  },
);

test.each([
  ['over the largest amount', { ...REMEMBERED, amount: 5_001 }, 'amount_too_large'],
  ['in no currency', { ...REMEMBERED, currency: 'xxx' }, 'currency_unsupported'],
])(
  'a charge %s that only the ledger knows is not attempted: an operator has to look',
  (_what, charge, code) => {
    const policy = { ...DEFAULT_POLICY, amountLimits: { default: 5_000 } };
    const snapshot = known([]);
    const event: CustomerEvent = { kind: 'loaded', snapshot, charges: [charge], policy };
    const state = advance(newCustomer('ada'), event, NOW);
    expect(state.charges).toMatchObject([{ chargeId: 'a', phase: { is: 'refused', code } }]);
    expect(state.facts).toMatchObject([
      { kind: 'charge_opened', data: { from: 'ledger' } },
      { kind: 'charge_refused', chargeId: 'a', data: { code } },
      { kind: 'recovered' },
    ]);
    const step = nextStep({ ...state, facts: [] }, NOW);
    expect(step.do).toBe('findPaymentIntent');
    const searched = advance(
      { ...state, facts: [] },
      { kind: 'paymentIntentSearched', chargeId: 'a', paymentIntentId: null },
      NOW,
    );
    expect(searched.charges).toMatchObject([{ phase: { is: 'refused', code }, nextCheckAtMs: null }]);
  },
);

test('who asked for a charge that only the ledger knows, and when, is on record', () => {
  const claimed = { ...REMEMBERED, openedAtMs: NOW - DAY, actor: 'shop' };
  const event: CustomerEvent = { kind: 'loaded', snapshot: known([]), charges: [claimed] };
  const state = advance(newCustomer('ada'), event, NOW);
  expect(state.facts).toMatchObject([
    { kind: 'charge_opened', actor: 'shop', data: { from: 'ledger', claimedAtMs: NOW - DAY } },
    { kind: 'recovered' },
  ]);
});

test('a charge that the ledger accepted for a customer who was cancelled ends as failed', () => {
  const cancelled = { ...known([]), cancelled: { atMs: NOW } };
  const state = recovered(cancelled, [{ ...REMEMBERED, actor: 'shop' }]);
  expect(nextStep(state, NOW).do).toBe('findPaymentIntent');
  const none = advance(state, { kind: 'paymentIntentSearched', chargeId: 'a', paymentIntentId: null }, NOW);
  expect(none.charges).toMatchObject([
    { phase: { is: 'closed', as: 'failed', reason: 'customer_cancelled' } },
  ]);
  expect(noticesIn(none.facts)).toMatchObject([
    { kind: 'charge.failed', data: { reason: 'customer_cancelled' } },
  ]);
});
