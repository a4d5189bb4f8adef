// Which key may ask for what.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
}, STARTING);
afterAll(() => api.close());

describe('without a valid key', () => {
  test.each([
    ['GET', '/v1/customers'],
    ['POST', '/v1/customers'],
    ['GET', '/v1/charges'],
    ['GET', '/v1/nothing-here'],
    ['GET', '/v1/'],
    ['GET', '/v1'],
    ['GET', '/v1/customers/%zz'],
    ['GET', '/%761/customers'],
    ['POST', '/v1/customers/a/charges/b/waive'],
  ] as const)('%s %s is 401 and nothing else', async (method, url) => {
    for (const key of [null, 'wrong', 'sha256=abc']) {
      const { status, body, headers } = await api.ask(method, url, undefined, key);
      expect(status).toBe(401);
      expect(body).toMatchObject({ status: 401, code: 'unauthorized' });
      expect(headers).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        'www-authenticate': 'Bearer',
      });
    }
  });

  test('a body that is no JSON is not read', async () => {
    const { statusCode } = await api.app.inject({
      method: 'POST',
      url: '/v1/customers',
      headers: { 'content-type': 'text/plain' },
      payload: 'no json',
    });
    expect(statusCode).toBe(401);
  });

  test.each(['all-secret', 'Basic all-secret', 'Bearer', 'Bearer  ', 'Bearer all-secret x'])(
    'authorization "%s" is no key',
    async (authorization) => {
      const { statusCode } = await api.app.inject({ url: '/v1/customers', headers: { authorization } });
      expect(statusCode).toBe(401);
    },
  );

  test.each(['/healthz', '/openapi.json'])('%s needs none', async (url) => {
    expect((await api.ask('GET', url, undefined, null)).status).toBe(200);
  });
});

describe('no scope implies another', () => {
  const routes = {
    read: [
      ['GET', '/v1/customers'],
      ['GET', '/v1/customers/a'],
      ['GET', '/v1/customers/a/evidence'],
      ['GET', '/v1/customers/a/charges'],
      ['GET', '/v1/customers/a/charges/b'],
      ['GET', '/v1/charges'],
    ],
    charge: [
      ['POST', '/v1/customers'],
      ['POST', '/v1/customers/a/enrolments'],
      ['POST', '/v1/customers/a/charges'],
      ['POST', '/v1/customers/a/charges/b/step-up'],
    ],
    operate: [
      ['POST', '/v1/customers/a/pause'],
      ['POST', '/v1/customers/a/resume'],
      ['POST', '/v1/customers/a/cancel'],
      ['POST', '/v1/customers/a/charges/b/retry'],
      ['POST', '/v1/customers/a/charges/b/cancel'],
    ],
  } as const;
  const keys = { read: 'reader-secret', charge: 'charger-secret', operate: 'operator-secret' } as const;
  const cases = Object.entries(routes).flatMap(([scope, requests]) =>
    requests.map(([method, url]) => ({ scope: scope as keyof typeof keys, method, url })),
  );

  test.each(cases)('$method $url needs $scope', async ({ scope, method, url }) => {
    for (const [granted, key] of Object.entries(keys)) {
      const { status, body } = await api.ask(
        method,
        url,
        method === 'POST' ? { unknown: 1 } : undefined,
        key,
      );
      if (granted === scope) expect(status).not.toBe(403);
      else expect({ status, code: body.code }).toEqual({ status: 403, code: 'forbidden' });
    }
  });
});

test('with a key, what is not there is 404, also under a path that cannot be read', async () => {
  expect((await api.ask('GET', '/v1/nothing-here')).body).toMatchObject({ status: 404, code: 'not_found' });
  expect((await api.ask('GET', '/nothing-here', undefined, null)).body).toMatchObject({ code: 'not_found' });
  expect((await api.ask('GET', '/v1/customers/%zz')).body).toMatchObject({
    status: 400,
    code: 'invalid_request',
  });
});

test(
  'hundreds of wrong keys in a row still get 401, thousands get 429',
  async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 1_002; guess += 1)
      statuses.push((await api.ask('GET', '/v1/customers', undefined, `guess-${guess}`)).status);
    expect(statuses[500]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect((await api.ask('GET', '/v1/customers')).status).toBe(200);
  },
  STARTING,
);
