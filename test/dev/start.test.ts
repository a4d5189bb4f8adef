// `npm start` as a person uses it: it tells its story, keeps its data private, and refuses live keys.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuseLiveKeys } from '../../dev/test-keys-only.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-start-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs it with an environment of its own, so that nothing of the caller's changes what it does. */
function start(options: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  return run(process.execPath, ['--import', 'tsx', 'dev/up.ts', ...options], {
    cwd: ROOT,
    env: { PATH, HOME, XDG_CACHE_HOME, DATA_DIR: join(folder, 'data'), ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test('--exit tells the story and leaves with 0, and what is kept is its owner’s alone', async () => {
  const { code, stdout, stderr } = await start(['--exit']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('four charges, each collected once');
  const names = [
    'data',
    ...(await readdir(join(folder, 'data'), { recursive: true })).map((name) => join('data', name)),
  ];
  expect(names).toEqual(
    expect.arrayContaining(['data/temporal.db', 'data/emulator.jsonl', 'data/secrets.json', 'data/ledger']),
  );
  const open: string[] = [];
  // PGlite sets modes of its own inside the ledger's folder, which nobody else can enter.
  for (const name of names.filter((each) => !each.startsWith('data/ledger/'))) {
    const { mode } = await stat(join(folder, name));
    if ((mode & 0o077) !== 0) open.push(`${name} ${(mode & 0o777).toString(8)}`);
  }
  expect(open).toEqual([]);
});

test.each(['STRIPE_SECRET_KEY=sk_live_1', 'STRIPE_READ_KEY=rk_live_1', 'STRIPE_PUBLISHABLE_KEY=pk_live_1'])(
  'a live key is refused: %s',
  (setting) => {
    const [name = '', key = ''] = setting.split('=');
    expect(() => refuseLiveKeys({ [name]: key })).toThrow(
      new RegExp(`^${name}: live Stripe keys are refused here`),
    );
    expect(() => refuseLiveKeys({ [name]: ` ${key}` })).toThrow(name);
    expect(() => refuseLiveKeys({ [name]: key.replace('live', 'test') })).not.toThrow();
  },
);

test('with a live key it ends with 1 before anything is started, and says what takes live keys', async () => {
  const env = { STRIPE_SECRET_KEY: 'sk_live_of_nobody', STRIPE_PUBLISHABLE_KEY: 'pk_live_of_nobody' };
  const { code, stderr } = await start(['--exit'], env);
  expect(code).toBe(1);
  expect(stderr).toContain('STRIPE_SECRET_KEY, STRIPE_PUBLISHABLE_KEY: live Stripe keys are refused');
  expect(stderr).toContain('npm run worker');
  expect(stderr).not.toContain('of_nobody');
  expect(await readdir(folder)).toEqual([]);
});

test('with a key of Stripe’s test mode everything that is missing is named at once, the webhook secret too', async () => {
  const { code, stderr } = await start(['--exit'], { STRIPE_SECRET_KEY: 'sk_test_of_nobody' });
  expect(code).toBe(1);
  expect(stderr).toContain('STRIPE_PUBLISHABLE_KEY is not set');
  expect(stderr).toContain('STRIPE_WEBHOOK_SECRET is not set');
});

test('--help says what it does and leaves with 0; an option it does not know is refused with 2', async () => {
  const help = await start(['--help']);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('live keys are refused') });
  expect(await start(['--exti'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('usage: npm start'),
  });
});
