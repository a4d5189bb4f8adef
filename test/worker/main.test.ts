// The worker as a process: what it says about itself and how it leaves before there is work.
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ENVIRONMENT = {
  PATH: process.env.PATH,
  TEMPORAL_CONFIG_FILE: join(tmpdir(), 'there-is-no-such-profile.toml'),
};

/** Runs it to its end, with nothing of this process's environment but the path. */
function worker(...options: string[]): Promise<{ code: unknown; out: string; errors: string }> {
  const parameters = ['--import', 'tsx', 'worker/main.ts', ...options];
  return new Promise((resolve) => {
    execFile(process.execPath, parameters, { cwd: ROOT, env: ENVIRONMENT }, (error, out, errors) =>
      resolve({ code: error?.code ?? 0, out, errors }),
    );
  });
}

test('--help says what it needs and leaves with 0', async () => {
  const { code, out } = await worker('--help');
  expect(code).toBe(0);
  expect(out).toContain('STRIPE_SECRET_KEY  DATABASE_URL  LINK_SECRET  PUBLIC_URL');
});

test('an option it does not know is refused with 2', async () => {
  const { code, out, errors } = await worker('--dry-run');
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(errors).toContain('usage: worker [--help]');
});

test('a bad configuration is named whole and leaves with 2, before anything is reached', async () => {
  const { code, errors } = await worker();
  expect(code).toBe(2);
  expect(
    errors
      .trim()
      .split('\n')
      .map((line) => line.trim().split(':')[0]),
  ).toEqual([
    'bad configuration',
    'STRIPE_SECRET_KEY is not set',
    'DATABASE_URL is not set',
    'LINK_SECRET is not set',
    'PUBLIC_URL is not set',
  ]);
});
