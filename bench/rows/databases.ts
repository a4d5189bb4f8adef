// What enrolments and charges cost the databases.
import type { Bench, RowResult } from '../bench.ts';
import { type DatabaseUse, databaseUse } from '../databases.ts';
import { figure } from '../numbers.ts';

export async function databases(bench: Bench): Promise<RowResult> {
  const { options, product, stage, say } = bench;
  const count = options.charges;
  const enrolled = await databaseUse(stage.databases, () => product.enrol(count));
  say(`${count} have enrolled`);
  const charged = await databaseUse(stage.databases, async () => {
    await product.charge('databases', count);
    await product.untilSettled('databases', count);
  });
  const line = (what: string, name: string, use: DatabaseUse) => [
    what,
    name,
    ...[use.commits, use.logBytes, use.grownBytes].map((sum) => figure(sum / count)),
    figure(use.mostConnections),
  ];
  return {
    tables: [
      {
        title: 'What it costs the databases',
        text: `${count} enrolments and then ${count} charges asked for at once, with one worker and one api; each divided by their
number. The log has whole pages after a checkpoint, and a table that has just been cleaned up grows later than another.`,
        head: ['', 'server', 'commits', 'bytes of log', 'bytes it has grown', 'most connections'],
        rows: Object.keys(stage.databases).flatMap((name) =>
          Object.entries({ 'an enrolment': enrolled, 'a charge': charged }).map(([what, uses]) =>
            line(what, name, uses[name] as DatabaseUse),
          ),
        ),
      },
    ],
    goals: [],
  };
}
