// A charge that has failed is owed still: shown, collected after all on request or by another card, or waived.
import { describe, expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { refuse } from '../../../domain/refuse.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { viewOf } from '../../../domain/view.ts';
import {
  BY,
  charge,
  decline,
  enrolled,
  enrolment,
  mandate,
  reading,
  setupDone,
  T0,
  tried,
} from '../fixtures.ts';

const RETRY: CustomerEvent = { kind: 'retryCharge', ...BY, chargeId: 'one' };
const WAIVE: CustomerEvent = { kind: 'waiveCharge', ...BY, reason: 'goodwill', chargeId: 'one' };
const NOW = T0 + 90 * DAY;

const recorded = (state: CustomerState) =>
  advance(state, { kind: 'recorded', through: state.sequence, alreadyClosed: [] }, NOW);

/** Failed for want of a card, its intent cancelled at Stripe, and all of it recorded. */
function failed(over: Partial<Charge> = {}, state = enrolled()): CustomerState {
  const waiting = tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', {
    decline: decline('insufficient_funds'),
    ...over,
  });
  const { chargeId, paymentIntentId } = waiting;
  const closing = advance(
    { ...state, charges: [waiting] },
    { kind: 'cardWaitExpired', chargeId },
    T0 + 60 * DAY,
  );
  const canceled = reading({ paymentIntentId: paymentIntentId ?? '', status: 'canceled' });
  return recorded(
    paymentIntentId === null
      ? closing
      : advance(closing, { kind: 'paymentIntentRead', chargeId, reading: canceled }, T0 + 60 * DAY),
  );
}

const newCard = (state: CustomerState) =>
  advance(
    { ...state, enrolment: enrolment({ number: 2, setupIntentId: 'seti_2' }) },
    { kind: 'setupIntentRead', reading: setupDone({ setupIntentId: 'seti_2', paymentMethodId: 'pm_2' }) },
    NOW,
  );

describe('what is due', () => {
  test('is shown by currency, what has failed included', () => {
    const usd = failed({ currency: 'usd', amount: 1500 });
    const state = { ...usd, charges: [charge({ chargeId: 'two', amount: 700 })] };
    expect(viewOf(state, NOW)).toMatchObject({
      amountDue: 700,
      currency: 'eur',
      amountsDue: [
        { currency: 'eur', amount: 700 },
        { currency: 'usd', amount: 1500 },
      ],
    });
  });

  test('is forgotten neither with another card nor with the end of the customer', () => {
    const owed = [{ currency: 'eur', amount: 4900 }];
    expect(viewOf(newCard(failed()), NOW).amountsDue).toEqual(owed);
    const cancelled = advance(failed(), { kind: 'cancelCustomer', ...BY }, NOW);
    expect(viewOf(cancelled, NOW).amountsDue).toEqual(owed);
  });
});

describe('a retry of a charge that has failed', () => {
  test('is on record before anything is asked, and its old intent is cancelled before another is made', () => {
    const asked = advance(failed(), RETRY, NOW);
    expect(asked.failedCharges).toEqual([]);
    expect(asked.facts).toMatchObject([{ kind: 'charge_reopened', chargeId: 'one', actor: 'shop' }]);
    expect(nextStep(asked, NOW)).toEqual({ do: 'record' });
    const written = recorded(asked);
    expect(nextStep(written, NOW)).toMatchObject({ do: 'cancelPaymentIntent', paymentIntentId: 'pi_1' });
    const canceled = reading({ status: 'canceled' });
    const due = advance(written, { kind: 'paymentIntentRead', chargeId: 'one', reading: canceled }, NOW);
    expect(nextStep(due, NOW)).toMatchObject({
      do: 'attemptCharge',
      paymentIntentId: null,
      intentNumber: 2,
      attemptNumber: 2,
    });
  });

  test('finds what was paid after all, and asks for nothing', () => {
    const written = recorded(advance(failed(), RETRY, NOW));
    expect(refuse(written, RETRY, NOW)).toBeNull();
    const paid = reading({ status: 'succeeded', amountReceived: 4900, stripeChargeId: 'ch_9' });
    const after = advance(written, { kind: 'paymentIntentRead', chargeId: 'one', reading: paid }, NOW);
    expect(after.charges[0]?.phase).toMatchObject({ is: 'closed', as: 'succeeded' });
  });

  test('of one that never had an intent makes one', () => {
    const written = recorded(advance(failed({ paymentIntentId: null }), RETRY, NOW));
    expect(nextStep(written, NOW)).toMatchObject({ do: 'attemptCharge', paymentIntentId: null });
  });

  test('is taken before its failure is on record, and twice as once', () => {
    const waiting = tried({ is: 'awaiting_card', sinceMs: T0 }, 'declined', { paymentIntentId: null });
    const closed = advance(
      enrolled({ charges: [waiting] }),
      { kind: 'cardWaitExpired', chargeId: 'one' },
      NOW,
    );
    expect(refuse(closed, RETRY, NOW)).toBeNull();
    const asked = advance(closed, RETRY, NOW);
    expect(asked.charges).toHaveLength(1);
    expect(asked.facts.map(({ kind }) => kind)).toEqual(['charge_closed', 'notice', 'charge_reopened']);
    expect(advance(asked, RETRY, NOW)).toBe(asked);
    expect(refuse(asked, RETRY, NOW)).toBeNull();
  });

  test.each<{ why: string; state: CustomerState; code: string }>([
    {
      why: 'is cancelled',
      state: advance(failed(), { kind: 'cancelCustomer', ...BY }, NOW),
      code: 'customer_cancelled',
    },
    { why: 'has no card', state: { ...failed(), mandate: null }, code: 'card_not_chargeable' },
    {
      why: 'agreed to less',
      state: { ...failed(), mandate: mandate({ terms: { maxAmount: 1000, currency: 'eur' } }) },
      code: 'mandate_limit_exceeded',
    },
    {
      why: 'has a blocked card',
      state: {
        ...failed(),
        issuerBudgets: [{ fingerprint: 'fp-1', network: 'visa', attempts: [], blocked: true }],
      },
      code: 'card_not_chargeable',
    },
  ])('is refused where the customer $why', ({ state, code }) => {
    expect(refuse(state, RETRY, NOW)?.code).toBe(code);
  });
});

test('asked for once more by a late message, it stays as it is; with another sum it is a conflict', () => {
  const state = failed();
  const again = { kind: 'openCharge', ...BY, chargeId: 'one', amount: 4900, currency: 'eur' } as const;
  expect(refuse(state, again, NOW)).toBeNull();
  expect(advance(state, again, NOW)).toBe(state);
  expect(refuse(state, { ...again, amount: 1 }, NOW)?.code).toBe('charge_conflict');
});

describe('another card', () => {
  test('collects what has failed where the policy says so', () => {
    const policy = { name: 'again', failedCharges: 'collect_on_new_card' } as const;
    const state = newCard(failed({ policy }));
    expect(state.failedCharges).toEqual([]);
    expect(state.charges).toMatchObject([{ chargeId: 'one', attempts: [], policy }]);
    expect(state.facts.find(({ kind }) => kind === 'charge_reopened')?.data).toMatchObject({
      cause: 'new_card',
      amount: 4900,
      currency: 'eur',
    });
  });

  test('does nothing about it otherwise', () => {
    const state = newCard(failed());
    expect(state.charges).toEqual([]);
    expect(state.failedCharges).toHaveLength(1);
  });
});

describe('a waiver', () => {
  test('ends what is owed, on record and once', () => {
    const state = failed();
    expect(refuse(state, WAIVE, NOW)).toBeNull();
    const waived = advance(state, WAIVE, NOW);
    expect(waived.facts).toMatchObject([{ kind: 'charge_waived', actor: 'shop', reason: 'goodwill' }]);
    expect(viewOf(waived, NOW)).toMatchObject({ amountsDue: [], charges: [{ status: 'waived' }] });
    expect(advance(waived, WAIVE, NOW)).toBe(waived);
    expect(recorded(waived).charges).toEqual([]);
  });

  test('of an open charge, or of one that is not there, is refused', () => {
    expect(refuse(enrolled({ charges: [charge()] }), WAIVE, NOW)?.code).toBe('wrong_state');
    expect(refuse(enrolled(), WAIVE, NOW)?.code).toBe('charge_not_found');
  });
});
