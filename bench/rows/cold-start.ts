// How long the processes take from being started until they work.
import type { Bench, RowResult } from '../bench.ts';
import { figure, median } from '../numbers.ts';

export async function coldStart({ stage, options }: Bench): Promise<RowResult> {
  const worker: number[] = [];
  const api: number[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    worker.push(await stage.restartWorker({ isNotifying: false }));
    api.push(await stage.restartApi());
  }
  return {
    tables: [
      {
        title: 'Cold start',
        text: 'Milliseconds from the start of the process: the worker until it asks Temporal for work, the api until it is ready.',
        head: ['worker', 'api'],
        rows: [[figure(median(worker)), figure(median(api))]],
      },
    ],
    goals: [],
  };
}
