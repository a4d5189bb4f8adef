// What PostgreSQL servers say of themselves: commits, write-ahead log, size and connections.
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';

/** Addresses of PostgreSQL servers, by the names under which they are shown. */
export type Databases = Readonly<Record<string, string>>;

/** What a server did in a while. */
export interface DatabaseUse {
  readonly seconds: number;
  readonly commits: number;
  /** Bytes of write-ahead log. After a checkpoint the first change of a page writes the whole page. */
  readonly logBytes: number;
  /** Bytes by which all its databases have grown. */
  readonly grownBytes: number;
  /** The most connections at once, the bench's own included. */
  readonly mostConnections: number;
}

const SAMPLE_EVERY_MS = 250;
/** How long PostgreSQL may take to count a commit of an idle connection. */
const COUNTED_WITHIN_MS = 2_000;

const TOTALS = `select
  (select sum(xact_commit) from pg_stat_database) as commits,
  pg_current_wal_lsn() - '0/0' as log_bytes,
  (select sum(pg_database_size(oid)) from pg_database) as bytes`;
const CONNECTIONS = `select count(*) from pg_stat_activity where backend_type = 'client backend'`;

/** Carries `act` out, and says what each server did meanwhile. */
export async function databaseUse(
  databases: Databases,
  act: () => Promise<void>,
): Promise<Readonly<Record<string, DatabaseUse>>> {
  const uses = Object.entries(databases).map(async ([name, url]) => [name, await startToCount(url)] as const);
  const counting = await Promise.all(uses);
  try {
    await act();
    await pause(COUNTED_WITHIN_MS);
    return Object.fromEntries(
      await Promise.all(counting.map(async ([name, { read }]) => [name, await read()] as const)),
    );
  } finally {
    await Promise.all(counting.map(([, { end }]) => end()));
  }
}

async function startToCount(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  const row = async (statement: string): Promise<Record<string, string>> =>
    (await client.query(statement)).rows[0];
  const before = await row(TOTALS);
  const startedMs = performance.now();
  let mostConnections = 0;
  const ended = new AbortController();
  const sampling = (async () => {
    while (!ended.signal.aborted) {
      mostConnections = Math.max(mostConnections, Number((await row(CONNECTIONS)).count));
      await pause(SAMPLE_EVERY_MS, undefined, { signal: ended.signal }).catch(() => {});
    }
  })();
  return {
    async read(): Promise<DatabaseUse> {
      ended.abort();
      await sampling;
      const after = await row(TOTALS);
      const seconds = (performance.now() - startedMs) / 1000;
      const grown = (name: string) => Number(after[name]) - Number(before[name]);
      return {
        seconds,
        commits: grown('commits'),
        logBytes: grown('log_bytes'),
        grownBytes: grown('bytes'),
        mostConnections,
      };
    },
    async end(): Promise<void> {
      ended.abort();
      await sampling.catch(() => {});
      await client.end();
    },
  };
}
