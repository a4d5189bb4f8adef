// A known address with a method that it does not have.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
}, STARTING);
afterAll(() => api.close());

const ask = (method: string, url: string, key: string | null = 'all-secret') =>
  api.app.inject({
    method: method as 'GET',
    url,
    headers: key === null ? {} : { authorization: `Bearer ${key}` },
  });

test.each([
  ['DELETE', '/v1/customers', 'GET, HEAD, POST'],
  ['PUT', '/v1/customers/a', 'GET, HEAD'],
  ['POST', '/v1/customers/a', 'GET, HEAD'],
  ['GET', '/v1/customers/a/pause', 'POST'],
  ['PATCH', '/v1/customers/a/charges/b', 'GET, HEAD'],
  ['POST', '/v1/charges', 'GET, HEAD'],
  ['OPTIONS', '/v1/charges', 'GET, HEAD'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['GET', '/webhooks/stripe', 'POST'],
  ['POST', '/enrol/token', 'GET, HEAD'],
  ['GET', '/enrol/token/session', 'POST'],
  ['DELETE', '/step-up/token/done', 'POST'],
  ['POST', '/openapi.json', 'GET, HEAD'],
])('%s %s is 405 and says what is allowed', async (method, url, allow) => {
  const { statusCode, headers, body } = await ask(method, url);
  expect({ statusCode, allow: headers.allow }).toEqual({ statusCode: 405, allow });
  expect(JSON.parse(body)).toMatchObject({ status: 405, code: 'method_not_allowed' });
});

test('under /v1 the key comes first', async () => {
  expect((await ask('DELETE', '/v1/customers', null)).statusCode).toBe(401);
  expect((await ask('DELETE', '/v1/customers', 'reader-secret')).statusCode).toBe(405);
  expect((await ask('DELETE', '/v1/nothing', 'reader-secret')).statusCode).toBe(404);
});

test(
  'the codec endpoint too: the key first, then the method',
  async () => {
    const key = randomBytes(32).toString('base64');
    const codec = await startTestApp({ PAYLOAD_KEYS: `k1:${key}`, PAYLOAD_UI_ORIGIN: 'https://ui.example' });
    const send = (method: 'GET' | 'OPTIONS', authorization?: string) =>
      codec.app.inject({ method, url: '/codec/decode', headers: authorization ? { authorization } : {} });
    expect((await send('GET')).statusCode).toBe(401);
    const refused = await send('GET', 'Bearer operator-secret');
    expect({ status: refused.statusCode, allow: refused.headers.allow }).toEqual({
      status: 405,
      allow: 'POST',
    });
    expect((await send('OPTIONS')).statusCode).toBe(204);
    await codec.close();
  },
  STARTING,
);
