// Writes what was measured as a page of Markdown.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import type { Goal, RowResult, Table } from './bench.ts';
import type { Options } from './options.ts';

/** @param startedMs epoch milliseconds */
export function page(
  results: readonly RowResult[],
  {
    options,
    temporalName,
    startedMs,
    seconds,
  }: {
    readonly options: Options;
    readonly temporalName: string;
    readonly startedMs: number;
    readonly seconds: number;
  },
): string {
  const goals = results.flatMap((result) => result.goals);
  const sections = results.flatMap((result) => result.tables).map(section);
  return `${[
    '# How fast it is',
    method(options, temporalName, startedMs, seconds),
    ...(goals.length > 0 ? [section({ title: 'Goals', ...goalTable(goals) })] : []),
    ...sections,
  ].join('\n\n')}\n`;
}

function method(options: Options, temporalName: string, startedMs: number, seconds: number): string {
  const processors = cpus();
  return `Made by \`npm run bench\`, which says with \`--help\` how. ${new Date(startedMs).toISOString().slice(0, 10)}, ${Math.round(seconds / 60)} minutes, at commit ${commit()}.

- **Machine.** ${processors.length} processors (${processors[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}.
- **What runs.** ${temporalName}; PostgreSQL with its usual settings (\`fsync\` on), one server for Temporal and one for
  the ledger; one worker and one api, built as for production; the emulator, which answers a POST after 20 ms. All of it,
  and the callers, on the one machine over loopback.
- **Bare.** A workflow that waits for a signal and runs one activity, which makes one HTTP request to an emulator of its
  own, with a worker of its own on the same Temporal server. Bare and ours take turns, after a round of each to warm up.
- **CPU.** From the operating system (\`/proc\`), children and ended children included, from the first request until three
  seconds after the last charge. The callers, the emulators and the bench are not counted.
- **Figures.** Medians of ${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'} of ${options.charges}; ratios are medians of the ratios of neighbouring rounds.${options.isQuick ? ' **Quick run: these figures say little.**' : ''}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}

function goalTable(goals: readonly Goal[]): Pick<Table, 'head' | 'rows'> {
  return {
    head: ['goal', 'wanted', 'measured', ''],
    rows: goals.map(({ what, wanted, got, isMet }) => [what, wanted, got, isMet ? 'met' : '**missed**']),
  };
}

function section({ title, text, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}\n`,
    ...(text === undefined ? [] : [`${text}\n`]),
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}
