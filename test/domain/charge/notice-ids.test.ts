// The id of every notice about a charge: the merchant drops what comes again by it, so it must neither change nor be shared.
import { expect, test } from 'vitest';
import { advance } from '../../../domain/advance.ts';
import type { Charge } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { noticesIn } from '../../../domain/shared/facts.ts';
import { DAY } from '../../../domain/shared/time.ts';
import { attempt, charge, decline, enrolled, enrolment, reading, stepUp, T0, tried } from '../fixtures.ts';

const underWay = (chargeId: string, attempts = 1): Charge =>
  charge({
    chargeId,
    paymentIntentId: `pi_${chargeId}`,
    phase: { is: 'attempting' },
    attempts: Array.from({ length: attempts }, (_, index) =>
      attempt({ number: index + 1, outcome: index + 1 === attempts ? null : 'step_up' }),
    ),
  });

/** Stripe’s word on each of these charges, at `nowMs`. */
const says = (over: Partial<PaymentIntentReading>, ...chargeIds: string[]): CustomerEvent[] =>
  chargeIds.map((chargeId) => ({
    kind: 'paymentIntentRead',
    chargeId,
    reading: reading({ paymentIntentId: `pi_${chargeId}`, stripeChargeId: `ch_${chargeId}`, ...over }),
  }));

const idsAfter = (state: CustomerState, events: readonly CustomerEvent[], nowMs = T0) =>
  noticesIn(events.reduce((next, event) => advance(next, event, nowMs), state).facts).map(
    ({ noticeId, kind }) => [kind, noticeId],
  );

const both = enrolled({ charges: [underWay('one'), underWay('two')] });
const step_up = { decline: decline('authentication_required') };
const given = enrolment({ number: 3, status: 'succeeded', closed: true });

test.each<[string, CustomerState, CustomerEvent[], string[][]]>([
  [
    'paid',
    both,
    says({ status: 'succeeded' }, 'one', 'two'),
    [
      ['charge.succeeded', 'succeeded-one'],
      ['charge.succeeded', 'succeeded-two'],
    ],
  ],
  [
    'paid another sum',
    both,
    says({ status: 'succeeded', amountReceived: 1 }, 'one', 'two'),
    [
      ['charge.amount_differs', 'amount-differs-one'],
      ['charge.succeeded', 'succeeded-one'],
      ['charge.amount_differs', 'amount-differs-two'],
      ['charge.succeeded', 'succeeded-two'],
    ],
  ],
  [
    'without a card',
    both,
    says({ decline: decline('expired_card') }, 'one', 'two'),
    [
      ['charge.awaiting_card', 'awaiting-card-one-1'],
      ['charge.awaiting_card', 'awaiting-card-two-1'],
    ],
  ],
  [
    'without a card once more, after another was given',
    { ...both, enrolment: given },
    says({ decline: decline('expired_card') }, 'one', 'two'),
    [
      ['charge.awaiting_card', 'awaiting-another-card-3-one-1'],
      ['charge.awaiting_card', 'awaiting-another-card-3-two-1'],
    ],
  ],
  [
    'waiting for the customer',
    both,
    says(step_up, 'one', 'two'),
    [
      ['charge.step_up_required', 'step-up-one-1'],
      ['charge.step_up_required', 'step-up-two-1'],
    ],
  ],
  [
    'waiting for the customer once more',
    enrolled({ charges: [underWay('one', 2)] }),
    says(step_up, 'one'),
    [['charge.step_up_required', 'step-up-one-2']],
  ],
  [
    'waiting for the customer who has been told before',
    enrolled({ charges: [tried(stepUp({ reminders: 1 }), 'step_up')] }),
    [{ kind: 'stepUpReminderDue', chargeId: 'one' }],
    [['charge.step_up_required', 'step-up-one-1.reminder-2']],
  ],
  [
    'given up',
    enrolled({
      charges: ['one', 'two'].map((chargeId) =>
        charge({ chargeId, paymentIntentId: null, phase: { is: 'awaiting_card', sinceMs: T0 } }),
      ),
    }),
    [
      { kind: 'cardWaitExpired', chargeId: 'one' },
      { kind: 'cardWaitExpired', chargeId: 'two' },
    ],
    [
      ['charge.failed', 'failed-one'],
      ['charge.failed', 'failed-two'],
    ],
  ],
])('of charges that are %s', (_what, state, events, ids) => {
  expect(idsAfter(state, events)).toEqual(ids);
  expect(idsAfter(state, events, T0 + DAY)).toEqual(ids);
});
