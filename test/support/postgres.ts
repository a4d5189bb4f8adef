// A real PostgreSQL for tests, started for the caller alone or named by TEST_DATABASE_URL; where there is none, the
// test fails.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../../dev/free-port.ts';

const run = promisify(execFile);

const DEBIAN = '/usr/lib/postgresql';
const BACK_WITHIN_MS = 60_000;
const MISSING =
  'these tests need PostgreSQL: `apt-get install postgresql`, or set TEST_DATABASE_URL to a server on which databases may be created';

export interface TestPostgres {
  /** Of an empty database. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export interface OwnPostgres extends TestPostgres {
  /** SIGKILL to the server, and the same data again after so long. Resolves when it serves again. */
  readonly kill: (downMs: number) => Promise<void>;
}

/**
 * Whether tests on PostgreSQL run: in CI always, so that they cannot be missed; elsewhere where there is a server, for
 * a fresh clone has none.
 */
export const RUNS_POSTGRES =
  process.env.CI !== undefined || process.env.TEST_DATABASE_URL !== undefined || findBinaries() !== undefined;

/**
 * Starts a server in a folder of its own, or makes a database of its own on the server of TEST_DATABASE_URL.
 * @throws Error that says what to install
 */
export async function startPostgres(): Promise<TestPostgres> {
  const given = process.env.TEST_DATABASE_URL;
  return given ? newDatabase(given) : startOwnPostgres();
}

/**
 * Starts a server in a folder of its own.
 * @throws Error that says what to install
 */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const binaries = findBinaries();
  if (!binaries) throw new Error(MISSING);
  const owner = process.getuid?.() === 0 ? await unprivileged() : null; // PostgreSQL refuses to run as root
  const folder = await mkdtemp(join(tmpdir(), 'offsession-postgres-'));
  if (owner) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const call = (binary: string, ...args: string[]) =>
    run(join(binaries, binary), args, { cwd: folder, ...owner });

  const port = await freePort();
  // Nobody pulls the plug, so nothing needs to reach the disk; what is committed is written, and survives a kill.
  const settings = `-h 127.0.0.1 -p ${port} -k ${folder} -c fsync=off`;
  const start = () => call('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
  try {
    await call(
      'initdb',
      '-D',
      data,
      '-A',
      'trust',
      '-U',
      'postgres',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    );
    await start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await call('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
    kill: async (downMs) => {
      const [pid] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
      await pause(downMs);
      const giveUpAt = Date.now() + BACK_WITHIN_MS;
      for (;;) {
        try {
          return void (await start());
        } catch (error) {
          // A process of the dead server still holds its memory.
          if (Date.now() > giveUpAt) throw error;
          await pause(200);
        }
      }
    },
  };
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

/**
 * The path of a client program such as `pg_dump`.
 * @throws Error that says what to install
 */
export function postgresProgram(name: string): string {
  const folder = folderWith(name);
  if (!folder) throw new Error(`${name} is missing: \`apt-get install postgresql\``);
  return join(folder, name);
}

function findBinaries(): string | undefined {
  return folderWith('initdb', 'pg_ctl');
}

/** Debian's newest, else on PATH, where Debian has wrappers around its own clusters. */
function folderWith(...binaries: readonly string[]): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const newestFirst = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, 'bin'));
  const folders = [...newestFirst, ...(process.env.PATH ?? '').split(delimiter)];
  return folders.find((folder) => binaries.every((binary) => existsSync(join(folder, binary))));
}

/** The user that Debian's package makes. */
async function unprivileged(): Promise<{ uid: number; gid: number }> {
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout);
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch (cause) {
    throw new Error(`${MISSING} (PostgreSQL does not run as root, and there is no user \`postgres\`)`, {
      cause,
    });
  }
}
