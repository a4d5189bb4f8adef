// What Temporal gets to keep when payloads are encrypted, and what opens it again.
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createPayloadCodec } from '../../temporal/payload-codec.ts';
import { type PayloadKey, readPayloadKeys } from '../../temporal/payload-keys.ts';

const old: PayloadKey = { id: 'old', key: randomBytes(32) };
const current: PayloadKey = { id: 'current', key: randomBytes(32) };
const codecOf = (...keys: PayloadKey[]) => createPayloadCodec(keys) as PayloadCodec;
const payload: Payload = defaultPayloadConverter.toPayload({ chargeId: 'c-1', amount: 4900 });

test('an encrypted payload comes back as it was, and shows nothing on the way', async () => {
  const [hidden] = await codecOf(current).encode([payload]);
  expect(Buffer.from(hidden?.data ?? []).toString('latin1')).not.toContain('c-1');
  expect(Buffer.from(hidden?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
  const [shown] = await codecOf(current).decode([hidden as Payload]);
  expect(defaultPayloadConverter.fromPayload(shown as Payload)).toEqual({ chargeId: 'c-1', amount: 4900 });
});

test('the same payload is never written twice alike', async () => {
  const [first, second] = await codecOf(current).encode([payload, payload]);
  expect(first?.data).not.toEqual(second?.data);
});

test('the first key encrypts, and an older one still opens what it has written', async () => {
  const written = await codecOf(old).encode([payload]);
  const both = codecOf(current, old);
  expect(defaultPayloadConverter.fromPayload((await both.decode(written))[0] as Payload)).toMatchObject({
    chargeId: 'c-1',
  });
  const [now] = await both.encode([payload]);
  expect(Buffer.from(now?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('current');
});

test('what was written before there were keys stays readable', async () => {
  expect(await codecOf(current).decode([payload])).toEqual([payload]);
});

test('a payload under a key that is not here, a changed one and a cut one are refused, without their content', async () => {
  const [hidden] = (await codecOf(old).encode([payload])) as [Payload];
  await expect(codecOf(current).decode([hidden])).rejects.toThrow('the key "old", which is not here');
  const data = Buffer.from(hidden.data ?? []);
  data[20] = (data[20] ?? 0) ^ 1;
  for (const bytes of [data, data.subarray(0, 30), data.subarray(0, 5), Buffer.alloc(0)])
    await expect(codecOf(old).decode([{ ...hidden, data: bytes }])).rejects.toThrow('was changed');
  const renamed = { ...hidden, metadata: { ...hidden.metadata, 'encryption-key-id': Buffer.from('other') } };
  await expect(codecOf({ ...old, id: 'other' }).decode([renamed])).rejects.toThrow('was changed');
});

test('without keys there is no codec', () => {
  expect(createPayloadCodec([])).toBeNull();
});

test('keys are read in order, and every fault is named without a key', () => {
  const faults: string[] = [];
  const text = [old, current].map(({ id, key }) => `${id}:${key.toString('base64')}`).join(', ');
  expect(readPayloadKeys(text, faults)).toEqual([old, current]);
  expect(readPayloadKeys(' ', faults)).toEqual([]);
  expect(faults).toEqual([]);
  readPayloadKeys(
    `a b:${old.key.toString('base64')},short:c2VjcmV0,${text},old:${current.key.toString('base64')}`,
    faults,
  );
  expect(faults).toEqual([
    'PAYLOAD_KEYS, entry 1: the id must be 1 to 64 of A-Z a-z 0-9 _ . -',
    'PAYLOAD_KEYS, entry 2: it must read id:key, the key 32 bytes in base64',
    'PAYLOAD_KEYS, entry 5: the id "old" is used twice',
  ]);
});
