// What is part of the contract of `advance`: an event that changes nothing gives the same object back.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import type { CustomerEvent } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { Step } from '../../domain/model/steps.ts';
import { STRIPE_EVENTS } from '../../domain/shared/stripe-events.ts';
import { disputeReading, reading, refundReading, setupDone } from './fixtures.ts';
import { begin, CONSENT, faultProfile, live, script, seed, turn, WHO } from './simulation/actions.ts';

/** A customer at any point of any history. */
const customer = fc
  .tuple(seed, script, faultProfile, fc.array(turn, { maxLength: 25 }))
  .map(([seedOf, scriptOf, faultProfileOf, turns]) => {
    const simulation = begin(seedOf, scriptOf);
    simulation.faultProfile = faultProfileOf;
    live(simulation, turns);
    return { state: simulation.state, nowMs: simulation.nowMs };
  });

const NOBODYS = { chargeId: 'nobodys', paymentIntentId: 'pi_nobodys', known: null } as const;
const QUESTIONS: readonly Step[] = [
  { do: 'readPaymentIntent', ...NOBODYS },
  { do: 'cancelPaymentIntent', ...NOBODYS },
  { do: 'readSetupIntent', setupIntentId: 'seti_nobodys' },
  { do: 'cancelSetupIntent', setupIntentId: 'seti_nobodys' },
  { do: 'readRefund', refundId: 're_nobodys' },
  { do: 'readDispute', disputeId: 'du_nobodys' },
  {
    do: 'createSetupIntent',
    enrolmentNumber: 0,
    setupNumber: 1,
    tries: 0,
    stripeCustomerId: 'cus_nobodys',
    terms: null,
    openedAtMs: 0,
  },
];

/** About what this customer does not have, or had long ago. */
const strange: fc.Arbitrary<CustomerEvent> = fc.oneof(
  fc
    .constantFrom('cancelCharge' as const, 'retryCharge' as const)
    .map((kind) => ({ kind, ...WHO, chargeId: 'nobodys' })),
  fc.constant<CustomerEvent>({ kind: 'giveConsent', ...WHO, enrolmentNumber: 0, consent: CONSENT }),
  fc.constant<CustomerEvent>({ kind: 'stepUpCompleted', chargeId: 'nobodys' }),
  // What another release, or a person who completes an activity by hand, may answer with.
  fc.constant({ kind: 'chargedTwice', chargeId: 'nobodys' } as unknown as CustomerEvent),
  fc.constant<CustomerEvent>({ kind: 'recorded', through: 0, alreadyClosed: [] }),
  fc.constant<CustomerEvent>({ kind: 'loaded', snapshot: null, charges: [] }),
  fc.constant<CustomerEvent>({ kind: 'paymentIntentCreated', ...NOBODYS }),
  fc.constant<CustomerEvent>({
    kind: 'paymentIntentSearched',
    chargeId: 'nobodys',
    paymentIntentId: null,
  }),
  fc.constant<CustomerEvent>({
    kind: 'paymentIntentRead',
    chargeId: 'nobodys',
    reading: reading({ status: 'succeeded' }),
  }),
  fc.constant<CustomerEvent>({
    kind: 'setupIntentRead',
    reading: setupDone({ setupIntentId: 'seti_nobodys' }),
  }),
  fc.constant<CustomerEvent>({ kind: 'refundRead', reading: refundReading({ refundId: 're_nobodys' }) }),
  fc.constant<CustomerEvent>({ kind: 'disputeRead', reading: disputeReading({ disputeId: 'du_nobodys' }) }),
  fc
    .constantFrom('halted' as const, 'rateLimited' as const, 'cardMissing' as const)
    .map((kind) => ({ kind, chargeId: 'nobodys' })),
  fc
    .constantFrom('cardWaitExpired' as const, 'stepUpExpired' as const, 'stepUpReminderDue' as const)
    .map((kind) => ({ kind, chargeId: 'nobodys' })),
  fc.constantFrom(...QUESTIONS).map((step) => ({ kind: 'unanswered' as const, step })),
  fc
    .constantFrom(...QUESTIONS)
    .map((step) => ({ kind: 'refused' as const, step, code: 'resource_missing', param: 'intent' })),
  fc
    .constantFrom('charge.refunded', 'payment_intent.created', 'payment_method.attached', 'x')
    .map((type) => ({
      kind: 'stripeEventReceived' as const,
      eventId: 'evt_unheard_of',
      type,
      objectId: 'pi_1',
    })),
);

/** What may come again after it has been taken in. */
const repeated = ({ state, nowMs }: { readonly state: CustomerState; readonly nowMs: number }) => {
  const objects = [
    ...state.charges.flatMap(({ paymentIntentId }) => paymentIntentId ?? []),
    ...(state.mandate ? [state.mandate.paymentMethodId, state.mandate.setupIntentId] : []),
    state.stripeCustomerId ?? 'cus_1',
    're_1',
    'du_1',
  ];
  const charges = [...state.charges.map(({ chargeId }) => chargeId), 'charge-0', 'new-one'];
  const dueAtMs = nowMs + 1_000;
  return fc.oneof(
    fc.tuple(fc.constantFrom(...Object.keys(STRIPE_EVENTS)), fc.constantFrom(...objects)).map(
      ([type, objectId]): CustomerEvent => ({
        kind: 'stripeEventReceived',
        eventId: 'evt_again',
        type,
        objectId,
      }),
    ),
    fc
      .constantFrom('pause' as const, 'resume' as const, 'cancelCustomer' as const)
      .map((kind) => ({ kind, ...WHO })),
    fc
      .tuple(fc.constantFrom('cancelCharge' as const, 'retryCharge' as const), fc.constantFrom(...charges))
      .map(([kind, chargeId]) => ({ kind, ...WHO, chargeId })),
    fc.constantFrom(...charges).map(
      (chargeId): CustomerEvent => ({
        kind: 'openCharge',
        ...WHO,
        chargeId,
        amount: 1_000,
        currency: 'eur',
        dueAtMs,
      }),
    ),
    fc.constantFrom(...charges).map((chargeId): CustomerEvent => ({ kind: 'stepUpCompleted', chargeId })),
    fc.constant<CustomerEvent>({ kind: 'enrol', ...WHO, requestId: 'again', consent: CONSENT }),
  );
};

const RUNS = { numRuns: 60, interruptAfterTimeLimit: 4_000 };

test('an event about what the customer does not have gives the same object back', () => {
  fc.assert(
    fc.property(customer, fc.array(strange, { minLength: 1, maxLength: 8 }), ({ state, nowMs }, events) => {
      const loaded: CustomerState = { ...state, loaded: true };
      for (const event of events) expect(advance(loaded, event, nowMs)).toBe(loaded);
    }),
    RUNS,
  );
});

test('an event that comes again gives the same object back', () => {
  fc.assert(
    fc.property(
      customer.chain((known) => fc.tuple(fc.constant(known), repeated(known))),
      ([{ state, nowMs }, event]) => {
        const once = advance({ ...state, loaded: true }, event, nowMs);
        expect(advance(once, event, nowMs)).toBe(once);
      },
    ),
    RUNS,
  );
});

test('a state is never changed in place, whatever happens to it', () => {
  fc.assert(
    fc.property(
      customer.chain((known) => fc.tuple(fc.constant(known), fc.oneof(strange, repeated(known)))),
      ([{ state, nowMs }, event]) => {
        const before = structuredClone(state);
        advance(state, event, nowMs);
        expect(state).toEqual(before);
      },
    ),
    RUNS,
  );
});
