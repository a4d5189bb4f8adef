// What must hold whatever people, banks, networks and machines do: random customers against models of Stripe and the ledger.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import type { CustomerEvent } from '../../domain/model/events.ts';
import type { Step } from '../../domain/model/steps.ts';
import { nextStep } from '../../domain/next-step.ts';
import { DEFAULT_COLLECTION, DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { DAY, HOUR, MINUTE } from '../../domain/shared/time.ts';
import { enrolled, reading, T0 } from './fixtures.ts';
import {
  act,
  begin,
  CONSENT,
  eventDelivery,
  faultProfile,
  live,
  script,
  seed,
  turn,
  WHO,
  windDown,
} from './simulation/actions.ts';
import type { EventDelivery, SimulatedCustomer } from './simulation/customer.ts';
import type { IssuerVerdict } from './simulation/stripe.ts';

/** On a machine that is busy, fewer customers; never more than a few seconds of them. */
const RUNS = { numRuns: 120, interruptAfterTimeLimit: 8_000 };

test('whatever happens, no rule is broken, every charge ends, and a cancelled customer reaches the end', () => {
  fc.assert(
    fc.property(
      seed,
      script,
      faultProfile,
      eventDelivery,
      fc.boolean(),
      fc.array(turn, { minLength: 5, maxLength: 45 }),
      (seedOf, scriptOf, faultProfileOf, eventDeliveryOf, isCustomerThere, turns) => {
        const simulated = begin(seedOf, scriptOf);
        simulated.faultProfile = faultProfileOf;
        simulated.eventDelivery = eventDeliveryOf;
        live(simulated, turns);
        windDown(simulated, isCustomerThere);
        simulated.checkTruth();
        if (!simulated.isOver && simulated.state.charges.length > 0)
          simulated.fail(
            `without faults every charge ends: ${simulated.state.charges.map(({ chargeId }) => chargeId)}`,
          );
        for (const chargeId of simulated.ledger.accepted.keys())
          if (!simulated.ledger.closed.has(chargeId)) simulated.fail(`every end is recorded: ${chargeId}`);
        const isCrashless = turns.every((what) => what.do !== 'crash');
        for (const { answers } of isCrashless ? simulated.stripe.intents.values() : [])
          for (const { stripeChargeId, decline } of answers) {
            const outcomes = simulated.ledger.outcomes.get(String(stripeChargeId)) ?? [];
            if (outcomes.some((outcome) => (outcome === 'succeeded') === (decline === null))) continue;
            simulated.fail(`every answer of the issuer’s is on record: ${stripeChargeId} has ${outcomes}`);
          }
        for (const chargeId of simulated.ledger.closed.keys()) {
          const { stripe, ledger } = simulated;
          act(simulated, {
            do: 'moneyBack',
            charge: Number(chargeId.slice('charge-'.length)),
            by: 'dispute',
          });
          simulated.pass(MINUTE);
          for (const { disputeId, status } of stripe.disputes.values())
            if (disputeId.includes(`_${chargeId}_`))
              expect(JSON.parse(ledger.moneyBack.get(disputeId) ?? '{}').status, disputeId).toBe(status);
        }
        simulated.ask({ kind: 'cancelCustomer', ...WHO });
        simulated.pass(40 * DAY);
        if (!simulated.isOver) simulated.fail('a cancelled customer’s workflow ends once nothing is open');
        simulated.checkTruth();
      },
    ),
    RUNS,
  );
});

test('nor where attempts are given up although they are on record, or another release decides otherwise', () => {
  fc.assert(
    fc.property(
      seed,
      script,
      faultProfile,
      fc.constantFrom(0, 0.3, 1),
      fc.constantFrom(0, 0.3, 1),
      fc.array(turn, { minLength: 5, maxLength: 30 }),
      (seedOf, scriptOf, faultProfileOf, attemptsLost, otherRelease, turns) => {
        const simulated = begin(seedOf, scriptOf);
        simulated.faultProfile = faultProfileOf;
        Object.assign(simulated, { attemptsLost, otherRelease });
        live(simulated, turns);
        simulated.attemptsLost = 0;
        windDown(simulated, true);
        simulated.checkTruth();
        if (!simulated.isOver && simulated.state.charges.length > 0)
          simulated.fail('without faults every charge ends');
        for (const chargeId of simulated.ledger.accepted.keys())
          if (!simulated.ledger.closed.has(chargeId)) simulated.fail(`every end is recorded: ${chargeId}`);
      },
    ),
    { numRuns: 80, interruptAfterTimeLimit: 4_000 },
  );
});

test('events that are late, doubled, shuffled or lost change when a charge ends, never how', () => {
  // A card that dies, or that another charge uses up, makes the order of attempts matter: not so here.
  const answers: IssuerVerdict[] = ['succeed', 'authentication_required', 'processing', 'insufficient_funds'];
  const customer = fc.record({
    afterHours: fc.constantFrom(0.1, 3, 20),
    failsFirst: fc.boolean(),
    comes: fc.boolean(),
  });
  const endings = (
    simulated: SimulatedCustomer,
    actor: readonly { afterHours: number; failsFirst: boolean; comes: boolean }[],
  ) => {
    const since = new Map<string, number>();
    actor.forEach((_, index) => {
      act(simulated, { do: 'open', charge: index, dueInHours: index * 5 });
    });
    simulated.work();
    for (let hour = 0; hour < 60 * 24 && simulated.state.charges.length > 0; hour++) {
      for (const { id, chargeId, decline, latestCharge, status } of simulated.stripe.intents.values()) {
        const there = actor[Number(chargeId.slice('charge-'.length))];
        if (!there?.comes || status !== 'requires_payment_method' || decline?.code === 'card_declined')
          continue;
        const waitsFor = `${id} ${latestCharge}`;
        if (decline && !since.has(waitsFor)) since.set(waitsFor, hour);
        if (!decline || hour - (since.get(waitsFor) ?? hour) < there.afterHours) continue;
        simulated.stripe.customerBegins(id);
        const fails = there.failsFirst && decline.code === 'authentication_required';
        simulated.stripe.customerEnds(id, !fails);
      }
      simulated.pass(HOUR);
    }
    return Object.fromEntries([...simulated.ledger.closed].sort());
  };
  const disorder: fc.Arbitrary<EventDelivery> = fc.record({
    lost: fc.constantFrom(0, 0.3, 1),
    twice: fc.constantFrom(0, 0.5, 1),
    latestMs: fc.constantFrom(0, 10 * MINUTE, 9 * HOUR),
  });
  fc.assert(
    fc.property(
      seed,
      fc.array(fc.constantFrom(...answers), { minLength: 1, maxLength: 4 }),
      fc.array(customer, { minLength: 1, maxLength: 3 }),
      disorder,
      (seedOf, scriptOf, actor, eventDeliveryOf) => {
        const orderly = endings(begin(seedOf, scriptOf), actor);
        const other = begin(seedOf, scriptOf);
        other.eventDelivery = eventDeliveryOf;
        expect(endings(other, actor)).toEqual(orderly);
        expect(Object.keys(orderly)).toHaveLength(actor.length);
      },
    ),
    { numRuns: 25, interruptAfterTimeLimit: 4_000 },
  );
});

describe('many charges on one card that says no', () => {
  const { visa, mastercard, other } = DEFAULT_POLICY.budgets;

  /** Of the same amount, opened twice a day; then a year passes. */
  function asksOf(card: number, amounts: (number: number) => number): readonly { readonly atMs: number }[] {
    const simulated = begin(1, ['insufficient_funds', 'issuer_not_available']);
    simulated.ask({ kind: 'enrol', ...WHO, requestId: `card-${card}`, consent: CONSENT });
    simulated.work();
    act(simulated, { do: 'setUp', card, isOk: true });
    for (let number = 0; number < 12; number++) {
      const owed = { chargeId: `many-${number}`, amount: amounts(number), currency: 'eur' };
      simulated.ask({ kind: 'openCharge', ...WHO, ...owed });
      simulated.pass(12 * HOUR);
      simulated.checkTruth();
    }
    simulated.pass(400 * DAY);
    simulated.checkTruth();
    expect(simulated.state.charges).toEqual([]);
    return simulated.stripe.askedByUs.filter(({ fingerprint }) => fingerprint === `fp-${card}`);
  }
  const inFirst = (days: number, asks: readonly { readonly atMs: number }[]) =>
    asks.filter(({ atMs }) => atMs <= (asks[0]?.atMs ?? 0) + days * DAY).length;

  test('use up what Visa allows for one amount, and no more', () => {
    expect(
      inFirst(
        29,
        asksOf(0, () => 500),
      ),
    ).toBe(visa.perAmountIn30Days);
  });

  test('of several amounts have a budget for each with Visa, up to our own for the card', () => {
    expect(
      inFirst(
        29,
        asksOf(0, (number) => 500 + number),
      ),
    ).toBe(visa.perCardIn30Days);
  });

  test('use up what Mastercard allows for the card in a month, whatever the amounts', () => {
    expect(
      inFirst(
        29,
        asksOf(1, (number) => 500 + number),
      ),
    ).toBe(mastercard.perCardIn30Days);
  });

  test('use up what we allow with any other network', () => {
    expect(
      inFirst(
        29,
        asksOf(5, (number) => 500 + number),
      ),
    ).toBe(other.perCardIn30Days);
  });
});

test.each(['lost_card', 'expired_card', 'authentication_required'] as const)(
  'a charge that every new card answers with %s is attempted at most 8 times, then it has failed',
  (answer) => {
    const simulated = begin(1, [answer]);
    simulated.ask({ kind: 'openCharge', ...WHO, chargeId: 'one', amount: 500, currency: 'eur' });
    simulated.work();
    for (let card = 10; card < 22 && simulated.state.charges.length > 0; card++) {
      simulated.ask({ kind: 'enrol', ...WHO, requestId: `card-${card}`, consent: CONSENT });
      simulated.work();
      act(simulated, { do: 'setUp', card, isOk: true });
      simulated.pass(HOUR);
      simulated.checkTruth();
    }
    expect(simulated.ledger.closed.get('one')).toBe('failed');
    expect(simulated.stripe.askedByUs.length).toBeGreaterThan(5);
    expect(simulated.stripe.askedByUs.length).toBeLessThanOrEqual(DEFAULT_COLLECTION.attempts);
  },
);

test('a customer of three thousand charges keeps a state of a few kilobytes', () => {
  let state = enrolled();
  const sizes: number[] = [];
  for (let number = 1; number <= 3000; number++) {
    const nowMs = T0 + number * 3 * DAY;
    const chargeId = `charge-${number}`;
    const event = {
      kind: 'stripeEventReceived',
      eventId: `evt_${number}`,
      type: 'payment_intent.processing',
      objectId: 'pi_y',
    } as const;
    state = advance(state, event, nowMs);
    state = advance(state, { kind: 'openCharge', ...WHO, chargeId, amount: 500, currency: 'eur' }, nowMs);
    for (let step = nextStep(state, nowMs); step.do !== 'wait'; step = nextStep(state, nowMs)) {
      if (step.do === 'attemptCharge') state = advance(state, { kind: 'attemptStarted', step }, nowMs);
      state = advance(state, paidAnswer(step, state.sequence, nowMs), nowMs);
    }
    if (number % 1000 === 0) sizes.push(JSON.stringify(state).length);
  }
  expect(state.charges).toEqual([]);
  expect(Math.max(...sizes)).toBeLessThan(8_000);
  expect(sizes[2]).toBeLessThan((sizes[0] ?? 0) * 1.1);
});

/** What the world answers when nothing goes wrong. */
function paidAnswer(step: Step, sequence: number, nowMs: number): CustomerEvent {
  switch (step.do) {
    case 'record':
      return { kind: 'recorded', through: sequence, alreadyClosed: [] };
    case 'attemptCharge': {
      const { chargeId } = step;
      const paymentIntentId = `pi_${chargeId}`;
      const paid = reading({ paymentIntentId, status: 'succeeded', amount: 500, amountReceived: 500 });
      const events: readonly CustomerEvent[] = [
        { kind: 'paymentIntentCreated', chargeId, paymentIntentId },
        { kind: 'paymentIntentRead', chargeId, reading: paid },
      ];
      const timed = events.map((event) => ({ event, atMs: nowMs }));
      return { kind: 'chargeAttempted', chargeId, events: timed, recorded: null };
    }
    default:
      throw new Error(`not expected here: ${step.do}`);
  }
}
