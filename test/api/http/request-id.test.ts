// Every answer has the id under which its request is in the logs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
}, STARTING);
afterAll(() => api.close());

test.each([
  ['GET', '/healthz', 200],
  ['GET', '/v1/customers/nobody', 404],
  ['GET', '/v1/%zz', 400],
  ['GET', '/nowhere', 404],
  ['PUT', '/v1/customers', 405],
] as const)('%s %s, answered %i', async (method, url, status) => {
  const headers = { authorization: 'Bearer all-secret', 'x-request-id': 'chosen-by-the-caller' };
  const answers = await Promise.all([1, 2].map(() => api.app.inject({ method, url, headers })));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([status, status]);
  const ids = answers.map((answer) => answer.headers['x-request-id']);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(ids).size).toBe(2);
});
