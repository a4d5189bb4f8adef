// Keeps a second process out of a data folder: two would silently overwrite each other's pages.
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** The holder touches its lock this often; a lock untouched for `STALE_MS` belongs to a dead process. */
const TOUCH_MS = 2_000;
const STALE_MS = 20_000;
const RETRY_MS = 250;

/**
 * Locks `folder`, which must exist, by `<folder>.lock`. A killed process leaves its lock behind: then this waits until the
 * lock is stale, some twenty seconds at most. A living holder is recognised by its next touch.
 * @returns a function that unlocks
 * @throws Error when another process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lockFile = `${folder}.lock`;
  const firstTouchMs = await touchedAt(lockFile);
  const staleByMs = Date.now() + STALE_MS + TOUCH_MS;
  for (;;) {
    try {
      let isReleased = false;
      const release = await lock(folder, {
        lockfilePath: lockFile,
        stale: STALE_MS,
        update: TOUCH_MS,
        onCompromised: (cause) => {
          // A touch that is under way during the release finds no lock, which the library reports as a loss.
          if (isReleased) return;
          // Thrown outside of any call, so that it ends the process: each further write could destroy another's data.
          throw new Error(`the lock on ${folder} was lost to another process; stopping before data is`, {
            cause,
          });
        },
      });
      return async () => {
        isReleased = true;
        await release();
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      const touchMs = await touchedAt(lockFile);
      const isTouched = touchMs !== null && touchMs !== firstTouchMs;
      if (isTouched || Date.now() > staleByMs) throw inUse(folder);
      await sleep(RETRY_MS);
    }
  }
}

/** When the lock was last touched, epoch ms; null when there is no lock. */
async function touchedAt(lockFile: string): Promise<number | null> {
  const stats = await stat(lockFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return stats?.mtimeMs ?? null;
}

function inUse(folder: string): Error {
  return new Error(
    `another process is using ${folder}, and two on one folder lose data: stop the other one, ` +
      'or set DATA_DIR to a folder of its own, or set DATABASE_URL to share a PostgreSQL',
  );
}
