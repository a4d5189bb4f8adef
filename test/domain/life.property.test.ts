// What must hold in every life, whatever people, banks, networks and machines do: random lives against a model of Stripe.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ATTEMPTS_PER_CARD, DAY, HOUR, MINUTE } from '../../domain/policy.ts';
import { begin, bells, CONSENT, clearUp, live, play, seed, temper, turn, WHO, weather } from './deeds.ts';
import type { Bells, Life } from './life.ts';
import type { IssuerAnswer } from './stripe-model.ts';

const RUNS = { numRuns: 120 };

test('whatever happens, no life breaks its rules, every charge ends, and a cancelled customer reaches the end', () => {
  fc.assert(
    fc.property(
      seed,
      temper,
      weather,
      bells,
      fc.boolean(),
      fc.array(turn, { minLength: 5, maxLength: 45 }),
      (seedOf, temperOf, weatherOf, bellsOf, isCustomerThere, turns) => {
        const life = begin(seedOf, temperOf);
        life.weather = weatherOf;
        life.bells = bellsOf;
        live(life, turns);
        clearUp(life, isCustomerThere);
        life.checkTruth();
        if (!life.isOver && life.state.charges.length > 0)
          life.fail(
            `in fair weather every charge ends: ${life.state.charges.map(({ chargeId }) => chargeId)}`,
          );
        for (const chargeId of life.ledger.accepted.keys())
          if (!life.ledger.closed.has(chargeId)) life.fail(`every end is recorded: ${chargeId}`);
        life.ask({ kind: 'cancelCustomer', ...WHO });
        life.pass(40 * DAY);
        if (!life.isOver) life.fail('a cancelled life ends once nothing is open');
        life.checkTruth();
      },
    ),
    RUNS,
  );
});

test('bells that are late, doubled, shuffled or lost change when a charge ends, never how', () => {
  // A card that dies, or that another charge uses up, makes the order of attempts matter: not so here.
  const answers: IssuerAnswer[] = ['succeed', 'authentication_required', 'processing', 'insufficient_funds'];
  const customer = fc.record({
    afterHours: fc.constantFrom(0.1, 3, 20),
    failsFirst: fc.boolean(),
    comes: fc.boolean(),
  });
  const endings = (
    life: Life,
    who: readonly { afterHours: number; failsFirst: boolean; comes: boolean }[],
  ) => {
    const since = new Map<string, number>();
    who.forEach((_, index) => {
      play(life, { do: 'open', charge: index, dueInHours: index * 5 });
    });
    life.work();
    for (let hour = 0; hour < 60 * 24 && life.state.charges.length > 0; hour++) {
      for (const { id, chargeId, decline, latestCharge, status } of life.stripe.intents.values()) {
        const there = who[Number(chargeId.slice('charge-'.length))];
        if (!there?.comes || status !== 'requires_payment_method' || decline?.code === 'card_declined')
          continue;
        const waitsFor = `${id} ${latestCharge}`;
        if (decline && !since.has(waitsFor)) since.set(waitsFor, hour);
        if (!decline || hour - (since.get(waitsFor) ?? hour) < there.afterHours) continue;
        life.stripe.customerBegins(id);
        const fails = there.failsFirst && decline.code === 'authentication_required';
        life.stripe.customerEnds(id, !fails);
      }
      life.pass(HOUR);
    }
    return Object.fromEntries([...life.ledger.closed].sort());
  };
  const disorder: fc.Arbitrary<Bells> = fc.record({
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
      (seedOf, temperOf, who, bellsOf) => {
        const orderly = endings(begin(seedOf, temperOf), who);
        const other = begin(seedOf, temperOf);
        other.bells = bellsOf;
        expect(endings(other, who)).toEqual(orderly);
        expect(Object.keys(orderly)).toHaveLength(who.length);
      },
    ),
    { numRuns: 25 },
  );
});

test('many charges on one card that says no stay within its budget of 15 in 30 days', () => {
  const life = begin(1, ['insufficient_funds', 'issuer_not_available']);
  for (let number = 0; number < 12; number++) {
    life.ask({ kind: 'openCharge', ...WHO, chargeId: `many-${number}`, amount: 500, currency: 'eur' });
    life.pass(12 * HOUR);
    life.checkTruth();
  }
  expect(life.stripe.askedByUs).toHaveLength(ATTEMPTS_PER_CARD);
  life.pass(400 * DAY);
  life.checkTruth();
  expect(life.state.charges).toEqual([]);
});

test('one charge that every new card refuses is attempted 8 times, then it has failed', () => {
  for (const answer of ['lost_card', 'expired_card', 'authentication_required'] as const) {
    const life = begin(1, [answer]);
    life.ask({ kind: 'openCharge', ...WHO, chargeId: 'one', amount: 500, currency: 'eur' });
    for (let card = 1; card < 12 && life.state.charges.length > 0; card++) {
      life.pass(HOUR);
      // The same four numbers, but every time as a new card: a dead number would not be asked at all.
      life.ask({ kind: 'enrol', ...WHO, requestId: `card-${card}`, consent: CONSENT });
      life.work();
      for (const method of life.stripe.methods.values())
        method.card = { ...method.card, fingerprint: `fp-${card}` };
      play(life, { do: 'setUp', card: 0, isOk: true });
      for (const method of life.stripe.methods.values())
        method.card = { ...method.card, fingerprint: `fp-${card}` };
      life.pass(2 * MINUTE);
      life.checkTruth();
    }
    life.pass(10 * DAY);
    expect([answer, life.ledger.closed.get('one')]).toEqual([answer, 'failed']);
    expect(life.stripe.askedByUs.length).toBeLessThanOrEqual(8);
  }
});

test('a life of three thousand charges keeps a state of a few kilobytes', () => {
  const life = begin(7, ['succeed', 'succeed', 'succeed', 'succeed', 'processing']);
  const sizes: number[] = [];
  for (let number = 0; number < 3000; number++) {
    life.ask({ kind: 'openCharge', ...WHO, chargeId: `many-${number}`, amount: 500, currency: 'eur' });
    life.pass(2 * DAY + HOUR);
    if (number % 1000 === 999) sizes.push(JSON.stringify(life.state).length);
  }
  expect(life.ledger.closed.size).toBe(3000);
  expect(Math.max(...sizes)).toBeLessThan(8_000);
  expect(sizes[2]).toBeLessThan((sizes[0] ?? 0) * 1.1);
});
