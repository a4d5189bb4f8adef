// What the worker makes of its environment.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, stripeLimitsOf } from '../../worker/config.ts';

const COMPLETE = {
  STRIPE_SECRET_KEY: 'sk_test_1',
  DATABASE_URL: 'postgresql://u:p@127.0.0.1/ledger',
  LINK_SECRET: 'a'.repeat(32),
  PUBLIC_URL: 'https://pay.example.com',
  TEMPORAL_CONFIG_FILE: join(tmpdir(), 'there-is-no-such-profile.toml'),
};
const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

function faultsOf(changes: NodeJS.ProcessEnv): string {
  try {
    loadConfig({ ...COMPLETE, ...changes });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('an environment with what is needed is enough', () => {
  expect(loadConfig(COMPLETE)).toMatchObject({
    stripeApiBase: null,
    merchantWebhook: null,
    metricsAddress: null,
    version: null,
    temporal: { namespace: 'default' },
  });
});

test('every fault is named at once', () => {
  expect(() =>
    loadConfig({ TEMPORAL_CONFIG_FILE: COMPLETE.TEMPORAL_CONFIG_FILE, METRICS_PORT: 'many' }),
  ).toThrow(
    [
      'bad configuration:',
      'STRIPE_SECRET_KEY is not set: it must be a secret or restricted key (sk_… or rk_…)',
      'DATABASE_URL is not set: it must be an address that begins with postgres:// or postgresql://',
      'LINK_SECRET is not set: it must be of at least 32 characters (each, where there are several): openssl rand -hex 32 makes one',
      'PUBLIC_URL is not set: it must be an http(s) address without a user and a query, such as https://pay.example.com',
      'METRICS_PORT must be a port from 1 to 65535',
    ].join('\n  '),
  );
});

test.each([
  ['a publishable key', { STRIPE_SECRET_KEY: 'pk_test_1' }, 'STRIPE_SECRET_KEY must be'],
  ['a stand-in that is no address', { STRIPE_API_BASE: 'emulator:8420' }, 'STRIPE_API_BASE must be'],
  ['a stand-in with a path', { STRIPE_API_BASE: 'http://127.0.0.1:1/v1' }, 'STRIPE_API_BASE must be'],
  [
    'a live key for a stand-in',
    { STRIPE_API_BASE: 'http://127.0.0.1:1', STRIPE_SECRET_KEY: 'rk_live_1' },
    'STRIPE_API_BASE names a stand-in, and one of the Stripe keys is a live key',
  ],
  ['another database', { DATABASE_URL: 'mysql://127.0.0.1/ledger' }, 'DATABASE_URL must be'],
  [
    'a search attribute of another name',
    { SEARCH_ATTRIBUTES_LEFT_OUT: 'Amount' },
    'SEARCH_ATTRIBUTES_LEFT_OUT must name only BillingStatus,',
  ],
  ['a short link secret', { LINK_SECRET: `${'a'.repeat(32)},short` }, 'LINK_SECRET must be'],
  ['a link secret of commas', { LINK_SECRET: ',' }, 'LINK_SECRET is not set'],
  ['pages at no address', { PUBLIC_URL: 'pay.example.com' }, 'PUBLIC_URL must be'],
  ['pages behind a query', { PUBLIC_URL: 'https://pay.example.com/?shop=1' }, 'PUBLIC_URL must be'],
  ['a port out of range', { METRICS_PORT: '65536' }, 'METRICS_PORT must be'],
  ['an endpoint without a secret', { MERCHANT_WEBHOOK_URL: 'https://m.example' }, 'go together'],
  ['a secret without an endpoint', { MERCHANT_WEBHOOK_SECRET: WEBHOOK_SECRET }, 'go together'],
  [
    'credentials in the address',
    { MERCHANT_WEBHOOK_URL: 'https://u:p@m.example', MERCHANT_WEBHOOK_SECRET: WEBHOOK_SECRET },
    'MERCHANT_WEBHOOK_URL must be',
  ],
  [
    'a secret of another form',
    { MERCHANT_WEBHOOK_URL: 'https://m.example', MERCHANT_WEBHOOK_SECRET: 'whsec_abc' },
    'MERCHANT_WEBHOOK_SECRET must be',
  ],
  ['a deployment without a build', { TEMPORAL_DEPLOYMENT_NAME: 'offsession' }, 'go together'],
  ['a build without a deployment', { TEMPORAL_WORKER_BUILD_ID: '0.1.0' }, 'go together'],
  [
    'a deployment whose name Temporal would refuse',
    { TEMPORAL_DEPLOYMENT_NAME: 'off.session', TEMPORAL_WORKER_BUILD_ID: '0.1.0' },
    'TEMPORAL_DEPLOYMENT_NAME must be',
  ],
  ['two ways to say how to reach Temporal', { TEMPORAL_PROFILE: 'nobody' }, 'TEMPORAL_…:'],
])('%s is refused', (_, changes, fault) => {
  expect(faultsOf(changes)).toContain(fault);
});

test('no fault repeats a value, for values are secrets', () => {
  const faults = faultsOf({
    STRIPE_SECRET_KEY: 'verysecret1',
    DATABASE_URL: 'mysql://verysecret2@h/d',
    LINK_SECRET: 'verysecret3',
    MERCHANT_WEBHOOK_URL: 'https://u:verysecret4@m.example',
    MERCHANT_WEBHOOK_SECRET: 'verysecret5',
  });
  expect(faults.split('\n')).toHaveLength(1 + 5);
  expect(faults).not.toContain('verysecret');
});

describe('with live keys', () => {
  const LIVE = { STRIPE_SECRET_KEY: 'sk_live_1', MERCHANT_WEBHOOK_SECRET: WEBHOOK_SECRET };

  test.each([
    'http://m.example/hooks',
    'https://127.0.0.1/hooks',
    'https://10.1.2.3/hooks',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/hooks',
    'https://[::ffff:10.0.0.1]/hooks',
    'https://2130706433/hooks', // 127.0.0.1 as a number
    'https://localhost/hooks',
    'https://db.localhost./hooks',
  ])('the notice endpoint %s is refused', (url) => {
    expect(faultsOf({ ...LIVE, MERCHANT_WEBHOOK_URL: url })).toContain('MERCHANT_WEBHOOK_URL must');
    expect(faultsOf({ MERCHANT_WEBHOOK_URL: url, MERCHANT_WEBHOOK_SECRET: WEBHOOK_SECRET })).toBe('');
  });

  test('pages over http are refused, and an endpoint on the internet is taken, its name checked when it is called', () => {
    expect(
      faultsOf({ ...LIVE, PUBLIC_URL: 'http://pay.example.com', MERCHANT_WEBHOOK_SECRET: '' }),
    ).toContain('PUBLIC_URL must be an https address');
    const url = 'https://m.example/hooks';
    expect(loadConfig({ ...COMPLETE, ...LIVE, MERCHANT_WEBHOOK_URL: url }).merchantWebhook).toEqual({
      url,
      secret: WEBHOOK_SECRET,
      publicOnly: true,
    });
  });
});

test.each([
  ['', {}],
  ['500000', { default: 500_000 }],
  ['eur:500000, idr:9000000000 ,default:100', { eur: 500_000, idr: 9_000_000_000, default: 100 }],
])('MAX_CHARGE_AMOUNT=%s', (text, limits) => {
  expect(loadConfig({ ...COMPLETE, MAX_CHARGE_AMOUNT: text }).amountLimits).toEqual(limits);
});

test.each([
  '0',
  '-1',
  '1.5',
  'many',
  'eur',
  'eur:',
  'EUR:5',
  'euros:5',
  'eur:5:6',
  'eur:5,eur:6',
  '5,6',
  '1e9',
])('MAX_CHARGE_AMOUNT=%s is refused', (text) => {
  expect(faultsOf({ MAX_CHARGE_AMOUNT: text })).toContain('MAX_CHARGE_AMOUNT must be');
});

test('several link secrets are several, for a rolling one', () => {
  const [newer, older] = ['n'.repeat(32), 'o'.repeat(40)];
  expect(loadConfig({ ...COMPLETE, LINK_SECRET: `${newer}, ${older}` }).linkSecrets).toEqual([newer, older]);
});

test('the metrics are for this machine unless HOST says otherwise', () => {
  expect(loadConfig({ ...COMPLETE, METRICS_PORT: '9464' }).metricsAddress).toBe('127.0.0.1:9464');
  expect(loadConfig({ ...COMPLETE, METRICS_PORT: '9464', HOST: '0.0.0.0' }).metricsAddress).toBe(
    '0.0.0.0:9464',
  );
});

test("Temporal's own variables say where it is", () => {
  const { temporal } = loadConfig({
    ...COMPLETE,
    TEMPORAL_ADDRESS: 'temporal.internal:7233',
    TEMPORAL_NAMESPACE: 'billing',
  });
  expect(temporal).toMatchObject({
    connectionOptions: { address: 'temporal.internal:7233' },
    namespace: 'billing',
  });
});

test('a deployment and a build make a version; empty ones, as Compose passes them, none', () => {
  const named = { TEMPORAL_DEPLOYMENT_NAME: 'offsession', TEMPORAL_WORKER_BUILD_ID: '0.1.0' };
  const version = { deploymentName: 'offsession', buildId: '0.1.0' };
  expect(loadConfig({ ...COMPLETE, ...named }).version).toEqual(version);
  const empty = { TEMPORAL_DEPLOYMENT_NAME: '', TEMPORAL_WORKER_BUILD_ID: '' };
  expect(loadConfig({ ...COMPLETE, ...empty }).version).toBeNull();
});

test('the limits are those that Stripe has for the key, or that it has raised them to', () => {
  expect(stripeLimitsOf('rk_live_1', null)).toEqual({ perEndpoint: 25, total: 100 });
  expect(stripeLimitsOf('sk_test_1', null)).toEqual({ perEndpoint: 25, total: 25 });
  const raised = { ...COMPLETE, STRIPE_RATE_LIMITS: '50/200' };
  expect(loadConfig(raised).stripeLimits).toEqual({ perEndpoint: 50, total: 200 });
});

test.each(['50', '0/100', '25/100/5', '25/99999', 'many'])('limits of "%s" are refused', (text) => {
  expect(() => loadConfig({ ...COMPLETE, STRIPE_RATE_LIMITS: text })).toThrow(
    /STRIPE_RATE_LIMITS must be requests/,
  );
});
