// One process at a time in a data folder: two would each overwrite the other's pages without a word. It deletes no data.
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** The holder touches the lock this often, and one untouched for `STALE_MS` belongs to a process that is dead. */
const TOUCH_MS = 2_000;
const STALE_MS = 20_000;
const LOOK_MS = 250;

/**
 * Locks `folder`, which must exist, by `<folder>.lock`. A killed process leaves its lock behind: then this waits, for at
 * most some twenty seconds, until nobody has touched it for long enough. A living holder is known by its touch.
 * @returns unlocks
 * @throws Error when another process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const lockFile = `${folder}.lock`;
  const touchedBefore = await touchedAt(lockFile);
  const staleByMs = Date.now() + STALE_MS + TOUCH_MS;
  for (;;) {
    try {
      let isReleased = false;
      const release = await lock(folder, {
        lockfilePath: lockFile,
        stale: STALE_MS,
        update: TOUCH_MS,
        onCompromised: (cause) => {
          // A touch that was under way during the release finds no lock; the library reports that as a loss.
          if (isReleased) return;
          // Thrown outside of any call, which ends the process: every further write could destroy somebody else's.
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
      const touched = await touchedAt(lockFile);
      const isTouched = touched !== null && touched !== touchedBefore;
      if (isTouched || Date.now() > staleByMs) throw inUse(folder);
      await sleep(LOOK_MS);
    }
  }
}

/** Epoch ms; null when there is no lock. */
async function touchedAt(lockFile: string): Promise<number | null> {
  const found = await stat(lockFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return found?.mtimeMs ?? null;
}

function inUse(folder: string): Error {
  return new Error(
    `another process is using ${folder}, and two on one folder lose data: stop the other one, ` +
      'or set DATA_DIR to a folder of its own, or set DATABASE_URL to share a PostgreSQL',
  );
}
