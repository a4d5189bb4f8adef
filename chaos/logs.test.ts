// Each kind of secret, put into a log by hand, is found.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { forbidden } from '../test/support/secrets.ts';
import { searchLogs } from './logs.ts';

const OWN = forbidden({ 'the API key': ['abc+123'], 'an IP': ['203.0.113.77', '203.0.113.78'] });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-logs-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function found(...lines: string[]): Promise<string[]> {
  const file = join(folder, 'worker-0.log');
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return (await searchLogs([file], OWN)).map(({ fault, what }) => `${fault}: ${what}`);
}

test('a log like ours holds none', async () => {
  expect(
    await found('{"msg":"answered","route":"/v1/customers/:customerId","ms":12}', 'pi_1 of 203.0.113.7'),
  ).toEqual([]);
});

test.each([
  ['a client secret', 'pi_1_secret_2'],
  ['a Stripe key', 'rk_live_1'],
  ['a signing secret', 'whsec_1'],
  ['a link', 'https://pay.example/enrol/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.x-Y_1'],
  ['a card number', '4242424242424242'],
  ['an authorization', 'authorization: Bearer 0123456789'],
  ['the API key', 'key abc+123'],
  ['an IP', 'from 203.0.113.78'],
])('%s is found, and named once with its first line', async (what, text) => {
  expect(await found('nothing', `{"err":"${text}"}`, text)).toEqual([
    `secrets in logs: worker-0.log holds ${what}, first in line 2`,
  ]);
});

test('an own text is taken literally', async () => {
  expect(await found('abcc123', '203a0b113c77')).toEqual([]);
});

test('an empty log and a missing one are not taken for clean ones', async () => {
  expect(await found()).toEqual(['secrets in logs: worker-0.log is empty']);
  await expect(searchLogs([join(folder, 'not-there.log')], OWN)).rejects.toThrow('ENOENT');
});
