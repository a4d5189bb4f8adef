// Which environments the api starts in, and what it says about the others.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../api/config.ts';
import { findApiKey } from '../../api/http/api-keys.ts';
import { ENV } from './_app.ts';

const faultsOf = (env: NodeJS.ProcessEnv): string => {
  try {
    loadConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

/** What an installation with real money has. */
const LIVE = {
  STRIPE_API_BASE: '',
  STRIPE_READ_KEY: 'rk_live_1',
  STRIPE_PUBLISHABLE_KEY: 'pk_live_1',
  STRIPE_WEBHOOK_SECRET: `whsec_${'w'.repeat(32)}`,
  API_KEYS: `backend:read+charge+operate:${'k'.repeat(32)}`,
};

test('an environment without faults', () => {
  const config = loadConfig(ENV);
  expect(config).toMatchObject({
    stripeReadKey: 'rk_test_reads',
    databaseUrl: 'postgres://127.0.0.1/none',
    host: '127.0.0.1',
    port: 3000,
    app: {
      webhookSecrets: ['whsec_new', 'whsec_old'],
      returnUrlOrigins: ['https://shop.example'],
      trustProxy: false,
      amountLimits: { default: 1_000_000 },
      stripe: {
        publishableKey: 'pk_test_shows',
        jsUrl: 'http://127.0.0.1:1/v3/',
        apiBase: 'http://127.0.0.1:1',
      },
    },
    temporal: { namespace: 'default', connectionOptions: { address: '127.0.0.1:1' } },
  });
});

test('all faults are named at once, and no secret with them', () => {
  const faults = faultsOf({
    STRIPE_READ_KEY: 'pk_test_wrong_kind',
    STRIPE_WEBHOOK_SECRET: ' , ',
    API_KEYS: 'backend:write:hush',
    LINK_SECRET: 'hush',
    PUBLIC_URL: 'pay.example',
    RETURN_URL_ORIGINS: 'https://shop.example/path',
    TRUST_PROXY: 'perhaps',
    MAX_CHARGE_AMOUNT: '-1',
    TERMS_URL: 'javascript:alert(1)',
    DATABASE_URL: 'mysql://hush',
    PORT: '70000',
    STRIPE_API_BASE: 'http://127.0.0.1:1/v1',
  });
  for (const name of [
    'STRIPE_READ_KEY',
    'STRIPE_PUBLISHABLE_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'API_KEYS',
    'LINK_SECRET',
    'PUBLIC_URL',
    'RETURN_URL_ORIGINS',
    'TRUST_PROXY',
    'MAX_CHARGE_AMOUNT',
    'TERMS_URL',
    'TERMS_VERSION',
    'MERCHANT_NAME',
    'DATABASE_URL',
    'PORT',
    'STRIPE_API_BASE',
  ])
    expect(faults).toContain(name);
  expect(faults).not.toContain('hush');
  expect(faults).not.toContain('wrong_kind');
});

describe('Stripe keys', () => {
  const account = (character: string) => `51${character.repeat(15)}`;
  const A = account('A');
  const B = account('B');

  test.each([
    ['none', { STRIPE_READ_KEY: '' }, 'STRIPE_READ_KEY (or STRIPE_SECRET_KEY) is not set'],
    [
      'a secret key for browsers',
      { STRIPE_PUBLISHABLE_KEY: 'sk_test_hush' },
      'STRIPE_PUBLISHABLE_KEY must be a publishable key',
    ],
    [
      'different modes',
      { STRIPE_API_BASE: '', STRIPE_READ_KEY: 'rk_live_1' },
      'STRIPE_READ_KEY is a live key and STRIPE_PUBLISHABLE_KEY a test key',
    ],
    [
      'different accounts',
      { STRIPE_READ_KEY: `sk_test_${A}x`, STRIPE_PUBLISHABLE_KEY: `pk_test_${B}x` },
      'belong to different Stripe accounts',
    ],
    [
      'a secret key of another account',
      { STRIPE_READ_KEY: `rk_test_${A}x`, STRIPE_SECRET_KEY: `sk_test_${B}x` },
      'STRIPE_READ_KEY and STRIPE_SECRET_KEY belong to different',
    ],
    [
      'live keys for a stand-in',
      { STRIPE_READ_KEY: 'rk_live_1', STRIPE_PUBLISHABLE_KEY: 'pk_live_1' },
      'STRIPE_API_BASE names a stand-in',
    ],
  ])('%s: refused', (_what, env, words) => {
    expect(faultsOf({ ...ENV, ...env })).toContain(words);
  });

  test.each([
    ['the secret key where there is no other', { STRIPE_READ_KEY: '', STRIPE_SECRET_KEY: 'sk_test_1' }],
    ['one account', { STRIPE_READ_KEY: `rk_test_${A}one`, STRIPE_PUBLISHABLE_KEY: `pk_test_${A}two` }],
    [
      'an old key, which shows no account',
      { STRIPE_READ_KEY: `sk_test_${A}7890123`, STRIPE_PUBLISHABLE_KEY: `pk_test_${B}x` },
    ],
    ['live keys at Stripe', LIVE],
  ])('%s: accepted', (_what, env) => {
    expect(faultsOf({ ...ENV, ...env })).toBe('');
  });

  test('Stripe.js comes from Stripe, from the stand-in, or from where it is said to', () => {
    const jsUrlOf = (env: object) => loadConfig({ ...ENV, ...env }).app.stripe.jsUrl;
    expect(jsUrlOf({ STRIPE_API_BASE: '' })).toBe('https://js.stripe.com/v3/');
    expect(jsUrlOf({})).toBe('http://127.0.0.1:1/v3/');
    expect(jsUrlOf({ STRIPE_JS_URL: 'http://127.0.0.1:2/s.js' })).toBe('http://127.0.0.1:2/s.js');
  });
});

describe('API_KEYS', () => {
  const keysOf = (text: string) => loadConfig({ ...ENV, API_KEYS: text }).app.apiKeys;

  test('a secret may be plain, hashed, or hold a colon; only hashes are kept', () => {
    const hash = createHash('sha256').update('hashed').digest('hex');
    const keys = keysOf(`a:read:plain, b:read+operate:sha256=${hash},c:charge:with:colon`);
    expect(findApiKey(keys, 'plain')?.name).toBe('a');
    expect(findApiKey(keys, 'hashed')).toMatchObject({ name: 'b', scopes: new Set(['read', 'operate']) });
    expect(findApiKey(keys, 'with:colon')?.name).toBe('c');
    expect(findApiKey(keys, `sha256=${hash}`)).toBeNull();
    expect(JSON.stringify(keys)).not.toContain('plain');
  });

  test.each([
    ['a:read', 'must read name:scope'],
    ['a::x', 'the scopes must be among'],
    ['a:read+write:x', 'the scopes must be among'],
    ['a b:read:x', 'the name must be'],
    ['a:read:x,a:charge:y', 'entry 2: its name is another key’s too'],
    ['a:read:x,b:charge:x', 'another key’s too'],
    ['a:read:sha256=abc', '64 hexadecimal digits'],
    ['customer:read:x', 'entry 1: the name must be none of customer, link,'],
    ['a:read:x,Link:read:y', 'entry 2: the name must be none of'],
    ['temporal:read:x', 'the name must be none of'],
  ])('%s is refused', (text, words) => {
    expect(faultsOf({ ...ENV, API_KEYS: text })).toContain(words);
  });
});

test.each([
  ['false', false],
  ['', false],
  ['2', 2],
  ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ['fd00::/8, ::ffff:10.0.0.0/104', ['fd00::/8', '::ffff:10.0.0.0/104']],
])('TRUST_PROXY=%s', (text, means) => {
  expect(loadConfig({ ...ENV, TRUST_PROXY: text }).app.trustProxy).toEqual(means);
});

test.each([
  ['true', 'must not believe everybody'],
  ['0.0.0.0/0', 'must not believe everybody'],
  ['10.0.0.0/8, ::/0', 'must not believe everybody'],
  ['10.0.0.0/00', 'must not believe everybody'],
  ['0.0.0.0/1, 128.0.0.0/1', 'must not believe everybody'],
  ['::ffff:0:0/96', 'must not believe everybody'],
  ['::ffff:128.0.0.0/97', 'must not believe everybody'],
  ['::/8', 'must not believe everybody'],
  ['2000::/3', 'must not believe everybody'],
  ['6', 'must not trust more than 5 hops'],
  ['99999999999', 'must not trust more than 5 hops'],
  ['10.0.0.0/33', 'must be a number or addresses'],
  ['proxy.internal', 'must be a number or addresses'],
])('TRUST_PROXY=%s is refused, with words for what to write instead', (text, words) => {
  const faults = faultsOf({ ...ENV, TRUST_PROXY: text });
  expect(faults).toContain(`TRUST_PROXY ${words}`);
  expect(faults).toContain('give the number of proxies in front of the api (1 to 5), or their addresses');
});

test('the largest amount may differ by currency', () => {
  const { amountLimits } = loadConfig({ ...ENV, MAX_CHARGE_AMOUNT: 'eur:500000,default:1000' }).app;
  expect(amountLimits).toEqual({ eur: 500_000, default: 1_000 });
});

describe('with live keys', () => {
  test.each([
    [
      'Stripe.js of somebody else',
      { STRIPE_JS_URL: 'https://js.stripe.example/v3/' },
      'STRIPE_JS_URL must begin',
    ],
    ['Stripe.js over http', { STRIPE_JS_URL: 'http://js.stripe.com/v3/' }, 'STRIPE_JS_URL must begin'],
    [
      'a short API key',
      { API_KEYS: 'backend:read:short' },
      'API_KEYS, entry 1: the secret must be of at least 32',
    ],
    [
      'a short webhook secret',
      { STRIPE_WEBHOOK_SECRET: `${LIVE.STRIPE_WEBHOOK_SECRET},whsec_x` },
      'as Stripe gave it',
    ],
    ['pages over http', { PUBLIC_URL: 'http://pay.example' }, 'PUBLIC_URL must be an https address'],
  ])('%s is refused', (_what, env, words) => {
    expect(faultsOf({ ...ENV, ...LIVE, ...env })).toContain(words);
  });

  test('a hashed secret may be of any length, and Stripe.js of any version', () => {
    const hash = createHash('sha256').update('short').digest('hex');
    const jsUrl = 'https://js.stripe.com/endive/stripe.js';
    const config = loadConfig({ ...ENV, ...LIVE, API_KEYS: `a:read:sha256=${hash}`, STRIPE_JS_URL: jsUrl });
    expect(config.app.stripe).toEqual({
      publishableKey: 'pk_live_1',
      jsUrl,
      apiBase: null,
      isLive: true,
    });
  });
});

test('a webhook secret that is none is refused whatever the mode', () => {
  expect(faultsOf({ ...ENV, STRIPE_WEBHOOK_SECRET: 'whsec_new,sk_test_1' })).toContain(
    'STRIPE_WEBHOOK_SECRET must be',
  );
});

test('a process that brings its ledger along needs no DATABASE_URL', () => {
  const { DATABASE_URL, ...rest } = ENV;
  expect(faultsOf(rest)).toContain('DATABASE_URL is not set');
  expect(loadConfig(rest, { withLedger: true }).databaseUrl).toBeNull();
});
