// What a plan of the kill test guarantees.
import { expect, test } from 'vitest';
import { makePlan } from './plan.ts';

const OPTIONS = { seed: 42, charges: 600, kills: 50 };

test('the same seed is the same plan, and another seed another one', () => {
  expect(makePlan(OPTIONS)).toEqual(makePlan(OPTIONS));
  expect(makePlan({ ...OPTIONS, seed: 43 })).not.toEqual(makePlan(OPTIONS));
});

test('as many charges and kills as asked for, every kind among them, each id once', () => {
  const { customers, actions } = makePlan(OPTIONS);
  const charges = customers.flatMap(({ rounds }) => rounds.flat());
  expect(charges).toHaveLength(600);
  expect(new Set(charges.map(({ chargeId }) => chargeId)).size).toBe(600);
  expect(new Set(charges.map(({ kind }) => kind)).size).toBe(8);
  const killed = actions.flatMap(({ action }) => (action.do === 'kill' ? [action.what] : []));
  expect(killed).toHaveLength(50);
  expect(new Set(killed).size).toBe(4);
});

test('actions are in order, and all begin while charges are still to come', () => {
  const { actions } = makePlan(OPTIONS);
  const times = actions.map(({ after }) => after);
  expect(times).toEqual([...times].sort((one, other) => one - other));
  expect(Math.max(...times)).toBeLessThan(600);
});

test('a charge whose card has a script is requested alone', () => {
  const rounds = makePlan(OPTIONS).customers.flatMap((customer) => customer.rounds);
  const together = rounds.filter((round) => round.length > 1);
  expect(together.length).toBeGreaterThan(0);
  expect(together.flat().every(({ kind }) => kind === 'plain')).toBe(true);
});

test('people interfere with every kind of thing they can do, at moments that differ', () => {
  const charges = makePlan(OPTIONS).customers.flatMap(({ rounds }) => rounds.flat());
  const interferences = charges.flatMap(({ interference }) => (interference ? [interference] : []));
  expect(new Set(interferences.map(({ what }) => what)).size).toBe(5);
  expect(new Set(interferences.map(({ afterMs }) => afterMs)).size).toBeGreaterThan(50);
  for (const { kind, interference } of charges) {
    if (interference?.what === 'change_amount') expect(kind).toBe('soft_decline');
    if (interference?.what === 'delete_customer') expect(kind).toBe('plain');
  }
});

test('a customer never gives a card again that was given for another charge', () => {
  for (const { rounds } of makePlan(OPTIONS).customers) {
    const given = rounds.flat().flatMap(({ kind, interference, nextCard }) => {
      const isGiven =
        kind === 'new_card' || ['replace_card', 'delete_customer'].includes(interference?.what ?? '');
      return isGiven ? [nextCard] : [];
    });
    expect(new Set(given).size).toBe(given.length);
  }
});
