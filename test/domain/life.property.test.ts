// What must hold in every life, whatever people, banks, networks and machines do: random lives against a model of Stripe.
import fc from 'fast-check';
import { test } from 'vitest';
import { DAY } from '../../domain/policy.ts';
import { begin, bells, clearUp, live, seed, temper, turn, weather, WHO } from './deeds.ts';

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
          life.fail(`in fair weather every charge ends: ${life.state.charges.map(({ chargeId }) => chargeId)}`);
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
