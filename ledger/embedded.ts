// PostgreSQL in this process (PGlite), in the shape of a pool that Kysely's own dialect takes. It has one connection.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { lockFolder } from './folder-lock.ts';

/** Lives and dies with the process. @param snapshot what it begins as: PGlite's own dump */
export async function inMemory(snapshot: Blob): Promise<PostgresPool> {
  return poolOf(await PGlite.create({ loadDataDir: snapshot }));
}

/**
 * Keeps everything in `<dataDir>/ledger`, which it makes.
 * @throws Error when another process has that folder open
 */
export async function inFolder(dataDir: string): Promise<PostgresPool> {
  const folder = join(dataDir, 'ledger');
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  try {
    const pool = poolOf(await PGlite.create(folder));
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

/** Whoever connects has the database alone until they release it, so that transactions never interleave. */
function poolOf(database: PGlite): PostgresPool {
  let free: Promise<void> = Promise.resolve();

  async function connect(): Promise<PostgresPoolClient> {
    const before = free;
    let release = () => {};
    free = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    const query = (sql: string, parameters: unknown[]) => database.query(sql, parameters);
    // The type has a second way to call, with a cursor; Kysely uses it only where a cursor class is configured.
    return { query: query as unknown as PostgresPoolClient['query'], release };
  }

  return {
    connect,
    end: async () => {
      await connect(); // after the last one; nobody comes after
      await database.close();
    },
  };
}
