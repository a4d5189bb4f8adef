// The two databases that the ledger runs on, each started empty for one test file.
import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { LedgerOptions } from '../../ledger/open.ts';
import { RUNS_POSTGRES, startPostgres } from './postgres.ts';

export interface Connection {
  readonly query: (sql: string) => Promise<{ readonly rows: readonly unknown[] }>;
  readonly close: () => Promise<void>;
}

export interface TestDatabase {
  readonly options: LedgerOptions;
  /** Runs SQL past the ledger, which must be closed: PGlite takes one user at a time. */
  readonly connect: () => Promise<Connection>;
  readonly stop: () => Promise<void>;
}

/** An empty ledger in memory. */
export async function inMemory(): Promise<LedgerOptions> {
  return { snapshot: await openAsBlob(inject('ledgerSnapshotPath')) };
}

/**
 * The ledger of an end-to-end test: PGlite in memory, or a new database on the PostgreSQL that `TEST_LEDGER_URL` names,
 * which whoever started that server takes away with it.
 */
export async function emptyLedger(): Promise<LedgerOptions> {
  const server = process.env.TEST_LEDGER_URL;
  if (!server) return inMemory();
  const name = `offsession_${randomUUID().replaceAll('-', '')}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${name}`).finally(() => client.end());
  const url = new URL(server);
  url.pathname = name;
  return { databaseUrl: url.href };
}

const ALL: readonly { readonly name: string; readonly start: () => Promise<TestDatabase> }[] = [
  {
    name: 'PGlite',
    async start() {
      const dataDir = await mkdtemp(join(tmpdir(), 'offsession-ledger-'));
      return {
        options: { dataDir },
        connect: () => PGlite.create(join(dataDir, 'ledger')),
        stop: () => rm(dataDir, { recursive: true }),
      };
    },
  },
  {
    name: 'PostgreSQL',
    async start() {
      const { url, stop } = await startPostgres();
      return {
        options: { databaseUrl: url },
        connect: async () => {
          const client = new Client({ connectionString: url });
          await client.connect();
          return { query: (sql) => client.query(sql), close: () => client.end() };
        },
        stop,
      };
    },
  },
];

/** PGlite always; PostgreSQL where its tests run. */
export const DATABASES = ALL.filter(({ name }) => name === 'PGlite' || RUNS_POSTGRES);
