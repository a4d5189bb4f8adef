// Customers who enrol with a card, 20 at a time.
import type { Bench, RowResult } from '../bench.ts';
import { type Measured, measured } from '../measured.ts';
import { figure, median } from '../numbers.ts';

const GOAL = 10;

export async function enrolments(bench: Bench): Promise<RowResult> {
  const { options, product, say } = bench;
  const count = Math.ceil(options.charges / 2);
  const rounds: Measured[] = [];
  for (let round = 0; round <= options.rounds; round += 1) {
    const each = await measured(bench, 'product', count, () => product.enrol(count));
    say(`round ${round}: ${figure((count / each.ms) * 1000)} a second`);
    if (round > 0) rounds.push(each);
  }
  const perSecond = median(rounds.map(({ ms }) => (count / ms) * 1000));
  const names = Object.keys(rounds[0]?.cpu ?? {});
  return {
    tables: [
      {
        title: 'Enrolments',
        text: `${count} customers with a card, 20 requests at once, until each has a mandate.`,
        head: ['a second', ...names.map((name) => `${name}, CPU ms each`)],
        rows: [
          [
            figure(perSecond),
            ...names.map((name) => figure(median(rounds.map(({ cpu }) => (cpu[name] ?? 0) / count)))),
          ],
        ],
      },
    ],
    goals: [
      { what: 'enrolments a second', wanted: `≥ ${GOAL}`, got: figure(perSecond), isMet: perSecond >= GOAL },
    ],
  };
}
