// A Temporal server as the kill test sees it, and Temporal's development server with SQLite as one.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startTemporal } from '../dev/temporal.ts';
import type { TemporalProcess } from '../dev/temporal-production.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import { expectListening } from './expect-listening.ts';

/** @param folder for its data and its logs */
export async function startDevelopmentTemporal(folder: string): Promise<TemporalProcess> {
  const dataDir = join(folder, 'temporal');
  const logFile = join(dataDir, 'temporal.log');
  const earlierLogs: string[] = [];
  const start = () =>
    startTemporal({
      dataDir,
      searchAttributes: Object.values(SEARCH_ATTRIBUTES),
      ui: false,
      onProgress: () => {},
    });
  let server = await start();
  const port = () => Number(server.address.split(':')[1]);
  return {
    name: 'Temporal’s development server with SQLite',
    port,
    async kill(downMs) {
      await expectListening(port());
      await server.kill();
      // Each start truncates its log.
      const kept = join(folder, `temporal-${earlierLogs.length + 1}.log`);
      await rename(logFile, kept);
      earlierLogs.push(kept);
      await pause(downMs);
      server = await start();
    },
    pid: () => server.pid,
    endedByItself: () => 0,
    logFiles: () => [...earlierLogs, logFile],
    stop: () => server.stop(),
  };
}
