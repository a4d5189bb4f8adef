// One PostgreSQL server for a whole run of tests, in which each file makes a database of its own.
import { startOwnPostgres } from '../../dev/postgres.ts';
import { RUNS_POSTGRES } from './postgres.ts';

/** Does nothing where a server is named already, or none is installed. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DATABASE_URL !== undefined || !RUNS_POSTGRES) return undefined;
  const { url, stop } = await startOwnPostgres();
  process.env.TEST_DATABASE_URL = url; // inherited by the processes in which the files run
  return async () => {
    delete process.env.TEST_DATABASE_URL;
    await stop();
  };
}
