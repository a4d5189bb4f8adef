// The worker as a process that is at work: how a signal ends it, and how a second one does.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { RUNS_POSTGRES, startPostgres } from '../support/postgres.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let temporal: TemporalServer;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  temporal = await startTemporal({ namespaces: [], searchAttributes: [], ui: false, onProgress: () => {} });
  if (RUNS_POSTGRES) postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.stop();
  await temporal?.stop();
});

/** @returns once it works, with what it logs from then on */
async function startWorker(): Promise<{ readonly child: ChildProcess; readonly log: () => string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'worker/main.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      TEMPORAL_CONFIG_FILE: join(tmpdir(), 'there-is-no-such-profile.toml'),
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: postgres.url,
      STRIPE_SECRET_KEY: 'sk_test_worker',
      STRIPE_API_BASE: 'http://127.0.0.1:1',
      LINK_SECRET: 'a secret of this test and of nobody else',
      PUBLIC_URL: 'http://127.0.0.1:1',
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => {
      log += text.toString();
    });
  await expect.poll(() => log, { timeout: 120_000, interval: 100 }).toContain('"msg":"working"');
  return { child, log: () => log };
}

test.runIf(RUNS_POSTGRES)('SIGTERM ends it with 0 once what is under way has ended', async () => {
  const { child, log } = await startWorker();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(log()).toContain('ending: no new work is taken');
});

test.runIf(RUNS_POSTGRES)('a second signal ends it at once with 130', async () => {
  const { child, log } = await startWorker();
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await expect.poll(log, { timeout: 10_000, interval: 5 }).toContain('ending: no new work is taken');
  child.kill('SIGINT');
  expect(await ended).toEqual([130, null]);
});
