// PostgreSQL inside this process (PGlite), in the shape of the pool that Kysely's own dialect takes.
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { lockFolder } from './folder-lock.ts';

/** Keeps nothing when it is closed. @param snapshot PGlite's own dump of what it starts from */
export async function inMemory(snapshot: Blob): Promise<PostgresPool> {
  return poolOf(await PGlite.create({ loadDataDir: snapshot }));
}

/**
 * Keeps everything in `<dataDir>/ledger`, which it makes, and which only the user of this process can read.
 * @throws Error when another process has that folder open
 */
export async function inFolder(dataDir: string): Promise<PostgresPool> {
  const folder = join(dataDir, 'ledger');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700); // it may have been made before
  const unlock = await lockFolder(folder);
  try {
    const pool = poolOf(await PGlite.create(folder));
    await keepPrivate(folder);
    return {
      connect: () => pool.connect(),
      end: async () => {
        await pool.end();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** PGlite makes its files readable for everybody, whatever the process's mask is. */
async function keepPrivate(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
}

/** There is one connection: who connects has the database alone until they release it, so transactions never interleave. */
function poolOf(database: PGlite): PostgresPool {
  let free: Promise<void> = Promise.resolve();

  async function connect(): Promise<PostgresPoolClient> {
    const isFree = free;
    let release = () => {};
    free = new Promise((resolve) => {
      release = resolve;
    });
    await isFree;
    const query = (sql: string, parameters: unknown[]) => database.query(sql, parameters);
    // The type also allows a call with a cursor; Kysely makes it only where a cursor class is configured.
    return { query: query as unknown as PostgresPoolClient['query'], release };
  }

  return {
    connect,
    end: async () => {
      await connect(); // waits for the last user, and is never released: nobody connects after it
      await database.close();
    },
  };
}
