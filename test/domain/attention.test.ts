// What of a customer needs a person, and until when.
import { expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import { lastDeclineCode, needsAttention } from '../../domain/attention.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { FAILED_CHARGES_REMEMBERED } from '../../domain/shared/state-limits.ts';
import { viewOf } from '../../domain/view.ts';
import { BY, charge, decline, enrolled, enrolment, setupDone, stepUp, T0, tried } from './fixtures.ts';

const DISPUTE = {
  objectId: 'du_1',
  status: 'needs_response',
  onRecord: '{}',
  nextCheckAtMs: null,
  checks: 0,
};

test.each<{ needed: string[]; over: Partial<CustomerState> }>([
  { needed: [], over: { charges: [charge()] } },
  { needed: ['unknown'], over: { charges: [tried({ is: 'unknown', sinceMs: T0 }, 'unknown')] } },
  { needed: ['refused'], over: { charges: [tried({ is: 'refused', code: 'x' }, 'refused')] } },
  { needed: ['no_card'], over: { charges: [tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined')] } },
  { needed: ['step_up'], over: { charges: [tried(stepUp(), 'step_up')] } },
  { needed: ['disputed'], over: { disputes: [DISPUTE] } },
  { needed: [], over: { disputes: [{ ...DISPUTE, status: 'won' }] } },
  { needed: [], over: { charges: [tried({ is: 'processing', sinceMs: T0 }, 'processing')] } },
  {
    needed: ['unknown', 'refused', 'disputed', 'step_up'],
    over: {
      disputes: [DISPUTE],
      charges: [
        tried(stepUp(), 'step_up', { chargeId: 'a' }),
        tried({ is: 'refused', code: 'x' }, 'refused', { chargeId: 'b' }),
        tried({ is: 'unknown', sinceMs: T0 }, 'unknown', { chargeId: 'c' }),
      ],
    },
  },
])('needs attention: $needed', ({ needed, over }) => {
  expect(needsAttention(enrolled(over))).toEqual(needed);
  expect(viewOf(enrolled(over), T0).needsAttention).toEqual(needed);
});

function failed(state = enrolled(), chargeId = 'one'): CustomerState {
  const waiting = tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', {
    chargeId,
    paymentIntentId: null,
    decline: decline('lost_card'),
  });
  const closed = advance({ ...state, charges: [waiting] }, { kind: 'cardWaitExpired', chargeId }, T0);
  return advance(closed, { kind: 'recorded', through: closed.sequence, alreadyClosed: [] }, T0);
}

test('a charge that has failed needs attention after it has left, with its decline', () => {
  const state = failed();
  expect(state.charges).toEqual([]);
  expect(needsAttention(state)).toEqual(['failed']);
  expect(lastDeclineCode(state)).toBe('lost_card');
});

test('until it is collected after all, or waived; another card alone does not settle it', () => {
  const asked = { ...failed(), enrolment: enrolment({ number: 2, setupIntentId: 'seti_2' }) };
  const reading = setupDone({ setupIntentId: 'seti_2' });
  const given = advance(asked, { kind: 'setupIntentRead', reading }, T0);
  expect(needsAttention(given)).toEqual(['failed']);
  for (const kind of ['retryCharge', 'waiveCharge'] as const) {
    const settled = advance(given, { kind, ...BY, chargeId: 'one' }, T0);
    expect(needsAttention(settled)).toEqual([]);
    expect(lastDeclineCode(settled)).toBeNull();
  }
});

test('or until the customer was cancelled', () => {
  expect(needsAttention(advance(failed(), { kind: 'cancelCustomer', ...BY }, T0))).toEqual([]);
});

test('the newest failed charges are remembered, each once', () => {
  const ids = Array.from({ length: 2 * FAILED_CHARGES_REMEMBERED }, (_, index) => `charge-${index}`);
  const state = [...ids, ...ids].reduce((next, chargeId) => failed(next, chargeId), enrolled());
  expect(state.failedCharges.map(({ chargeId }) => chargeId)).toEqual(ids.slice(-FAILED_CHARGES_REMEMBERED));
});
