// What becomes of a customer when a charge has failed, as its policy says.
import { describe, expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import type { CollectionPolicy } from '../../domain/model/policy.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import { noticesIn } from '../../domain/shared/facts.ts';
import { DAY } from '../../domain/shared/time.ts';
import { statusOf } from '../../domain/view.ts';
import { attempt, charge, decline, enrolled, reading, T0, tried } from './fixtures.ts';

const poor = decline('insufficient_funds');

/** Its last attempt is under way; another charge is scheduled. */
function lastAttempt(policy: Partial<CollectionPolicy>): CustomerState {
  const last = tried({ is: 'attempting' }, null, { policy: { name: 'own', ...policy } });
  const other = charge({ chargeId: 'two', paymentIntentId: null, phase: { is: 'due', atMs: T0 + DAY } });
  return enrolled({ charges: [last, other] });
}

/** Stripe says no, and then that the intent is cancelled. */
function fails(state: CustomerState): CustomerState {
  const read = { kind: 'paymentIntentRead', chargeId: 'one' } as const;
  const declined = advance(
    state,
    { ...read, reading: reading({ stripeChargeId: 'ch_1', decline: poor }) },
    T0,
  );
  return advance(declined, { ...read, reading: reading({ status: 'canceled', stripeChargeId: 'ch_1' }) }, T0);
}

describe('a charge that has failed', () => {
  test('changes nothing else by default', () => {
    const after = fails(lastAttempt({ soft: { days: [] } }));
    expect(after.charges[0]?.phase).toMatchObject({ is: 'closed', as: 'failed', reason: 'declined' });
    expect(statusOf(after)).toBe('active');
  });

  test('pauses the customer where its policy says so, once', () => {
    const after = fails(lastAttempt({ soft: { days: [] }, end: 'pause' }));
    expect(after.paused).toEqual({ atMs: T0 });
    const pauses = after.facts.filter(({ kind }) => kind === 'paused');
    expect(pauses).toMatchObject([{ actor: 'policy', reason: 'charge_failed' }]);
    const resumed = advance(after, { kind: 'resume', actor: 'shop' }, T0 + DAY);
    expect(
      advance(resumed, { kind: 'cancelCharge', actor: 'shop', chargeId: 'two' }, T0 + DAY).paused,
    ).toBeNull();
  });

  test('cancels the customer where its policy says so, and what else they owe with them', () => {
    const after = fails(lastAttempt({ soft: { days: [] }, end: 'cancel' }));
    expect(statusOf(after)).toBe('cancelled');
    expect(after.charges[1]?.phase).toMatchObject({ is: 'closed', as: 'cancelled' });
    expect(after.facts.find(({ kind }) => kind === 'cancelled')).toMatchObject({ actor: 'policy' });
  });

  test.each(['pause', 'cancel'] as const)('and was cancelled by a person does not %s anybody', (end) => {
    const { charges } = lastAttempt({ end });
    const open = enrolled({
      charges: charges.slice(1).map((each) => ({ ...each, policy: { name: 'own', end } })),
    });
    const after = advance(open, { kind: 'cancelCharge', actor: 'shop', chargeId: 'two' }, T0);
    expect(statusOf(after)).toBe('active');
  });
});

describe('a policy of its own', () => {
  test('has the days of a charge, whatever the default says', () => {
    const after = advance(
      lastAttempt({ soft: { days: [2, 5] } }),
      {
        kind: 'paymentIntentRead',
        chargeId: 'one',
        reading: reading({ stripeChargeId: 'ch_1', decline: poor }),
      },
      T0,
    );
    expect(after.charges[0]?.phase).toEqual({ is: 'due', atMs: T0 + 2 * DAY });
  });

  test.each([
    ['none', 1, 0],
    ['first', 1, 1],
    ['first', 2, 0],
    ['each', 2, 1],
  ] as const)('with notices for %s of the declines: the %i. makes %i', (declineNotices, nth, count) => {
    const before = Array.from({ length: nth - 1 }, (_, index) =>
      attempt({ number: index + 1, decline: poor }),
    );
    const attempts = [...before, attempt({ number: nth, outcome: null })];
    const state = enrolled({
      charges: [
        tried({ is: 'attempting' }, null, {
          attempts,
          attemptCount: nth,
          policy: { name: 'own', declineNotices },
        }),
      ],
    });
    const said = reading({ stripeChargeId: `ch_${nth}`, decline: poor });
    const after = advance(state, { kind: 'paymentIntentRead', chargeId: 'one', reading: said }, T0);
    const notices = noticesIn(after.facts).filter(({ kind }) => kind === 'charge.declined');
    expect(notices).toHaveLength(count);
    for (const { noticeId, data } of notices) {
      expect(noticeId).toBe(`declined-one-${nth}`);
      expect(data).toMatchObject({ declineCode: 'insufficient_funds', attempts: nth });
      expect(after.charges[0]?.phase).toEqual({ is: 'due', atMs: data.nextAttemptAtMs });
    }
  });
});
