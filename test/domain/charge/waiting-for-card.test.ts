// A charge that no card may pay, in whatever phase that turns out.
import { expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import { nextStep } from '../../../domain/next-step.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { charge, enrolled, mandate, T0 } from '../fixtures.ts';

const DELETED = { stripeCustomerId: null, mandate: mandate({ status: 'inactive' }) } as const;
const uncreated = { paymentIntentId: null, nextCheckAtMs: T0 } as const;

test('a charge whose intent nobody saw made, for a customer who was deleted at Stripe, waits for a card', () => {
  const creating = charge({ ...uncreated, phase: { is: 'creating_intent' } });
  const state = enrolled({ ...DELETED, charges: [creating] });
  const step = nextStep(state, T0);
  expect(step).toEqual({ do: 'decide', event: { kind: 'cardMissing', chargeId: 'one' } });
  const waiting = advance(state, { kind: 'cardMissing', chargeId: 'one' }, T0);
  expect(waiting.charges).toMatchObject([
    { phase: { is: 'awaiting_card' }, intentNumber: 2, nextCheckAtMs: null },
  ]);
  expect(noticesIn(waiting.facts).map(({ kind }) => kind)).toEqual(['charge.awaiting_card']);
});

test('the same, and it was being ended: it is over', () => {
  const closing = charge({ ...uncreated, phase: { is: 'closing', to: 'cancelled', reason: 'cancelled' } });
  const state = enrolled({ ...DELETED, charges: [closing] });
  expect(nextStep(state, T0).do).toBe('decide');
  const over = advance(state, { kind: 'cardMissing', chargeId: 'one' }, T0);
  expect(over.charges).toMatchObject([{ phase: { is: 'closed', as: 'cancelled', reason: 'cancelled' } }]);
});
