// The command line of the bench.
import { parseArgs } from 'node:util';

export interface Options {
  /** Names of rows; null: all. */
  readonly rows: readonly string[] | null;
  readonly isQuick: boolean;
  readonly isDevelopment: boolean;
  /** Charges in one round, each of another customer. */
  readonly charges: number;
  /** Rounds that count; one more goes before, to warm up. */
  readonly rounds: number;
  /** Charges of the billing run. */
  readonly run: number;
  /** Idle customers with which memory is measured, ascending. */
  readonly idle: readonly number[];
  /** Where the table goes; null: to the screen only. */
  readonly out: string | null;
}

const FULL = { charges: 200, rounds: 3, run: 2_000, idle: [1_000] };
const QUICK = { charges: 40, rounds: 1, run: 100, idle: [100] };

export function usage(rows: readonly { readonly name: string; readonly does: string }[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return `usage: npm run bench -- [--rows A,B] [--quick] [--development] [--charges N] [--rounds N] [--run N] [--idle A,B]
                        [--out FILE]

Measures the product, built as for production, beside a bare Temporal workflow on the same server in the same run, turn
by turn. Everything runs on this machine, on free ports of loopback, and is ended and removed at the end and at Ctrl-C.
Linux only. PostgreSQL must be installed, and temporal-server and temporal-sql-tool be on PATH.

  --rows A,B     only these rows:
${rows.map(({ name, does }) => `                   ${name.padEnd(width)}  ${does}`).join('\n')}
  --quick        small numbers, one round: shows that everything works; its figures say little
  --development  on Temporal's development server with SQLite instead of its production server on PostgreSQL
  --charges N    charges in a round (default ${FULL.charges})
  --rounds N     rounds that count, of which the median is shown (default ${FULL.rounds})
  --run N        charges of the billing run (default ${FULL.run}; 10000 takes about half an hour)
  --idle A,B     idle customers with which memory is measured (default ${FULL.idle}; 1000,10000 takes about half an hour)
  --out FILE     also write the table there, as Markdown

A full run takes about half an hour on two cores. Nothing else should run on the machine meanwhile. bench/results.md is
made by: npm run bench -- --out bench/results.md
Exit codes: 0 measured, 1 a fault, 2 bad usage, 130 interrupted. A missed goal is no fault; the table shows it.`;
}

/**
 * @returns 'help' where that was asked for
 * @throws Error that says what is wrong with the arguments
 */
export function readOptions(args: readonly string[], names: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      quick: { type: 'boolean', default: false },
      development: { type: 'boolean', default: false },
      charges: { type: 'string' },
      rounds: { type: 'string' },
      run: { type: 'string' },
      idle: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const usual = values.quick ? QUICK : FULL;
  const whole = (name: string, text: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} must be a whole number above 0`);
    return Number(text);
  };
  const number = (name: 'charges' | 'rounds' | 'run') => whole(name, values[name] ?? String(usual[name]));
  const rows = values.rows?.split(',') ?? null;
  const unknown = rows?.filter((row) => !names.includes(row)) ?? [];
  if (unknown.length > 0)
    throw new Error(`there is no row ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return {
    rows,
    isQuick: values.quick,
    isDevelopment: values.development,
    charges: number('charges'),
    rounds: number('rounds'),
    run: number('run'),
    idle: values.idle?.split(',').map((text) => whole('idle', text)) ?? usual.idle,
    out: values.out ?? null,
  };
}
