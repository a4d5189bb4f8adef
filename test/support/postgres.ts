// A real PostgreSQL for tests, started for the caller alone or named by TEST_DATABASE_URL; where there is none, the
// test fails.
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { findPostgres, startOwnPostgres } from '../../dev/postgres.ts';

export interface TestPostgres {
  /** Of an empty database. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * Whether tests on PostgreSQL run: in CI always, so that they cannot be missed; elsewhere where there is a server, for
 * a fresh clone has none.
 */
export const RUNS_POSTGRES =
  process.env.CI !== undefined || process.env.TEST_DATABASE_URL !== undefined || findPostgres() !== undefined;

/**
 * Starts a server in a folder of its own, or makes a database of its own on the server of TEST_DATABASE_URL.
 * @throws Error that says what to install
 */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env.TEST_DATABASE_URL;
  return given ? newDatabase(given) : startOwnPostgres();
}

async function newDatabase(serverUrl: string): Promise<TestPostgres> {
  const name = `offsession_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, stop: () => onServer(serverUrl, `drop database ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
