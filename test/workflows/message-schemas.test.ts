// Which messages a customer's workflow understands.
import fc from 'fast-check';
import { Check } from 'typebox/schema';
import { describe, expect, test } from 'vitest';
import { faultOf, MESSAGE_SCHEMAS, type MessageName } from '../../workflows/message-schemas.ts';

const actor = 'olga';
const CONSENT = {
  consentId: 'c-1',
  termsVersion: '2026-11',
  acceptedAtMs: 1_790_000_000_000,
  source: 'page',
};
const TERMS = { maxAmount: 5_000, currency: 'eur', every: { unit: 'month', count: 1 } };

/** One message of each name with every field it may have. */
const COMPLETE: { readonly [Name in MessageName]: { readonly [field: string]: unknown } } = {
  start: {
    customerId: 'ada',
    event: { eventId: 'evt_1', type: 'payment_intent.succeeded', objectId: 'pi_1' },
  },
  stripeEventReceived: { eventId: 'evt_1', type: 'payment_intent.succeeded', objectId: 'pi_1' },
  stepUpCompleted: { chargeId: 'inv-1' },
  enrol: {
    actor,
    reason: 'asked by phone 📞',
    requestId: 'r-1',
    stripeCustomerId: 'cus_1',
    currency: 'eur',
    paymentMethodId: 'pm_1',
    consent: CONSENT,
    terms: TERMS,
  },
  giveConsent: { actor, reason: 'x', enrolmentNumber: 1, consent: CONSENT },
  openCharge: {
    actor,
    reason: 'x',
    chargeId: 'inv-1',
    amount: 4_900,
    currency: 'eur',
    dueAtMs: 1_790_000_000_000,
    policy: {
      name: 'gentle',
      soft: { days: [1, 3], at: '09:00' },
      unknown: { days: [1] },
      transient: { hours: [1, 4] },
      attempts: 8,
      stepUp: { deadlineDays: 7, reminderDays: [1], failures: 5 },
      card: { waitDays: 60 },
      declineNotices: 'each',
      end: 'pause',
      zone: { timeZone: 'Europe/Berlin', offsets: [[1_790_000_000_000, 120]] },
    },
    inLedger: 'accepted',
  },
  cancelCharge: { actor, reason: 'x', chargeId: 'inv-1' },
  retryCharge: { actor, reason: 'x', chargeId: 'inv-1' },
  waiveCharge: { actor, reason: 'x', chargeId: 'inv-1' },
  pause: { actor, reason: 'x' },
  resume: { actor, reason: 'x' },
  cancelCustomer: { actor, reason: 'x' },
};
const NAMES = Object.keys(COMPLETE) as MessageName[];
const OPTIONAL = new Set([
  'reason',
  'stripeCustomerId',
  'currency of enrol',
  'paymentMethodId',
  'consent of enrol',
  'terms',
  'dueAtMs',
  'policy',
  'inLedger',
  'event',
]);
const isOptional = (name: MessageName, field: string) =>
  OPTIONAL.has(field) || OPTIONAL.has(`${field} of ${name}`);

/** The paths of every value in a message, its nested ones too. */
const pathsIn = (value: unknown): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [
        [key],
        ...pathsIn(inner).map((path) => [key, ...path]),
      ])
    : [];
const withValue = (message: unknown, [key, ...rest]: string[], value: unknown): unknown =>
  key === undefined
    ? value
    : {
        ...(message as object),
        [key]: withValue((message as { readonly [key: string]: unknown })[key], rest, value),
      };

describe.each(NAMES)('%s', (name) => {
  test('is understood with every field it may have', () => {
    expect(faultOf(name, COMPLETE[name])).toBeNull();
  });

  test('is not understood without a field it needs, and is without one it does not need', () => {
    for (const field of Object.keys(COMPLETE[name])) {
      const { [field]: _left, ...others } = COMPLETE[name];
      expect(faultOf(name, others) === null, field).toBe(isOptional(name, field));
    }
  });

  test('is not understood with a field of no name known, on any level', () => {
    for (const path of [[], ...pathsIn(COMPLETE[name])]) {
      const inner = path.reduce<unknown>(
        (value, key) => (value as { readonly [key: string]: unknown })[key],
        COMPLETE[name],
      );
      if (typeof inner === 'object')
        expect(faultOf(name, withValue(COMPLETE[name], [...path, 'more'], 1)), path.join('.')).not.toBeNull();
    }
  });

  test.each([
    ['700 kB of text', 'x'.repeat(700_000)],
    ['NUL', 'a\u0000b'],
    ['half of a surrogate pair', '\uD800'],
    ['nothing', ''],
    ['null', null],
    ['a list', ['a']],
    ['an object', { a: 1 }],
    ['a boolean', true],
    ['a fraction', 0.5],
    ['more than can be counted', 1e300],
  ])('%s is no value of any field', (_what, value) => {
    for (const path of pathsIn(COMPLETE[name]))
      expect(faultOf(name, withValue(COMPLETE[name], path, value)), path.join('.')).not.toBeNull();
  });

  test('arbitrary JSON never makes the check fail, and what it says is short', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.constant(undefined)), (message) => {
        const fault = faultOf(name, message);
        expect(typeof fault).toBe('string');
        expect(fault?.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test('whatever stands in one field, what is understood is small, and is what TypeBox understands', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pathsIn(COMPLETE[name])), fc.jsonValue(), (path, value) => {
        const message = withValue(COMPLETE[name], path, value);
        if (faultOf(name, message) === null) expect(JSON.stringify(message).length).toBeLessThan(3_000);
        expect(faultOf(name, message) === null).toBe(Check(MESSAGE_SCHEMAS[name], message)); // as TypeBox has it
      }),
    );
  });
});

test('an update without an actor, or with an empty one, is not understood', () => {
  for (const name of NAMES.filter((each) => 'actor' in COMPLETE[each]))
    for (const message of [
      { ...COMPLETE[name], actor: '' },
      { ...COMPLETE[name], actor: undefined },
    ])
      expect(faultOf(name, message)).not.toBeNull();
});

test('a fault names the field and not what stands in it', () => {
  expect(faultOf('stepUpCompleted', { chargeId: '4242 4242' })).toBe(
    '"chargeId" must be an id: 1 to 64 of A-Z, a-z, 0-9, "_" and "-".',
  );
  expect(faultOf('pause', {})).toBe('"actor" must be who asks: one line of 1 to 64 characters.');
  expect(faultOf('pause', null)).toBe('It must be an object with actor.');
  expect(faultOf('pause', { actor, 4242: 1 })).toBe('It may have no fields but actor, reason.');
  expect(faultOf('pause', JSON.parse('{"actor":"olga","__proto__":{}}'))).not.toBeNull();
});
