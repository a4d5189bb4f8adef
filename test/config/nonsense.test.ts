// What people put into the environment by mistake: it is refused by name, and never repeated, for it may be a secret.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig as loadApiConfig } from '../../api/config.ts';
import { temporalFrom } from '../../temporal/address.ts';
import { loadConfig as loadWorkerConfig } from '../../worker/config.ts';
import { ENV } from '../api/_app.ts';

const SECRET = 'hush7secret';
const NONSENSE = [
  SECRET,
  ...[':', ',', '+'].flatMap((mark) => [`${SECRET}${mark}${SECRET}`, `a${mark}read${mark}${SECRET}`]),
  `${SECRET}:read:x,${SECRET}:read:y`,
  `key:${SECRET}`,
  `${SECRET}:key,${SECRET}:key`,
  `a\n${SECRET}`,
  `\u0000${SECRET}`,
  `\ud800${SECRET}`,
  `é😀${SECRET}`,
  `${'x'.repeat(100_000)}${SECRET}`,
  `http://u:${SECRET}@h`,
  `https://${SECRET} h/`,
  `postgres://u:${SECRET}@h:99999/x`,
  `sk_live_${SECRET}`,
  `whsec_${SECRET}`,
  `/no/such/${SECRET}`,
];
const COMPLETE = { ...ENV, STRIPE_SECRET_KEY: 'sk_test_1' };

const settings = (await readFile(new URL('../../.env.example', import.meta.url), 'utf8')).matchAll(
  /^#?([A-Z][A-Z_]+)=/gm,
);
const names = [
  ...[...settings].map(([, name = '']) => name),
  ...['API_KEY', 'PROFILE', 'TLS', 'TLS_CLIENT_CERT_PATH', 'CONFIG_FILE'].map((name) => `TEMPORAL_${name}`),
];

test.each(names)('no nonsense in %s is repeated in what is said about it', (name) => {
  for (const value of NONSENSE)
    for (const load of [loadApiConfig, loadWorkerConfig]) {
      const faults = faultsOf(() => load({ ...COMPLETE, [name]: value }));
      expect(faults, JSON.stringify(value.slice(0, 60))).not.toContain(SECRET);
      expect(faults.length).toBeLessThan(5_000);
    }
});

test('nor is a line of Temporal’s profile file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-profile-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'temporal.toml');
  await writeFile(file, `[profile.default]\naddress = "127.0.0.1:1"\napi_key = ${SECRET}\n`);
  const faults: string[] = [];
  temporalFrom({ TEMPORAL_CONFIG_FILE: file }, faults);
  expect(faults).toEqual(['TEMPORAL_…: the profile file is not valid TOML, line 3']);
});

test.each(['yes', 'TRUE', 'on', 'ture'])('TEMPORAL_TLS=%s is refused, for it would mean no TLS', (value) => {
  expect(faultsOf(() => loadWorkerConfig({ ...COMPLETE, TEMPORAL_TLS: value }))).toContain(
    'TEMPORAL_TLS must be true or false',
  );
});

test('a variable of Temporal’s that is empty is not set: an API key goes over TLS all the same', () => {
  const { connectionOptions } = temporalFrom(
    { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: '', TEMPORAL_NAMESPACE: '' },
    [],
  );
  expect(connectionOptions).toMatchObject({ tls: true });
});

test.each([
  ['PUBLIC_URL', 'HTTP://pay.example'],
  ['PUBLIC_URL', 'ht\ntp://pay.example'],
  ['PUBLIC_URL', 'https://user:word@pay.example'],
  ['STRIPE_API_BASE', 'http://user:word@127.0.0.1:1'],
  ['STRIPE_API_BASE', 'http://127.0.0.1:1/?a'],
  ['TERMS_URL', 'https://shop.example/ terms'],
  ['TERMS_VERSION', 'v'.repeat(65)],
  ['TERMS_VERSION', 'one\ntwo'],
  ['DATABASE_URL', 'postgres://u:p@h:99999/x'],
  ['API_KEYS', 'a:read:with blank'],
  ['API_KEYS', 'a:read:schlüssel'],
])('%s=%s is refused at the start, not where it is used', (name, value) => {
  expect(faultsOf(() => loadApiConfig({ ...COMPLETE, [name]: value }))).toContain(`${name}`);
});

test.each(['postgres:///ledger?host=/run/postgresql', 'postgres://u@/ledger?host=/run', 'postgresql://h1/x'])(
  'DATABASE_URL=%s is taken',
  (DATABASE_URL) => {
    expect(loadWorkerConfig({ ...COMPLETE, DATABASE_URL }).databaseUrl).toBe(DATABASE_URL);
  },
);

function faultsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
