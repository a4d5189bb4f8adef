// A charge that the ledger has accepted: what its workflow would refuse ends as failed, on record and told.
import { describe, expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import { needsAttention } from '../../domain/attention.ts';
import type { EventOf } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { nextStep } from '../../domain/next-step.ts';
import { refuse } from '../../domain/refuse.ts';
import { noticesIn } from '../../domain/shared/facts.ts';
import { BY, charge, enrolled, mandate, T0 } from './fixtures.ts';

const ACCEPTED: EventOf<'openCharge'> = {
  kind: 'openCharge',
  ...BY,
  chargeId: 'one',
  amount: 4900,
  currency: 'eur',
  inLedger: 'accepted',
};
const { inLedger: _, ...ASKED } = ACCEPTED;
const cancelled = enrolled({ cancelled: { atMs: T0 }, mandate: mandate({ status: 'inactive' }) });
const outcome = (state: CustomerState) => state.charges.map(({ phase }) => phase);

test('what nothing speaks against is opened as any other', () => {
  expect(refuse(enrolled(), ACCEPTED, T0)).toBeNull();
  const claimed = { ...ASKED, inLedger: 'claimed' } as const;
  expect(advance(enrolled(), ACCEPTED, T0)).toEqual(advance(enrolled(), claimed, T0));
});

test('the same charge again changes nothing', () => {
  const state = advance(enrolled(), ASKED, T0);
  expect(advance(state, ACCEPTED, T0 + 1)).toBe(state);
});

describe.each([
  { why: 'customer_cancelled', state: cancelled },
  { why: 'no_mandate', state: enrolled({ mandate: null }) },
  {
    why: 'mandate_limit_exceeded',
    state: enrolled({ mandate: mandate({ terms: { maxAmount: 100, currency: 'eur' } }) }),
  },
  {
    why: 'currency_not_agreed',
    state: enrolled({ mandate: mandate({ terms: { maxAmount: 9000, currency: 'usd' } }) }),
  },
])('refused by then with $why', ({ why, state }) => {
  test('it is opened and closed as failed, with who asked and a notice, and nothing asks Stripe', () => {
    expect(refuse(state, ASKED, T0)?.code).toBe(why);
    expect(refuse(state, ACCEPTED, T0)).toBeNull();
    const after = advance(state, ACCEPTED, T0);
    expect(outcome(after)).toEqual([{ is: 'closed', as: 'failed', reason: why, atMs: T0 }]);
    expect(after.facts).toMatchObject([
      { kind: 'charge_opened', chargeId: 'one', actor: BY.actor },
      { kind: 'charge_closed', data: { as: 'failed', reason: why } },
      { kind: 'notice', data: { notice: 'charge.failed' } },
    ]);
    expect(noticesIn(after.facts)).toMatchObject([
      { kind: 'charge.failed', chargeId: 'one', data: { reason: why } },
    ]);
    expect(nextStep(after, T0)).toEqual({ do: 'record' });
  });
});

test('nobody has to decide about one of a cancelled customer', () => {
  expect(needsAttention(advance(cancelled, ACCEPTED, T0))).toEqual([]);
});

describe('it waits, and nothing changes', () => {
  const open = Array.from({ length: 100 }, (_, number) => charge({ chargeId: `c-${number}` }));
  test.each([
    { why: 'too_many_open_charges', state: enrolled({ charges: open }) },
    { why: 'charge_conflict', state: enrolled({ charges: [charge({ amount: 1 })] }) },
  ])('while there is $why', ({ why, state }) => {
    expect(refuse(state, ACCEPTED, T0)?.code).toBe(why);
    expect(advance(state, ACCEPTED, T0)).toBe(state);
  });
});
