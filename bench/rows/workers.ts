// Two workers beside each other against one, turn by turn.
import type { Bench, Goal, RowResult } from '../bench.ts';
import { total } from '../cpu.ts';
import { payments } from '../emulator.ts';
import { type Measured, measured } from '../measured.ts';
import { figure, median } from '../numbers.ts';

interface Round extends Measured {
  readonly twice: number;
}

export async function workers(bench: Bench): Promise<RowResult> {
  const { options, product, stage, say } = bench;
  await product.enrolUpTo(options.charges);
  const one: Round[] = [];
  const two: Round[] = [];
  for (let round = 0; round <= options.rounds; round += 1) {
    const alone = await charged(bench, `one-worker-${round}`);
    const endSecond = await stage.startSecondWorker();
    const beside = await charged(bench, `two-workers-${round}`).finally(endSecond);
    say(`round ${round}: ${figure(perSecond(alone))} a second by one, ${figure(perSecond(beside))} by two`);
    if (round === 0) continue;
    one.push(alone);
    two.push(beside);
  }
  const names = Object.keys(two[0]?.cpu ?? {});
  const line = (who: string, rounds: readonly Round[]) => [
    who,
    figure(median(rounds.map(perSecond))),
    ...names.map((name) => figure(median(rounds.map(({ cpu, count }) => (cpu[name] ?? Number.NaN) / count)))),
    figure(median(rounds.map(eachMs))),
    figure(Math.max(...rounds.map(({ elsewhere }) => elsewhere))),
  ];
  const twice = [...one, ...two].reduce((sum, round) => sum + round.twice, 0);
  const ratio = (of: (round: Round) => number) =>
    median(two.map((round, index) => of(round) / of(one[index] as Round)));
  const goal: Goal = {
    what: 'charges paid twice with two workers',
    wanted: '0',
    got: figure(twice),
    isMet: twice === 0,
  };
  return {
    tables: [
      {
        title: 'Two workers beside each other',
        text: `${options.charges} charges asked for at once, by one worker and by two on the same machine. Where its processors are
all busy with one, two can only be as fast: what a second one costs is the CPU of each charge.`,
        head: [
          '',
          'a second',
          ...names.map((name) => `${name}, CPU ms each`),
          'all, CPU ms each',
          'processors busy elsewhere',
        ],
        rows: [
          line('one', one),
          line('two', two),
          ['two : one', figure(ratio(perSecond)), ...names.map(() => ''), figure(ratio(eachMs)), ''],
        ],
      },
    ],
    goals: [goal],
  };
}

async function charged(bench: Bench, name: string): Promise<Round> {
  const { options, product, stage } = bench;
  const round = await measured(bench, 'product', options.charges, async () => {
    await product.charge(name, options.charges);
    await product.untilSettled(name, options.charges);
  });
  const paid = await payments(stage.emulatorUrl, name);
  return { ...round, twice: [...paid.values()].filter((times) => times > 1).length };
}

const perSecond = ({ count, ms }: Round) => (count / ms) * 1000;
const eachMs = ({ cpu, count }: Round) => total(cpu) / count;
