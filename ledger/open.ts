// Opens the ledger: connects, brings the tables up to date under a lock, and puts the queries together.
import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { Pool, TypeOverrides, types } from 'pg';
import { attempts } from './attempts.ts';
import { chargeClaims } from './charge-claims.ts';
import { charges } from './charges.ts';
import { customerClaims } from './customer-claims.ts';
import { customers } from './customers.ts';
import { inFolder, inMemory } from './embedded.ts';
import { evidence } from './evidence.ts';
import { handOvers } from './hand-overs.ts';
import { intentNonce } from './intent-nonce.ts';
import type { Ledger } from './ledger.ts';
import { bringUpToDate } from './migrate.ts';
import { noticeDeliveries } from './notice-deliveries.ts';
import { noticeOutbox } from './notice-outbox.ts';
import { operatorActions } from './operator-actions.ts';
import { personalData } from './personal.ts';
import { record } from './record.ts';
import { applyRoles } from './roles.ts';
import type { Tables } from './schema.ts';
import { stripeEvents } from './stripe-events.ts';
import { stripeObjects } from './stripe-objects.ts';
import { stripeTurns } from './stripe-turns.ts';
import { evidenceChains } from './verify.ts';

const PING_MS = 2_000;

/** `snapshot` is PGlite's own dump of a ledger: a ledger in memory starts from it and keeps nothing once it is closed. */
export type LedgerOptions =
  | { readonly databaseUrl: string }
  | { readonly dataDir: string }
  | { readonly snapshot: Blob };

/**
 * Opens PostgreSQL at `databaseUrl`, or PGlite in `<dataDir>/ledger` or from a snapshot, and migrates it to this version's
 * tables where its role may. Any number of processes may open one PostgreSQL at once, but only one process a data folder.
 * @throws Error when the database cannot be reached, was migrated by a newer version, has to be migrated by another role,
 * or when its folder is in use
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: await poolFor(options) }) });
  try {
    await bringUpToDate(db);
    const { id } = await db.selectFrom('installation').select('id').executeTakeFirstOrThrow();
    const nonceSecret = await nonceSecretOf(db);
    return {
      installationId: id,
      intentNonce: (intent) => intentNonce(nonceSecret(), intent),
      ...customerClaims(db),
      ...chargeClaims(db),
      ...handOvers(db),
      record: record(db),
      ...noticeOutbox(db),
      ...attempts(db),
      ...noticeDeliveries(db),
      ...stripeObjects(db),
      ...stripeEvents(db),
      ...stripeTurns(db),
      ...personalData(db),
      ...customers(db),
      ...charges(db),
      ...evidence(db),
      ...operatorActions(db),
      ...evidenceChains(db),
      ping: () => ping(db),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/**
 * For an owner's role, before the other roles' processes start: migrates, and grants the roles that exist their rights,
 * also when there is nothing to migrate.
 * @returns the roles that exist
 */
export async function migrateLedger(databaseUrl: string): Promise<readonly string[]> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: postgresPool(databaseUrl) }) });
  try {
    await bringUpToDate(db);
    return await applyRoles(db);
  } finally {
    await db.destroy();
  }
}

async function poolFor(options: LedgerOptions): Promise<PostgresPool> {
  if ('databaseUrl' in options) return postgresPool(options.databaseUrl);
  return 'dataDir' in options ? inFolder(options.dataDir) : inMemory(options.snapshot);
}

function postgresPool(connectionString: string): Pool {
  const parsers = new TypeOverrides();
  parsers.setTypeParser(types.builtins.INT8, Number); // amounts, sequences and epoch ms are all below 2^53
  const pool = new Pool({
    connectionString,
    types: parsers,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // A connection that breaks leaves the pool, and its user's query fails. Without these listeners the process would end
  // as well: the pool's listener is for idle connections, the client's for those in use.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

/** Only the worker's role may read it; any other that asks for a nonce gets an error. */
async function nonceSecretOf(db: Kysely<Tables>): Promise<() => string> {
  const { rows } = await sql<{
    readonly is_readable: boolean;
  }>`select has_column_privilege('installation', 'nonce_secret', 'select') as is_readable`.execute(db);
  if (!rows[0]?.is_readable)
    return () => {
      throw new Error('this database role may not read the secret of the nonces');
    };
  const { nonce_secret } = await db
    .selectFrom('installation')
    .select('nonce_secret')
    .executeTakeFirstOrThrow();
  return () => nonce_secret;
}

async function ping(db: Kysely<Tables>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the ledger's database did not answer in ${PING_MS} ms`)),
      PING_MS,
    );
  });
  try {
    await Promise.race([sql`select 1`.execute(db), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
