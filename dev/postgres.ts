// Starts a PostgreSQL server of the caller's own on loopback, from the programs that are installed.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

const DEBIAN = '/usr/lib/postgresql';
const BACK_WITHIN_MS = 60_000;
const MISSING = 'PostgreSQL is missing: `apt-get install postgresql`';

export interface OwnPostgres {
  /** Of an empty database. */
  readonly url: string;
  /** Of the server's first process, whose children are all the others. */
  readonly pid: () => Promise<number>;
  readonly stop: () => Promise<void>;
  /** SIGKILL to the server, and the same data again after so long. Resolves when it serves again. */
  readonly kill: (downMs: number) => Promise<void>;
}

/**
 * Starts a server in a folder of its own.
 * @param options.isDurable whether what is committed has to reach the disk, as in production; otherwise it survives a
 * kill, but not a power cut
 * @throws Error that says what to install
 */
export async function startOwnPostgres({ isDurable = false } = {}): Promise<OwnPostgres> {
  const binaries = findPostgres();
  if (!binaries) throw new Error(MISSING);
  const owner = process.getuid?.() === 0 ? await unprivileged() : null; // PostgreSQL refuses to run as root
  const folder = await mkdtemp(join(tmpdir(), 'offsession-postgres-'));
  if (owner) await chown(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const call = (binary: string, ...args: string[]) =>
    run(join(binaries, binary), args, { cwd: folder, ...owner });

  const port = await freePort();
  const settings = `-h 127.0.0.1 -p ${port} -k ${folder} -c fsync=${isDurable ? 'on' : 'off'}`;
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
  const pid = async () => Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  return {
    pid,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await call('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
    kill: async (downMs) => {
      process.kill(await pid(), 'SIGKILL');
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

/**
 * The path of a client program such as `pg_dump`.
 * @throws Error that says what to install
 */
export function postgresProgram(name: string): string {
  const folder = folderWith(name);
  if (!folder) throw new Error(`${name} is missing: \`apt-get install postgresql\``);
  return join(folder, name);
}

/** The folder of the server's programs; undefined where it is not installed. */
export function findPostgres(): string | undefined {
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
