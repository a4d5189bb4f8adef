// What is wrong with a request is said, all of it, and nothing has changed then.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({
    RETURN_URL_ORIGINS: 'https://shop.example,http://plain.example,http://127.0.0.1:8080',
  });
  await api.put('known');
}, STARTING);
afterAll(() => api.close());

const consent = { termsVersion: '2026-01', acceptedAt: '2026-01-31T09:00:00Z' };
const charge = { chargeId: 'c-1', amount: 4900, currency: 'eur' };
const problem = 'application/problem+json; charset=utf-8';

test('what does not fit is answered with an example of what does', async () => {
  const body = { chargeId: 'c 1', amount: '4900', currency: 'EUR' };
  const { body: answer } = await api.ask('POST', '/v1/customers/known/charges', body);
  expect(answer.errors).toEqual([
    { path: '/body/chargeId', message: expect.stringMatching(/, such as "order-2026-0117"$/) },
    { path: '/body/amount', message: 'must be integer, such as 4900' },
    { path: '/body/currency', message: 'must match pattern "^[a-z]{3}$", such as "eur"' },
  ]);
});

describe('POST /v1/customers', () => {
  test.each([
    ['nothing', undefined, ['/body']],
    ['no object', [], ['/body']],
    ['no id', {}, ['/body/customerId']],
    ['an id with a space', { customerId: 'a b' }, ['/body/customerId']],
    ['an id that is too long', { customerId: 'a'.repeat(65) }, ['/body/customerId']],
    ['a number for an id', { customerId: 7 }, ['/body/customerId']],
    ['unknown fields', { customerId: 'n', plan: 1, tax: 2 }, ['/body/plan', '/body/tax']],
    ['several faults', { email: 'nobody', locale: '?' }, ['/body/customerId', '/body/email', '/body/locale']],
    ['upper-case currency', { customerId: 'n', currency: 'EUR' }, ['/body/currency']],
    [
      'consent without terms',
      { customerId: 'n', consent: {} },
      ['/body/consent/termsVersion', '/body/consent/acceptedAt'],
    ],
    [
      'a local time',
      { customerId: 'n', consent: { ...consent, acceptedAt: '2026-01-31T09:00:00+01:00' } },
      ['/body/consent/acceptedAt'],
    ],
    [
      'a date that is none',
      { customerId: 'n', consent: { ...consent, acceptedAt: '2026-02-30T09:00:00Z' } },
      ['/body/consent/acceptedAt'],
    ],
    [
      'consent in the future',
      { customerId: 'n', consent: { ...consent, acceptedAt: '2999-01-01T00:00:00Z' } },
      ['/body/consent/acceptedAt'],
    ],
    [
      'an address that is none',
      { customerId: 'n', consent: { ...consent, ip: '999.1.1.1' } },
      ['/body/consent/ip'],
    ],
    [
      'a NUL in text',
      { customerId: 'n', consent: { ...consent, userAgent: 'a\u0000b' } },
      ['/body/consent/userAgent'],
    ],
    ['half a surrogate pair', { customerId: 'n', metadata: { a: '\ud800' } }, ['/body/metadata/a']],
    ['a metadata value that is no text', { customerId: 'n', metadata: { a: 1 } }, ['/body/metadata/a']],
    ['terms without a limit', { customerId: 'n', terms: { currency: 'eur' } }, ['/body/terms/maxAmount']],
    ['null for absent', { customerId: 'n', email: null }, ['/body/email']],
    [
      'blank terms',
      { customerId: 'n', consent: { ...consent, termsVersion: ' \u00a0' } },
      ['/body/consent/termsVersion'],
    ],
    [
      'consent at the year 0',
      { customerId: 'n', consent: { ...consent, acceptedAt: '0000-01-31T09:00:00Z' } },
      ['/body/consent/acceptedAt'],
    ],
    [
      'a Stripe customer that is none',
      { customerId: 'n', stripeCustomerId: 'pm_1' },
      ['/body/stripeCustomerId'],
    ],
    ['a customer without an id', { customerId: 'n', stripeCustomerId: 'cus_' }, ['/body/stripeCustomerId']],
    ['a card that is none', { customerId: 'n', paymentMethod: 'cus_1', consent }, ['/body/paymentMethod']],
    ['a token for a card', { customerId: 'n', paymentMethod: 'tok_visa', consent }, ['/body/paymentMethod']],
    ['an address at no host', { customerId: 'n', email: 'ada@localhost' }, ['/body/email']],
    ['an address with a space', { customerId: 'n', email: 'ada lovelace@example.com' }, ['/body/email']],
    ['an address with two @', { customerId: 'n', email: 'ada@b@example.com' }, ['/body/email']],
    [
      'an address that is too long',
      { customerId: 'n', email: `${'a'.repeat(250)}@example.com` },
      ['/body/email'],
    ],
  ])('%s is 400 and names the field', async (_what, body, paths) => {
    const { status, body: answer, headers } = await api.ask('POST', '/v1/customers', body);
    expect({ status, code: answer.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(headers['content-type']).toBe(problem);
    const named = answer.errors.map(({ path }: { path: string }) => path);
    for (const path of paths) expect(named).toContain(path);
    expect(await api.ledger.getCustomer('n')).toBeNull();
  });

  test.each([
    ['consent_required', { paymentMethod: 'pm_1' }],
    ['return_url_not_allowed', { returnUrl: 'https://evil.example/account' }],
    ['return_url_not_allowed', { returnUrl: 'javascript:alert(1)' }],
    ['return_url_not_allowed', { returnUrl: 'https://shop.example.evil.example/' }],
    ['return_url_not_allowed', { returnUrl: 'https://user:pass@shop.example/account' }],
    ['return_url_not_allowed', { returnUrl: 'https://user@shop.example/account' }],
    ['return_url_not_allowed', { returnUrl: 'blob:https://shop.example/5c5e' }],
    ['return_url_not_allowed', { returnUrl: 'http://shop.example/account' }],
    ['return_url_not_allowed', { returnUrl: 'http://plain.example/account' }],
    ['currency_unsupported', { currency: 'xxx' }],
    ['currency_unsupported', { terms: { maxAmount: 1000, currency: 'xxx' } }],
    ['currency_not_agreed', { currency: 'usd', terms: { maxAmount: 1000, currency: 'eur' } }],
    ['amount_too_small', { terms: { maxAmount: -1, currency: 'eur' } }],
    ['metadata_reserved', { metadata: { installationId: 'mine' } }],
  ])('%s is 422', async (code, more) => {
    const { status, body } = await api.ask('POST', '/v1/customers', { customerId: 'n', ...more });
    expect({ status, code: body.code }).toEqual({ status: 422, code });
    expect(await api.ledger.getCustomer('n')).toBeNull();
  });

  test.each([
    'ada@example.com',
    'bébé+tag@exämple.com',
    '用户@例子.公司',
    '"ada.lovelace"@sub.example.co.uk',
    'οδυσσέας@παράδειγμα.ελ',
  ])('%s is an address: only Temporal is missing', async (email) => {
    const { status, body } = await api.ask('POST', '/v1/customers', { customerId: randomUUID(), email });
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'temporal_unavailable' });
  });

  test('to go back to this machine http will do', async () => {
    const returnUrl = 'http://127.0.0.1:8080/account';
    const { status } = await api.ask('POST', '/v1/customers', { customerId: 'local', returnUrl });
    expect(status).toBe(503);
  });

  test('no metadata and empty metadata are the same request', async () => {
    for (const metadata of [{}, undefined])
      expect((await api.ask('POST', '/v1/customers', { customerId: 'bare', metadata })).status).toBe(503);
    const other = { customerId: 'bare', metadata: { a: 'b' } };
    expect((await api.ask('POST', '/v1/customers', other)).status).toBe(409);
  });

  test('a known id with another body is 409', async () => {
    const { status, body } = await api.ask('POST', '/v1/customers', {
      customerId: 'known',
      email: 'a@b.example',
    });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'customer_conflict' });
    expect(await api.ledger.getPersonal('known', 'contact')).toBeNull();
  });
});

describe('POST …/enrolments', () => {
  test('asks for consent too', async () => {
    const { status, body } = await api.ask('POST', '/v1/customers/known/enrolments', {
      paymentMethod: 'pm_1',
    });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'consent_required' });
  });

  test('is for customers there are', async () => {
    const { status, body } = await api.ask('POST', '/v1/customers/nobody/enrolments', {});
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'customer_not_found' });
  });
});

describe('POST …/charges', () => {
  const url = '/v1/customers/known/charges';

  test.each([
    ['no terms', {}, ['/body/chargeId', '/body/amount', '/body/currency']],
    ['an amount in words', { ...charge, amount: '4900' }, ['/body/amount']],
    ['half a cent', { ...charge, amount: 0.5 }, ['/body/amount']],
    [
      'a suffix with a forbidden character',
      { ...charge, statementDescriptorSuffix: 'a*b' },
      ['/body/statementDescriptorSuffix'],
    ],
    [
      'a suffix that is too long',
      { ...charge, statementDescriptorSuffix: 'x'.repeat(23) },
      ['/body/statementDescriptorSuffix'],
    ],
    [
      'a suffix without a letter',
      { ...charge, statementDescriptorSuffix: '2026-11' },
      ['/body/statementDescriptorSuffix'],
    ],
    [
      'a suffix of blanks',
      { ...charge, statementDescriptorSuffix: '   ' },
      ['/body/statementDescriptorSuffix'],
    ],
    [
      'a suffix that no prefix leaves room for',
      { ...charge, statementDescriptorSuffix: 'x'.repeat(19) },
      ['/body/statementDescriptorSuffix'],
    ],
    [
      'a suffix whose letters Stripe drops',
      { ...charge, statementDescriptorSuffix: 'ÄÖÜ 1' },
      ['/body/statementDescriptorSuffix'],
    ],
    ['a blank description', { ...charge, description: ' \n ' }, ['/body/description']],
    ['a description of 501 emoji', { ...charge, description: '😀'.repeat(501) }, ['/body/description']],
    ['a metadata value of 500 emoji', { ...charge, metadata: { a: '😀'.repeat(500) } }, ['/body/metadata/a']],
    ['a metadata value of 251 emoji', { ...charge, metadata: { a: '😀'.repeat(251) } }, ['/body/metadata/a']],
    ['a metadata key of 21 emoji', { ...charge, metadata: { ['😀'.repeat(21)]: 'a' } }, ['/body/metadata']],
    ['a metadata key with a bracket', { ...charge, metadata: { 'a[b': 'c' } }, ['/body/metadata']],
    ['an empty metadata key', { ...charge, metadata: { '': 'c' } }, ['/body/metadata']],
    ['a due date in the year 9999', { ...charge, dueAt: '9999-12-31T23:59:59Z' }, ['/body/dueAt']],
    ['a due date in the year 0', { ...charge, dueAt: '0000-01-01T00:00:00Z' }, ['/body/dueAt']],
    [
      'a metadata key that is too long',
      { ...charge, metadata: { ['k'.repeat(41)]: 'v' } },
      ['/body/metadata'],
    ],
    [
      'too much metadata',
      { ...charge, metadata: Object.fromEntries(Array.from({ length: 47 }, (_, n) => [`k${n}`, 'v'])) },
      ['/body/metadata'],
    ],
    ['a due day without a time', { ...charge, dueAt: '2026-03-01' }, ['/body/dueAt']],
  ])('%s is 400', async (_what, body, paths) => {
    const { status, body: answer } = await api.ask('POST', url, body);
    expect({ status, code: answer.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(answer.errors.map(({ path }: { path: string }) => path)).toEqual(expect.arrayContaining(paths));
  });

  test.each([
    ['amount_too_small', { ...charge, amount: 49 }],
    ['amount_too_small', { ...charge, amount: 0 }],
    ['amount_too_small', { ...charge, amount: -4900 }],
    ['amount_too_large', { ...charge, amount: 1_000_001 }],
    ['amount_not_whole', { ...charge, amount: 1e20 }],
    ['currency_unsupported', { ...charge, currency: 'xxx' }],
    ['amount_not_whole', { ...charge, currency: 'bhd', amount: 4901 }],
    ['metadata_reserved', { ...charge, metadata: { chargeId: 'mine' } }],
    ['metadata_reserved', { ...charge, metadata: { intentNumber: '2' } }],
  ])('%s is 422 and claims nothing', async (code, body) => {
    const { status, body: answer } = await api.ask('POST', url, body);
    expect({ status, code: answer.code }).toEqual({ status: 422, code });
    expect((await api.ledger.claimCharge('known', { ...charge, amount: 5000 }, 'shop')).claim).toBe('new');
    await api.ledger.releaseCharge('known', { ...charge, amount: 5000 });
  });

  test.each([
    [
      'the longest of everything',
      {
        statementDescriptorSuffix: `AZaz09 !#$%&()+,-`,
        description: '😀'.repeat(500),
        metadata: { ['k'.repeat(40)]: '😀'.repeat(250) },
      },
    ],
    ['every other character of a suffix', { statementDescriptorSuffix: './:;=?@[]^_`{|}~x' }],
  ])('%s passes: only Temporal is missing', async (_what, texts) => {
    const terms = { ...charge, ...texts };
    const { status, body } = await api.ask('POST', url, terms);
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'temporal_unavailable' });
    await api.ledger.releaseCharge('known', terms);
  });

  test('no metadata and empty metadata are the same terms', async () => {
    const bare = { ...charge, chargeId: 'bare' };
    for (const metadata of [{}, undefined])
      expect((await api.ask('POST', url, { ...bare, metadata })).status).toBe(503);
    expect((await api.ask('POST', url, { ...bare, metadata: { a: 'b' } })).status).toBe(409);
  });

  test.each(['31', '-1', '1.5', 'x', ''])('wait=%s is 400', async (wait) => {
    const { status, body } = await api.ask('POST', `${url}?wait=${wait}`, charge);
    expect(status).toBe(400);
    expect(body.errors[0].path).toBe('/querystring/wait');
  });

  test.each(['<', '>', '\\', "'", '"', '*', '\n', '\t', '\u007f'])(
    'a suffix with %j is 400',
    async (forbidden) => {
      const body = { ...charge, statementDescriptorSuffix: `USAGE${forbidden}JAN` };
      expect((await api.ask('POST', url, body)).body.errors[0].path).toBe('/body/statementDescriptorSuffix');
    },
  );

  test('is for customers there are', async () => {
    const { status, body } = await api.ask('POST', '/v1/customers/nobody/charges', charge);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'customer_not_found' });
  });
});

test.each([
  ['/v1/customers?status=happy', '/querystring/status'],
  ['/v1/customers?page=2', '/querystring/page'],
  ['/v1/charges?status=paid', '/querystring/status'],
  ['/v1/charges?cursor=bm9uc2Vuc2U', '/querystring/cursor'],
  ['/v1/customers/known/evidence?cursor=x', '/querystring/cursor'],
  ['/v1/customers/a%20b', '/params/customerId'],
])('GET %s is 400', async (url, path) => {
  const { status, body } = await api.ask('GET', url);
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
  expect(body.errors[0].path).toBe(path);
});

test.each([
  ['GET', '/v1/customers/nobody', 'customer_not_found'],
  ['GET', '/v1/customers/nobody/charges', 'customer_not_found'],
  ['GET', '/v1/customers/nobody/charges/c', 'customer_not_found'],
  ['GET', '/v1/customers/known/charges/c', 'charge_not_found'],
  ['GET', '/v1/customers/nobody/evidence', 'customer_not_found'],
  ['POST', '/v1/customers/nobody/pause', 'customer_not_found'],
  ['POST', '/v1/customers/known/charges/c/cancel', 'charge_not_found'],
  ['POST', '/v1/customers/known/charges/c/step-up', 'charge_not_found'],
] as const)('%s %s is 404', async (method, url, code) => {
  const { status, body } = await api.ask(method, url);
  expect({ status, code: body.code }).toEqual({ status: 404, code });
});

test('an answer to a request full of faults is short', async () => {
  const metadata = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n]));
  const long = { ['x'.repeat(50_000)]: 1 };
  const { text, body } = await api.ask('POST', '/v1/customers/known/charges', {
    ...charge,
    metadata,
    ...long,
  });
  expect(body).toMatchObject({ status: 400, code: 'invalid_request' });
  expect(body.errors.length).toBeLessThanOrEqual(20);
  expect(text.length).toBeLessThan(10_000);
});

describe('bodies', () => {
  test('an action’s body may be missing, but not be wrong', async () => {
    const { status, body } = await api.ask('POST', '/v1/customers/known/pause', { because: 'x' });
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path: '/body/because', message: 'is not a known field' }]);
  });
});
