// The api as a process: its options, its exit codes, and how it ends.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { freePort } from '../../dev/free-port.ts';
import { RUNS_POSTGRES, startPostgres } from '../support/postgres.ts';
import { ENV } from './_app.ts';

const MAIN = fileURLToPath(new URL('../../api/main.ts', import.meta.url));

function run(
  options: string[],
  env: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const { PATH = '' } = process.env;
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', MAIN, ...options],
      { env: { PATH, ...env } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

test.concurrent('--help needs no configuration', async ({ expect }) => {
  const { code, out } = await run(['--help'], {});
  expect(code).toBe(0);
  for (const name of Object.keys(ENV))
    expect(out).toContain(name.startsWith('TEMPORAL_') ? 'TEMPORAL_' : name);
});

test.concurrent('bad configuration: exit code 2, and every fault', async ({ expect }) => {
  const { code, err } = await run([], { ...ENV, LINK_SECRET: 'short', PORT: 'x' });
  expect(code).toBe(2);
  expect(err).toContain('LINK_SECRET');
  expect(err).toContain('PORT');
});

test.concurrent('a ledger that is not there: exit code 1', async ({ expect }) => {
  const { code, out } = await run([], { ...ENV, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(code).toBe(1);
  expect(out).toContain('the api ends because of a fault');
});

test.runIf(RUNS_POSTGRES)(
  'it serves while Temporal is unreachable, and a signal ends it in order',
  async ({ expect }) => {
    const postgres = await startPostgres();
    const port = String(await freePort());
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN], {
      env: { PATH, ...ENV, DATABASE_URL: postgres.url, PORT: port, TEMPORAL_ADDRESS: '127.0.0.1:1' },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    try {
      const answers = async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).status;
      await expect.poll(() => answers().catch(() => null), { timeout: 45_000, interval: 200 }).toBe(200);
      child.kill('SIGTERM');
      expect(await Promise.race([ended, pause(60_000, 'still there')])).toEqual([0, null]);
    } finally {
      child.kill('SIGKILL');
      await ended;
      await postgres.stop();
    }
  },
);
