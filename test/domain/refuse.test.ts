// Which requests are refused at the door, with which code.
import { describe, expect, test } from 'vitest';
import type { Charge } from '../../domain/model/charge.ts';
import type { CustomerEvent } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { refuse, refuseEnrolment, refuseMetadata } from '../../domain/refuse.ts';
import { DAY } from '../../domain/shared/time.ts';
import { attempt, BY, CONSENT, charge, enrolled, enrolment, mandate, stepUp, T0, tried } from './fixtures.ts';

const code = (state: CustomerState, event: CustomerEvent) => refuse(state, event, T0)?.code ?? null;
const open = (over: object = {}): CustomerEvent => ({
  kind: 'openCharge',
  ...BY,
  chargeId: 'one',
  amount: 4900,
  currency: 'eur',
  ...over,
});
const cancelled = enrolled({ cancelled: { atMs: T0 }, mandate: mandate({ status: 'inactive' }) });
const limited = enrolled({ mandate: mandate({ terms: { maxAmount: 5000, currency: 'eur' } }) });

describe('a charge', () => {
  test.each([
    { rule: 'a good one passes', state: enrolled(), event: open(), code: null },
    { rule: 'one due later passes', state: enrolled(), event: open({ dueAtMs: T0 + DAY }), code: null },
    {
      rule: 'nobody ever gave a card',
      state: enrolled({ mandate: null }),
      event: open(),
      code: 'no_mandate',
    },
    {
      rule: 'the card is blocked: it may wait for another',
      state: enrolled({ mandate: mandate({ status: 'inactive' }) }),
      event: open(),
      code: null,
    },
    {
      rule: 'while paused it may be opened',
      state: enrolled({ paused: { atMs: T0 } }),
      event: open(),
      code: null,
    },
    { rule: 'the customer is cancelled', state: cancelled, event: open(), code: 'customer_cancelled' },
    { rule: 'no usable id', state: enrolled(), event: open({ chargeId: 'a b' }), code: 'charge_not_found' },
    { rule: 'too small', state: enrolled(), event: open({ amount: 1 }), code: 'amount_too_small' },
    { rule: 'not whole', state: enrolled(), event: open({ amount: 49.5 }), code: 'amount_not_whole' },
    { rule: 'at the agreed limit', state: limited, event: open({ amount: 5000 }), code: null },
    { rule: 'beyond it', state: limited, event: open({ amount: 5001 }), code: 'mandate_limit_exceeded' },
    {
      rule: 'in another currency',
      state: limited,
      event: open({ currency: 'usd' }),
      code: 'currency_not_agreed',
    },
    {
      rule: 'the same terms again',
      state: enrolled({ charges: [charge()] }),
      event: open(),
      code: null,
    },
    {
      rule: 'the same terms again, of a charge the customer left behind',
      state: { ...cancelled, charges: [charge()] },
      event: open({ dueAtMs: T0 }),
      code: null,
    },
    {
      rule: 'another amount',
      state: enrolled({ charges: [charge()] }),
      event: open({ amount: 4901 }),
      code: 'charge_conflict',
    },
    {
      rule: 'another due time',
      state: enrolled({ charges: [charge()] }),
      event: open({ dueAtMs: T0 + 1 }),
      code: 'charge_conflict',
    },
  ])('$rule: $code', ({ state, event, code: expected }) => {
    expect(code(state, event)).toBe(expected);
  });
});

describe('a retry', () => {
  const spent = tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', {
    attempts: Array.from({ length: 8 }, (_, index) => attempt({ number: index + 1 })),
  });
  const due = (atMs: number): Charge => tried({ is: 'due', atMs }, 'declined');
  test.each([
    { rule: 'waiting for its next day', of: due(T0 + DAY), code: null },
    { rule: 'waiting for a card', of: tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined'), code: null },
    { rule: 'refused', of: tried({ is: 'refused', code: 'x' }, 'refused'), code: null },
    { rule: 'due now: it is done already', of: due(T0), code: null },
    { rule: 'being attempted: it is done already', of: tried({ is: 'attempting' }, null), code: null },
    {
      rule: 'not due yet, and never tried',
      of: charge({ phase: { is: 'due', atMs: T0 + DAY } }),
      code: 'wrong_state',
    },
    { rule: 'waiting for the customer', of: tried(stepUp(), 'step_up'), code: 'wrong_state' },
    { rule: 'unknown', of: tried({ is: 'unknown', sinceMs: T0 }, 'unknown'), code: 'wrong_state' },
    { rule: 'processing', of: tried({ is: 'processing', sinceMs: T0 }, 'processing'), code: 'wrong_state' },
    {
      rule: 'being ended',
      of: tried({ is: 'closing', to: 'cancelled', reason: 'cancelled' }, 'declined'),
      code: 'wrong_state',
    },
    {
      rule: 'over',
      of: tried({ is: 'closed', as: 'failed', reason: null, atMs: T0 }, 'declined'),
      code: 'wrong_state',
    },
    { rule: 'asked 8 times', of: spent, code: 'wrong_state' },
  ])('of a charge that is $rule: $code', ({ of, code: expected }) => {
    const state = enrolled({ charges: [of] });
    expect(code(state, { kind: 'retryCharge', ...BY, chargeId: 'one' })).toBe(expected);
  });

  test('on a card that is blocked or detached is refused', () => {
    const charges = [tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined')];
    const event: CustomerEvent = { kind: 'retryCharge', ...BY, chargeId: 'one' };
    const issuerBudgets = [{ fingerprint: 'fp-1', network: 'visa', attempts: [], blocked: true }];
    expect(code(enrolled({ charges, issuerBudgets }), event)).toBe('card_not_chargeable');
    expect(code(enrolled({ charges, mandate: mandate({ status: 'inactive' }) }), event)).toBe(
      'card_not_chargeable',
    );
  });
});

test('a retry of more than the customer has agreed to since is refused', () => {
  const charges = [tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined')];
  const terms = { maxAmount: 1000, currency: 'eur' };
  const state = enrolled({ charges, mandate: mandate({ terms }) });
  expect(code(state, { kind: 'retryCharge', ...BY, chargeId: 'one' })).toBe('mandate_limit_exceeded');
});

const enrolEvent = (over: object): CustomerEvent => ({ kind: 'enrol', ...BY, requestId: 'r', ...over });
const consentEvent = (enrolmentNumber: number): CustomerEvent => ({
  kind: 'giveConsent',
  ...BY,
  enrolmentNumber,
  consent: CONSENT,
});

test.each([
  { rule: 'our page', event: enrolEvent({}), code: null },
  { rule: 'a card with consent', event: enrolEvent({ paymentMethodId: 'pm', consent: CONSENT }), code: null },
  { rule: 'a card without', event: enrolEvent({ paymentMethodId: 'pm' }), code: 'consent_required' },
  { rule: 'an unknown currency', event: enrolEvent({ currency: 'EUR' }), code: 'currency_unsupported' },
  {
    rule: 'terms nobody could charge',
    event: enrolEvent({ terms: { maxAmount: 10, currency: 'eur' } }),
    code: 'amount_too_small',
  },
])('an enrolment with $rule: $code, in every state', ({ event, code: expected }) => {
  for (const state of [
    enrolled(),
    cancelled,
    enrolled({ paused: { atMs: T0 } }),
    enrolled({ enrolment: enrolment() }),
  ])
    expect(code(state, event)).toBe(expected);
});

test.each([
  {
    rule: 'consent for the open enrolment',
    state: enrolled({ enrolment: enrolment() }),
    event: consentEvent(1),
    code: null,
  },
  {
    rule: 'consent for another',
    state: enrolled({ enrolment: enrolment() }),
    event: consentEvent(2),
    code: 'enrolment_closed',
  },
  { rule: 'consent after its end', state: enrolled(), event: consentEvent(1), code: 'enrolment_closed' },
  {
    rule: 'cancelling an unknown charge',
    state: enrolled(),
    event: { kind: 'cancelCharge', ...BY, chargeId: 'x' },
    code: 'charge_not_found',
  },
  {
    rule: 'retrying an unknown charge',
    state: enrolled(),
    event: { kind: 'retryCharge', ...BY, chargeId: 'x' },
    code: 'charge_not_found',
  },
  {
    rule: 'retrying for a cancelled customer',
    state: cancelled,
    event: { kind: 'retryCharge', ...BY, chargeId: 'x' },
    code: 'customer_cancelled',
  },
  {
    rule: 'pausing a cancelled customer',
    state: cancelled,
    event: { kind: 'pause', ...BY },
    code: 'customer_cancelled',
  },
  {
    rule: 'resuming a cancelled customer',
    state: cancelled,
    event: { kind: 'resume', ...BY },
    code: 'customer_cancelled',
  },
  {
    rule: 'pausing twice',
    state: enrolled({ paused: { atMs: T0 } }),
    event: { kind: 'pause', ...BY },
    code: null,
  },
  { rule: 'cancelling twice', state: cancelled, event: { kind: 'cancelCustomer', ...BY }, code: null },
] as const)('$rule: $code', ({ state, event, code: expected }) => {
  expect(code(state, event)).toBe(expected);
});

test('the merchant’s own limits are the workflow’s too, whichever way the request came', () => {
  const policy = { ...enrolled().policy, amountLimits: { default: 10_000, idr: 200_000_000 } };
  const state = enrolled({ policy });
  expect(code(state, open({ amount: 10_000 }))).toBeNull();
  expect(code(state, open({ amount: 10_001 }))).toBe('amount_too_large');
  expect(code(state, open({ amount: 150_000_000, currency: 'idr' }))).toBeNull();
  expect(code(state, open({ amount: 200_000_100, currency: 'idr' }))).toBe('amount_too_large');
});

describe('what the api asks before it claims anything', () => {
  const terms = { maxAmount: 5000, currency: 'eur' };
  test.each([
    { request: {}, code: null },
    { request: { paymentMethodId: 'pm_1', consent: CONSENT, currency: 'eur', terms }, code: null },
    { request: { paymentMethodId: 'pm_1' }, code: 'consent_required' },
    { request: { currency: 'xyz' }, code: 'currency_unsupported' },
    { request: { currency: 'usd', terms }, code: 'currency_not_agreed' },
    { request: { terms: { maxAmount: 1, currency: 'eur' } }, code: 'amount_too_small' },
    { request: { terms: { maxAmount: 5000, currency: 'xyz' } }, code: 'currency_unsupported' },
  ])('an enrolment with $request: $code', ({ request, code: expected }) => {
    expect(refuseEnrolment(request)?.code ?? null).toBe(expected);
  });

  test('metadata under a name of ours: metadata_reserved', () => {
    expect(refuseMetadata({ order: '1' })).toBeNull();
    expect(refuseMetadata({ order: '1', chargeId: 'x' })?.code).toBe('metadata_reserved');
  });
});
