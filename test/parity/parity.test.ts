// The parity run: the emulator keeps what the recording promises, and a broken promise is seen.
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { buildEmulator } from '../../emulator/app.ts';
import { compare } from '../../parity/compare.ts';
import { readConfig } from '../../parity/config.ts';
import { normalised } from '../../parity/normalise.ts';
import { checkTraffic } from '../../parity/openapi/traffic.ts';
import { run } from '../../parity/run.ts';
import type { Answer } from '../../parity/script.ts';

const promised = JSON.parse(
  await readFile(new URL('../../parity/recording.json', import.meta.url), 'utf8'),
) as Answer[];

test('the emulator answers the whole script as it is on record, and as Stripe’s OpenAPI document allows', async () => {
  const emulator = await buildEmulator({ webhookSecret: 'whsec_parity' });
  onTestFinished(() => emulator.close());
  const faults = checkTraffic(emulator);
  const answers = await run('sk_test_parity', await emulator.listen({ host: '127.0.0.1', port: 0 }));
  expect(compare(promised, answers)).toEqual({ differences: [], additions: [] });
  expect(answers.length).toBeGreaterThan(60);
  expect(faults).toEqual([]);
}, 60_000);

test('a promise that is not kept is a difference, a field that is not promised is an addition', () => {
  const answer = (body: unknown, step = 'a'): Answer => ({ step, status: 200, replayed: false, body });
  const promise = [answer({ id: '<pi>', list: [{ amount: 900 }], metadata: { a: 'b' } }), answer({}, 'b')];
  const actual = [answer({ id: '<pi>', list: [{ amount: 9000 }], metadata: {}, new: 1 }), answer({}, 'c')];
  expect(compare(promise, actual)).toEqual({
    differences: [
      'a.body.list.0.amount: 900 is promised, 9000 came',
      'a.body.metadata.a: "b" is promised, undefined came',
      'b: was not played',
    ],
    additions: ['c: no such step on record', 'a.body.new: 1'],
  });
});

test('what differs from run to run is taken out, and nothing else', () => {
  const answer = {
    id: 'pi_3Qv1abcdefghijklmnop',
    client_secret: 'pi_3Qv1abcdefghijklmnop_secret_x',
    amount: 900,
    created: 1_795_000_000,
    status: 'succeeded',
    error: { param: 'customer', message: 'No such customer' },
    reference: 'No such thing as ch_3Qv1abcdefghijklmnop',
  };
  expect(normalised(answer)).toEqual({
    id: '<pi>',
    client_secret: '<client_secret>',
    amount: 900,
    created: '<time>',
    status: 'succeeded',
    error: { param: 'customer', message: '<message>' },
    reference: 'No such thing as <ch>',
  });
});

test.each([
  ['a live secret key', { STRIPE_SECRET_KEY: 'sk_live_1' }, /is a live key/],
  ['a live restricted key', { STRIPE_SECRET_KEY: 'rk_live_1' }, /is a live key/],
  ['a live key for a stand-in', { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_API_BASE: 'http://h' }, /live key/],
  ['a publishable key', { STRIPE_SECRET_KEY: 'pk_test_1' }, /is no test key/],
  ['an address that is none', { STRIPE_API_BASE: 'localhost:8420' }, /http or https URL/],
])('%s is refused', (_what, env, words) => {
  expect(() => readConfig([], env)).toThrow(words);
});

test('it goes where the environment says, and records the emulator only', () => {
  const against = (env: NodeJS.ProcessEnv, args: string[] = []) => readConfig(args, env).against;
  expect(against({})).toBe('emulator');
  expect(against({ STRIPE_SECRET_KEY: 'rk_test_1' })).toBe('stripe');
  expect(against({ STRIPE_API_BASE: 'http://127.0.0.1:8420' })).toBe('http://127.0.0.1:8420');
  expect(readConfig(['--record'], {}).record).toBe(true);
  expect(() => against({ STRIPE_SECRET_KEY: 'sk_test_1' }, ['--record'])).toThrow(/unset STRIPE_SECRET_KEY/);
  expect(() => against({}, ['--nonsense'])).toThrow(/nonsense/);
});
