// How many requests one key and one address may send.
import rateLimit from '@fastify/rate-limit';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readApiKeys } from '../../../api/http/api-keys.ts';
import { createAuthenticate, REQUESTS_PER_KEY } from '../../../api/http/auth.ts';
import { answerProblem } from '../../../api/http/error-handler.ts';
import { REQUESTS_PER_LINK } from '../../../api/http/link-guard.ts';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
}, STARTING);
afterAll(() => api.close());

test(
  'a key that asks too much is answered 429 with a time to come back, and no other key is',
  async () => {
    const app = Fastify();
    await app.register(rateLimit, { global: false });
    const authenticate = createAuthenticate(
      app,
      readApiKeys('loop:read:loop-secret,calm:read:calm-secret', []),
    );
    app.decorateRequest('actor', '');
    app.get('/:times', async (request) => {
      const { times } = request.params as { times: string };
      for (let sent = 0; sent < Number(times); sent += 1) await authenticate(request);
      return {};
    });
    app.setErrorHandler(answerProblem);
    await app.ready();
    const askAs = (secret: string, times: number) =>
      app.inject({ url: `/${times}`, headers: { authorization: `Bearer ${secret}` } });
    expect((await askAs('loop-secret', REQUESTS_PER_KEY)).statusCode).toBe(200);
    const refused = await askAs('loop-secret', 1);
    expect(refused.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await askAs('calm-secret', 1)).statusCode).toBe(200);
    await app.close();
  },
  STARTING,
);

test(
  'an address that asks pages too much is answered 429 with a time to come back; a key is not',
  async () => {
    for (let sent = 0; sent < 3_000; sent += 1)
      expect((await api.app.inject({ url: '/enrol/forged' })).statusCode).toBe(404);
    const { body, headers } = await api.ask('GET', '/enrol/forged/status', undefined, null);
    expect(body).toMatchObject({ status: 429, code: 'too_many_requests' });
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect((await api.ask('GET', '/v1/customers')).status).toBe(200);
    expect((await api.ask('GET', '/healthz', undefined, null)).status).toBe(200);
  },
  STARTING,
);

describe('a link', () => {
  beforeAll(() => api.put('linked', { view: { status: 'awaiting_step_up' } }));
  const pathOf = async (chargeId: string) => new URL(await api.links.stepUp('linked', chargeId)).pathname;
  let addresses = 0;
  /** From another address each time: it is the link that is counted. */
  const send = (method: 'GET' | 'POST', url: string) =>
    api.app.inject({
      method,
      url,
      remoteAddress: `10.0.${Math.floor(++addresses / 250)}.${addresses % 250}`,
    });

  test.each([
    ['POST', 'session'],
    ['POST', 'done'],
    ['GET', 'status'],
  ] as const)(
    'asked too often for %s %s is answered 429, and no other link is',
    async (method, name) => {
      const limit = REQUESTS_PER_LINK[name];
      for (let sent = 0; sent < limit; sent += 1)
        expect((await send(method, `${await pathOf(name)}/${name}`)).statusCode).not.toBe(429);
      // Signed again, it is the same link.
      const refused = await send(method, `${await pathOf(name)}/${name}`);
      expect(refused.json()).toMatchObject({ status: 429, code: 'too_many_requests' });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((await send(method, `${await pathOf('another')}/${name}`)).statusCode).not.toBe(429);
    },
    STARTING,
  );
});

test('the document says so, with the header', async () => {
  const { body } = await api.ask('GET', '/openapi.json', undefined, null);
  for (const [path, methods] of Object.entries<
    Record<string, { responses: Record<string, { headers?: object }> }>
  >(body.paths))
    for (const { responses } of Object.values(methods)) {
      if (path.startsWith('/v1/') || path.includes('{token}')) expect(responses, path).toHaveProperty('429');
      for (const status of ['429', '503'])
        if (responses[status] && path !== '/readyz')
          expect(responses[status].headers, `${path} ${status}`).toHaveProperty('Retry-After');
    }
});

test('an address that reads the documentation again and again is answered 429', async () => {
  const statuses = [];
  for (let count = 0; count < 61; count++)
    statuses.push((await api.ask('GET', '/openapi.json', undefined, null)).status);
  expect(statuses.at(-1)).toBe(429);
  expect((await api.ask('GET', '/docs/yaml', undefined, null)).status).not.toBe(429);
});
