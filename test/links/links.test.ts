// Which links open a page, and which do not.
import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterEach, expect, test, vi } from 'vitest';
import { createLinks, LINK_LIFE } from '../../links/links.ts';

const OLD = 'an old secret, long enough for HS256';
const NEW = 'a new secret, long enough for HS256!';
const links = createLinks({ secrets: [NEW], publicUrl: 'https://pay.example/billing/' });

const tokenOf = (url: string) => url.split('/').at(-1) ?? '';

afterEach(() => void vi.useRealTimers());

test('a link opens for the purpose, the customer, and the enrolment or charge it was made for', async () => {
  const enrol = await links.enrol('cus-1', 3);
  const stepUp = await links.stepUp('cus-1', 'ch_1');

  expect(enrol).toMatch(/^https:\/\/pay\.example\/billing\/enrol\/[\w.-]+$/);
  expect(stepUp).toMatch(/^https:\/\/pay\.example\/billing\/step-up\/[\w.-]+$/);
  expect(await links.open('enrol', tokenOf(enrol))).toEqual({ customerId: 'cus-1', enrolmentNumber: 3 });
  expect(await links.open('step-up', tokenOf(stepUp))).toEqual({ customerId: 'cus-1', chargeId: 'ch_1' });
});

test('a link for one purpose does not open the other page', async () => {
  expect(await links.open('step-up', tokenOf(await links.enrol('cus-1', 1)))).toBeNull();
  expect(await links.open('enrol', tokenOf(await links.stepUp('cus-1', '1')))).toBeNull();
});

test('links of a secret that is being rolled still open; links of a removed secret do not', async () => {
  const before = createLinks({ secrets: [OLD], publicUrl: 'https://pay.example' });
  const rolling = createLinks({ secrets: [NEW, OLD], publicUrl: 'https://pay.example' });
  const old = tokenOf(await before.enrol('cus-1', 1));
  const fresh = tokenOf(await rolling.enrol('cus-1', 1));

  expect(await rolling.open('enrol', old)).toEqual({ customerId: 'cus-1', enrolmentNumber: 1 });
  expect(await links.open('enrol', fresh)).toEqual({ customerId: 'cus-1', enrolmentNumber: 1 });
  expect(await links.open('enrol', old)).toBeNull();
});

test('a link expires', async () => {
  const token = tokenOf(await links.enrol('cus-1', 1));
  vi.useFakeTimers({ now: Date.now() + LINK_LIFE - 5_000 });
  expect(await links.open('enrol', token)).not.toBeNull();
  vi.setSystemTime(Date.now() + 10_000);
  expect(await links.open('enrol', token)).toBeNull();
});

test.each([
  ['nothing', ''],
  ['no token', 'abc'],
  ['an unsigned token', 'eyJhbGciOiJub25lIn0.eyJhdWQiOiJlbnJvbCIsInN1YiI6ImN1cy0xIiwiYWJvdXQiOiIxIn0.'],
])('%s opens nothing', async (_what, token) => {
  expect(await links.open('enrol', token)).toBeNull();
});

test('a changed token opens nothing', async () => {
  const [head, body, signature] = tokenOf(await links.enrol('cus-1', 1)).split('.');
  const claims = JSON.parse(Buffer.from(body ?? '', 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'cus-2' })).toString('base64url');
  expect(await links.open('enrol', [head, forged, signature].join('.'))).toBeNull();
});

test('a token that never expires opens nothing, even when signed', async () => {
  const token = await new SignJWT({ about: '1' })
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience('enrol')
    .setSubject('cus-1')
    .sign(createHash('sha256').update(NEW).digest());
  expect(await links.open('enrol', token)).toBeNull();
});

test('there is no link without a secret', () => {
  expect(() => createLinks({ secrets: [], publicUrl: 'https://pay.example' })).toThrow(RangeError);
});
