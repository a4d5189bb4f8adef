// Memory with idle customers.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, RowResult } from '../bench.ts';
import { memoryOf, meter } from '../cpu.ts';
import { figure } from '../numbers.ts';

const COMES_TO_REST_MS = 10_000;
const IDLE_MS = 30_000;
const QUICK_IDLE_MS = 5_000;

export async function memory(bench: Bench): Promise<RowResult> {
  const { options, product, stage, say, signal } = bench;
  const rows: string[][] = [];
  for (const count of [0, ...options.idle]) {
    // Those whom earlier rows have enrolled are idle too.
    await product.enrolUpTo(count);
    await pause(COMES_TO_REST_MS, undefined, { signal });
    const { worker = 0, api = 0, Temporal = 0 } = stage.productPids();
    const read = meter(stage.productPids());
    const idleMs = options.isQuick ? QUICK_IDLE_MS : IDLE_MS;
    await pause(idleMs, undefined, { signal });
    const cpu = Object.values(read()).reduce((sum, ms) => sum + ms, 0) / (idleMs / 1000);
    rows.push([
      figure(product.customers.length),
      ...[worker, api, Temporal].map((pid) => figure(memoryOf(pid))),
      figure(cpu),
    ]);
    say(`${product.customers.length} customers: worker ${figure(memoryOf(worker))} MiB`);
  }
  return {
    tables: [
      {
        title: 'Memory with idle customers',
        text: 'Resident MiB, after what the rows above have done; CPU of all processes together while nothing happens.',
        head: ['customers', 'worker', 'api', 'Temporal', 'CPU ms a second'],
        rows,
      },
    ],
    goals: [],
  };
}
