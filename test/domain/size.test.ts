// How large a customer may become: what travels through continue-as-new, and what the ledger's record is sent.
import { describe, expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import type { Attempt, Charge, Decline } from '../../domain/model/charge.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { refuse } from '../../domain/refuse.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { ATTEMPTS_REMEMBERED } from '../../domain/shared/state-limits.ts';
import { DAY } from '../../domain/shared/time.ts';
import { begin, WHO } from './simulation/actions.ts';

const NOW = Date.UTC(2030, 0, 1);
/** Temporal refuses larger payloads (docs.temporal.io/cloud/limits). */
const PAYLOAD_LIMIT = 2_000_000;
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

function open(count: number): CustomerState {
  const { state } = begin(7, ['succeed']);
  return Array.from({ length: count }).reduce<CustomerState>((next, _, index) => {
    const chargeId = `charge-${index}`.padEnd(64, '-');
    const request = { ...WHO, chargeId, amount: 99_999_999, currency: 'eur', dueAtMs: NOW + 300 * DAY };
    return advance(next, { kind: 'openCharge', ...request }, NOW);
  }, state);
}

/** A charge with as much of a past as is kept. */
function withLongPast(charge: Charge): Charge {
  const long = 'x'.repeat(28);
  const decline: Decline = {
    code: 'card_declined',
    declineCode: 'transaction_not_allowed',
    adviceCode: 'confirm_card_data',
    networkDeclineCode: '05',
    networkAdviceCode: '03',
  };
  const attempt: Attempt = {
    number: 20,
    intentNumber: 20,
    atMs: NOW,
    paymentMethodId: long,
    stripeMandateId: long,
    fingerprint: long,
    outcome: 'declined',
    decline,
    onSession: false,
  };
  const attempts = Array.from({ length: ATTEMPTS_REMEMBERED }, () => attempt);
  return { ...charge, attempts, decline, paymentIntentId: long, stripeChargeId: long };
}

describe('open charges', () => {
  test('a scheduled one is less than 500 bytes of state', () => {
    const perCharge = (bytes({ ...open(51), facts: [] }) - bytes({ ...open(1), facts: [] })) / 50;
    expect(perCharge).toBeGreaterThan(200);
    expect(perCharge).toBeLessThan(500);
  });

  test('as many as are allowed, each with the longest past, fit into one payload', () => {
    const state = open(DEFAULT_POLICY.openCharges);
    const worst = { ...state, charges: state.charges.map(withLongPast) };
    // With the facts that opened all of them, as `record` is sent it.
    expect(worst.facts.length).toBeGreaterThanOrEqual(DEFAULT_POLICY.openCharges);
    expect(bytes({ state: worst, nowMs: NOW })).toBeLessThan(PAYLOAD_LIMIT);
  });

  test('one more is refused at the door; one that is open already is not', () => {
    const state = open(DEFAULT_POLICY.openCharges);
    const charge = { kind: 'openCharge', ...WHO, amount: 99_999_999, currency: 'eur' } as const;
    expect(refuse(state, { ...charge, chargeId: 'one-more' }, NOW)?.code).toBe('too_many_open_charges');
    expect(refuse(state, { ...charge, chargeId: 'charge-7'.padEnd(64, '-') }, NOW)).toBeNull();
    expect(refuse(open(DEFAULT_POLICY.openCharges - 1), { ...charge, chargeId: 'one-more' }, NOW)).toBeNull();
  });
});

test('events about ever more refunds and disputes, each with the longest id, do not make a state too large', () => {
  let { state } = begin(7, ['succeed']);
  for (let count = 0; count < 10_000; count++) {
    const [type, prefix] = count % 2 === 0 ? ['refund.created', 're'] : ['charge.dispute.created', 'du'];
    const id = `${count}`.padStart(200, '0');
    const event = { eventId: `evt_${id}`, type, objectId: `${prefix}_${id}` };
    state = advance(state, { kind: 'stripeEventReceived', ...event }, NOW);
  }
  expect(state.refunds.length).toBeGreaterThan(100);
  expect(bytes(state)).toBeLessThan(PAYLOAD_LIMIT / 2);
});
