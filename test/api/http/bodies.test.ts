// What a body must be before its fields are read.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STARTING, startTestApp, type TestApp } from '../_app.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
}, STARTING);
afterAll(() => api.close());

const send = (payload: string | Buffer, headers: Record<string, string> = {}) =>
  api.app.inject({
    method: 'POST',
    url: '/v1/customers',
    headers: { authorization: 'Bearer all-secret', 'content-type': 'application/json', ...headers },
    payload,
  });
const BODY = JSON.stringify({ customerId: 'n' });
const LATIN = Buffer.from('{"customerId":"n","email":"b\xe9b\xe9@example.com"}', 'latin1');

test.each([
  [415, 'unsupported_media_type', 'plain text', BODY, { 'content-type': 'text/plain' }],
  [
    415,
    'unsupported_media_type',
    'a form',
    'customerId=n',
    { 'content-type': 'application/x-www-form-urlencoded' },
  ],
  [
    415,
    'unsupported_media_type',
    'another charset',
    LATIN,
    { 'content-type': 'application/json; charset=iso-8859-1' },
  ],
  [
    415,
    'unsupported_media_type',
    'another charset, quoted',
    BODY,
    { 'content-type': 'application/json;charset="UTF-16"' },
  ],
  [415, 'unsupported_media_type', 'gzip', gzipSync(BODY), { 'content-encoding': 'gzip' }],
  [
    415,
    'unsupported_media_type',
    'an encoding that is said and not used',
    BODY,
    { 'content-encoding': 'br' },
  ],
  [400, 'invalid_json', 'half an object', '{"customerId":', {}],
  [400, 'invalid_json', 'a prototype', '{"__proto__": {"customerId": "n"}}', {}],
  [400, 'invalid_json', 'invalid UTF-8', LATIN, {}],
  [400, 'invalid_json', 'an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), {}],
  [400, 'invalid_json', 'half a surrogate pair', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), {}],
  [400, 'invalid_json', 'UTF-16', Buffer.from(BODY, 'utf16le'), {}],
  [400, 'invalid_json', 'a repeated key', '{"customerId":"a","customerId":"n"}', {}],
  [400, 'invalid_json', 'a repeated key with the same value', '{"customerId":"n","customerId":"n"}', {}],
  [
    400,
    'invalid_json',
    'a key that is repeated in other letters',
    '{"customerId":"a","\\u0063ustomerId":"n"}',
    {},
  ],
  [
    400,
    'invalid_json',
    'a repeated key deep inside',
    '{"customerId":"n","metadata":{"a":"1","b":"}{","a":"2"}}',
    {},
  ],
  [413, 'payload_too_large', 'too much', JSON.stringify({ customerId: 'x'.repeat(200_000) }), {}],
] as const)('%i %s: %s', async (status, code, _what, payload, headers) => {
  const answer = await send(payload as string | Buffer, headers as Record<string, string>);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.json()).toMatchObject({ type: 'about:blank', status, code });
  expect(answer.json().title).toEqual(expect.any(String));
  expect(answer.json().detail).toEqual(expect.any(String));
  expect(await api.ledger.getCustomer('n')).toBeNull();
});

test.each([
  ['UTF-8, said', '{}', { 'content-type': 'application/json; charset=utf-8' }],
  ['UTF-8, said in capitals', '{}', { 'content-type': 'application/json;charset=UTF-8' }],
  ['no encoding, said', '{}', { 'content-encoding': 'identity' }],
  ['keys that are repeated in other objects', '{"a":{"b":1},"b":[{"b":1},{"b":2,"a":"\\"b\\":1"}]}', {}],
  ['values like keys', '{"a":"a","b":"a"}', {}],
] as const)('read: %s', async (_what, payload, headers) => {
  const answer = await send(payload, headers as Record<string, string>);
  expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
});

test('the webhook door takes no compressed body either', async () => {
  const answer = await api.app.inject({
    method: 'POST',
    url: '/webhooks/stripe',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    payload: gzipSync(BODY),
  });
  expect(answer.statusCode).toBe(415);
});
