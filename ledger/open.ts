// Opens the ledger: connects, brings the tables up to date under a lock, and puts the queries together. No SQL of a
// customer's life is written here.
import { Kysely, Migrator, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { Pool, TypeOverrides, types } from 'pg';
import { catchUp } from './catch-up.ts';
import { charges } from './charges.ts';
import { identity } from './claims.ts';
import { customers } from './customers.ts';
import { inFolder, inMemory } from './embedded.ts';
import { evidence } from './evidence.ts';
import type { Ledger } from './ledger.ts';
import { migrations } from './migrations/index.ts';
import { noticeDeliveries } from './notice-deliveries.ts';
import { operatorActions } from './operator-actions.ts';
import { personalData } from './personal.ts';
import { record } from './record.ts';
import type { Tables } from './schema.ts';
import { stripeObjects } from './stripe-objects.ts';

const PING_MS = 2_000;

/** `snapshot`, as PGlite dumps a ledger: one in memory begins as that was, and forgets everything when it is closed. */
export type LedgerOptions =
  | { readonly databaseUrl: string }
  | { readonly dataDir: string }
  | { readonly snapshot: Blob };

/**
 * Opens PostgreSQL at `databaseUrl`, or PGlite in `<dataDir>/ledger` or from a snapshot, and migrates it to this version's
 * tables. Any number of processes may open one PostgreSQL at once; a data folder is one process's.
 * @throws Error when the database cannot be reached, was migrated by a newer version, or its folder is in use
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: await poolFor(options) }) });
  try {
    await migrate(db);
    const { id } = await db.selectFrom('installation').select('id').executeTakeFirstOrThrow();
    return {
      installationId: id,
      ...identity(db),
      record: record(db),
      ...noticeDeliveries(db),
      ...stripeObjects(db),
      ...catchUp(db),
      ...personalData(db),
      ...customers(db),
      ...charges(db),
      ...evidence(db),
      ...operatorActions(db),
      ping: () => ping(db),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

async function poolFor(options: LedgerOptions): Promise<PostgresPool> {
  if ('databaseUrl' in options) return remotePool(options.databaseUrl);
  return 'dataDir' in options ? inFolder(options.dataDir) : inMemory(options.snapshot);
}

function remotePool(connectionString: string): Pool {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number); // amounts, sequences and epoch ms: all below 2^53
  const pool = new Pool({
    connectionString,
    types: parsers,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // A connection that breaks leaves the pool, and whoever was using it gets the error from their query. Without these
  // listeners it would also end the process: the pool's is for idle connections, the client's for those in use.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

async function migrate(db: Kysely<Tables>): Promise<void> {
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}

async function ping(db: Kysely<Tables>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the ledger's database did not answer in ${PING_MS} ms`)),
      PING_MS,
    );
  });
  try {
    await Promise.race([sql`select 1`.execute(db), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
