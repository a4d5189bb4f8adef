// A Temporal server as the kill test sees it, whichever it is; here the development server, with its data in SQLite.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startTemporal } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';
import type { Supervised } from './process.ts';

export interface TemporalProcess extends Supervised {
  /** For people. */
  readonly name: string;
  /** Where it answers now; another one after a kill, perhaps. */
  readonly port: () => number;
  /** SIGKILL, and the same data again after so long. Resolves when it serves again. */
  kill(downMs: number): Promise<void>;
}

/** @param folder takes its data and its log */
export async function startDevelopmentTemporal(folder: string): Promise<TemporalProcess> {
  const start = () =>
    startTemporal({
      dataDir: join(folder, 'temporal'),
      searchAttributes: Object.values(SEARCH_ATTRIBUTES),
      ui: false,
      onProgress: () => {},
    });
  let server = await start();
  return {
    name: 'Temporal’s development server with SQLite',
    port: () => Number(server.address.split(':')[1]),
    async kill(downMs) {
      await server.kill();
      await pause(downMs);
      server = await start();
    },
    endedByItself: () => 0,
    stop: () => server.stop(),
  };
}
