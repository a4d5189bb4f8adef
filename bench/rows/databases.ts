// What enrolments and charges cost the databases.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, RowResult } from '../bench.ts';
import { type DatabaseUse, databaseUse } from '../databases.ts';
import { figure } from '../numbers.ts';

const IDLE_MS = 20_000;
const QUICK_IDLE_MS = 5_000;
const COUNTED = ['commits', 'logBytes', 'grownBytes'] as const;

export async function databases(bench: Bench): Promise<RowResult> {
  const { options, product, stage, say, signal } = bench;
  const count = options.charges;
  const idle = await databaseUse(stage.databases, () =>
    pause(options.isQuick ? QUICK_IDLE_MS : IDLE_MS, undefined, { signal }),
  );
  const enrolled = await databaseUse(stage.databases, () => product.enrol(count));
  say(`${count} have enrolled`);
  const charged = await databaseUse(stage.databases, async () => {
    await product.charge('databases', count);
    await product.untilSettled('databases', count);
  });
  const lines = (name: string) => {
    const atRest = idle[name] as DatabaseUse;
    const each = (use: DatabaseUse) =>
      COUNTED.map((what) => (use[what] - (atRest[what] / atRest.seconds) * use.seconds) / count);
    const line = (what: string, figures: readonly number[], use: DatabaseUse) => [
      name,
      what,
      ...figures.map((sum) => figure(Math.max(0, sum))),
      figure(use.mostConnections),
    ];
    return [
      line(
        'a second at rest',
        COUNTED.map((what) => atRest[what] / atRest.seconds),
        atRest,
      ),
      line('an enrolment', each(enrolled[name] as DatabaseUse), enrolled[name] as DatabaseUse),
      line('a charge', each(charged[name] as DatabaseUse), charged[name] as DatabaseUse),
    ];
  };
  return {
    tables: [
      {
        title: 'What it costs the databases',
        text: `${count} enrolments and then ${count} charges asked for at once, with one worker and one api; each without what is done at
rest. The log has whole pages after a checkpoint, and a table whose rows are replaced grows until they are cleaned up.`,
        head: ['server', '', 'commits', 'bytes of log', 'bytes it grows', 'most connections'],
        rows: Object.keys(stage.databases).flatMap(lines),
      },
    ],
    goals: [],
  };
}
