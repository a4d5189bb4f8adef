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
