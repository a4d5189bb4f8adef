// A charge whose customer was deleted at Stripe while nobody knew whether it has an intent: only the ledger can tell.
import { expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { ChargePhase } from '../../../domain/model/charge.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { HOUR } from '../../../domain/shared/time.ts';
import { enrolled, mandate, reading, T0, tried } from '../fixtures.ts';

const DELETED = { stripeCustomerId: null, mandate: mandate({ status: 'inactive' }) } as const;
const nobodyKnows = (phase: ChargePhase) =>
  enrolled({
    ...DELETED,
    charges: [tried(phase, 'unknown', { paymentIntentId: null, nextCheckAtMs: T0 })],
  });
const searched = (paymentIntentId: string | null) =>
  ({ kind: 'paymentIntentSearched', chargeId: 'one', paymentIntentId }) as const;

test.each([{ is: 'finding_intent' }, { is: 'unknown', sinceMs: T0 }] as const)(
  'while it is $is: the index is asked, and where it has none the charge waits for a card',
  (phase) => {
    const state = nobodyKnows(phase);
    expect(nextStep(state, T0)).toMatchObject({ do: 'findPaymentIntent', stripeCustomerId: null });
    const none = { ...advance(state, searched(null), T0), facts: [] };
    const step = nextStep(none, T0 + HOUR);
    expect(step).toEqual({ do: 'decide', event: { kind: 'cardMissing', chargeId: 'one' } });
    const waiting = advance(none, { kind: 'cardMissing', chargeId: 'one' }, T0 + HOUR);
    expect(waiting.charges).toMatchObject([
      { phase: { is: 'awaiting_card' }, intentNumber: 2, nextCheckAtMs: null },
    ]);
    expect(noticesIn(waiting.facts).map(({ kind }) => kind)).toEqual(['charge.awaiting_card']);
  },
);

test('what the index has is read, for it may have been paid before the customer was deleted', () => {
  const found = advance(nobodyKnows({ is: 'unknown', sinceMs: T0 }), searched('pi_1'), T0);
  expect(nextStep(found, T0)).toMatchObject({ do: 'readPaymentIntent', paymentIntentId: 'pi_1' });
  const paid = reading({ status: 'succeeded', stripeChargeId: 'ch_1', stripeCustomerId: null });
  const over = advance(found, { kind: 'paymentIntentRead', chargeId: 'one', reading: paid }, T0);
  expect(over.charges).toMatchObject([{ phase: { is: 'closed', as: 'succeeded' } }]);
});

test('the same, and it was being ended: it is over', () => {
  const state = nobodyKnows({ is: 'closing', to: 'cancelled', reason: 'cancelled' });
  expect(nextStep(state, T0).do).toBe('findPaymentIntent');
  const over = advance(state, searched(null), T0);
  expect(over.charges).toMatchObject([{ phase: { is: 'closed', as: 'cancelled', reason: 'cancelled' } }]);
});
