// What travels of a state says all that is decided by.
import { expect, test } from 'vitest';
import { newCustomer } from '../../domain/lifecycle.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { digestOfState, receivedState, sentState } from '../../domain/sent-state.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { charge, enrolled, T0, tried } from './fixtures.ts';

const FULL: CustomerState = {
  ...enrolled({ charges: [charge(), tried({ is: 'attempting' }, null, { chargeId: 'two' })] }),
  policy: { ...DEFAULT_POLICY, openCharges: 7, amountLimits: { eur: 100 } },
  paused: { atMs: T0 },
  cancelled: { atMs: T0 },
  abandonedSetups: [{ setupIntentId: 'seti_0', nextCheckAtMs: T0, checks: 1 }],
  failedCharges: [{ chargeId: 'three', atMs: T0 } as never],
  issuerBudgets: [{ fingerprint: 'fp-1', network: 'visa', attempts: [[T0, 4900, 'eur']], blocked: true }],
  refunds: [{ objectId: 're_1', nextCheckAtMs: T0 } as never],
  disputes: [{ objectId: 'du_1', nextCheckAtMs: T0 } as never],
  facts: [{ sequence: 8, atMs: T0, kind: 'paused', data: {} }],
  sequence: 8,
  haltedUntilMs: T0,
  processedEventIds: ['evt_1'],
};

/** As Temporal carries it. */
const travelled = (state: CustomerState) => receivedState(JSON.parse(JSON.stringify(sentState(state))));

test.each([
  ['a new customer', newCustomer('alice')],
  ['one who has enrolled', enrolled()],
  ['one with everything', FULL],
])('of %s arrives all but the ids of events that were taken in', (_who, state) => {
  expect(travelled(state)).toEqual({ ...state, processedEventIds: [] });
  expect(digestOfState(travelled(state))).toBe(digestOfState(state));
});

test('the state with everything has everything that a customer’s state may have', () => {
  const usual = newCustomer('alice');
  const unchanged = Object.entries(usual).filter(
    ([key, value]) => JSON.stringify(FULL[key as keyof CustomerState]) === JSON.stringify(value),
  );
  expect(unchanged.map(([key]) => key)).toEqual(['version', 'customerId']);
});

test('two states that differ in anything have different digests', () => {
  const digests = Object.keys(FULL)
    .filter((key) => key !== 'processedEventIds')
    .map((key) => digestOfState({ ...FULL, [key]: null }));
  expect(new Set([...digests, digestOfState(FULL)]).size).toBe(digests.length + 1);
});
