// The OpenAPI document: what there is, how it answers, and nothing that there is not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

interface Operation {
  parameters?: { name: string; example?: unknown; schema: { examples?: unknown[] } }[];
  operationId: string;
  tags: string[];
  security: object[];
  requestBody?: { required: boolean };
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}

let api: TestApp;
let operations: [string, Operation][];
let document: { paths: object; components: { schemas: Record<string, object> } };
beforeAll(async () => {
  api = await startTestApp();
  const { body } = await api.ask('GET', '/openapi.json', undefined, null);
  expect(body.openapi).toBe('3.1.0');
  document = body;
  operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
  );
}, STARTING);
afterAll(() => api.close());

test('lists every route and no other', () => {
  expect(operations.map(([name]) => name).sort()).toEqual([
    'GET /enrol/{token}',
    'GET /enrol/{token}/status',
    'GET /healthz',
    'GET /readyz',
    'GET /step-up/{token}',
    'GET /step-up/{token}/status',
    'GET /v1/charges',
    'GET /v1/customers',
    'GET /v1/customers/{customerId}',
    'GET /v1/customers/{customerId}/charges',
    'GET /v1/customers/{customerId}/charges/{chargeId}',
    'GET /v1/customers/{customerId}/evidence',
    'POST /enrol/{token}/done',
    'POST /enrol/{token}/session',
    'POST /step-up/{token}/done',
    'POST /step-up/{token}/session',
    'POST /v1/customers',
    'POST /v1/customers/{customerId}/cancel',
    'POST /v1/customers/{customerId}/charges',
    'POST /v1/customers/{customerId}/charges/{chargeId}/cancel',
    'POST /v1/customers/{customerId}/charges/{chargeId}/retry',
    'POST /v1/customers/{customerId}/charges/{chargeId}/step-up',
    'POST /v1/customers/{customerId}/charges/{chargeId}/waive',
    'POST /v1/customers/{customerId}/enrolments',
    'POST /v1/customers/{customerId}/pause',
    'POST /v1/customers/{customerId}/resume',
    'POST /webhooks/stripe',
  ]);
});

test('each has a name of its own, a tag, and a schema for every status', () => {
  expect(new Set(operations.map(([, { operationId }]) => operationId)).size).toBe(operations.length);
  for (const [name, { tags, responses }] of operations) {
    expect(tags, name).toHaveLength(1);
    for (const [status, { content }] of Object.entries(responses))
      expect(Object.values(content ?? {})[0]?.schema, `${name} ${status}`).toBeDefined();
  }
});

test('what is under /v1 needs a key and says how it refuses', () => {
  for (const [name, { security, responses }] of operations) {
    const isApi = name.includes(' /v1/');
    expect(security, name).toEqual(isApi ? [{ apiKey: [] }] : []);
    if (!isApi) continue;
    for (const status of ['400', '401', '403', '503'])
      expect(Object.keys(responses[status]?.content ?? {}), `${name} ${status}`).toEqual([
        'application/problem+json',
      ]);
  }
});

test('a shape that is used in several places has one name, under which a generated client knows it', () => {
  expect(Object.keys(document.components.schemas).sort()).toEqual([
    'Action',
    'Charge',
    'Customer',
    'Decline',
    'EnrolledCustomer',
    'Enrolment',
    'Evidence',
    'NewCharge',
    'NewCustomer',
    'NewEnrolment',
    'Problem',
  ]);
  const references = JSON.stringify(document).match(/"\$ref":"[^"]*"/g) ?? [];
  const named = new Set(
    references.map((reference) => reference.slice('"$ref":"#/components/schemas/'.length, -1)),
  );
  expect([...named].sort()).toEqual(Object.keys(document.components.schemas).sort());
});

test('each problem is shown as it is sent with its status', async () => {
  const shown = new Map<string, object>();
  for (const [, { responses }] of operations)
    for (const [status, { content }] of Object.entries(responses)) {
      const problem = content?.['application/problem+json'] as { example?: object } | undefined;
      if (!problem) continue;
      expect(problem.example, status).toMatchObject({ status: Number(status) });
      shown.set(status, problem.example ?? {});
    }
  const unauthorized = await api.ask('GET', '/v1/customers', undefined, null);
  expect(shown.get('401')).toEqual(unauthorized.body);
  const notFound = await api.ask('GET', '/v1/customers/customer-42');
  expect(shown.get('404')).toEqual(notFound.body);
  const tooSmall = await api.ask('POST', '/v1/customers', {
    customerId: 'ada',
    terms: { maxAmount: 1, currency: 'eur' },
  });
  expect(shown.get('422')).toEqual(tooSmall.body);
});

test('a body that may be missing is not called required, and others are', () => {
  const optional = operations
    .filter(([, { requestBody }]) => requestBody?.required === false)
    .map(([, { operationId }]) => operationId);
  expect(optional.sort()).toEqual([
    'cancelCharge',
    'cancelCustomer',
    'enrolDone',
    'enrolSession',
    'pauseCustomer',
    'resumeCustomer',
    'retryCharge',
    'stepUpCharge',
    'stepUpDone',
    'stepUpSession',
    'waiveCharge',
  ]);
});

test('a list tried out with what the document suggests begins at its beginning', () => {
  const cursors = operations.flatMap(([, { parameters = [] }]) =>
    parameters.filter(({ name }) => name === 'cursor'),
  );
  expect(cursors).toHaveLength(4);
  for (const { example, schema } of cursors)
    expect([example, schema.examples]).toEqual([undefined, undefined]);
});

test('/docs shows it under a policy that lets no foreign script in', async () => {
  const page = await api.ask('GET', '/docs/', undefined, null);
  expect(page.status).toBe(200);
  expect(String(page.headers['content-security-policy'])).toContain("script-src 'self';");
  expect(page.text).not.toMatch(/<script(?![^>]* src=)[^>]*>[^<]/);
  expect((await api.ask('GET', '/docs/json', undefined, null)).body.info.title).toBe('offsession');
});
