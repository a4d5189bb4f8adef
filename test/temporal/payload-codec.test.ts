// What Temporal gets to keep when payloads are encrypted, what decrypts it again, and what is refused.
import { randomBytes } from 'node:crypto';
import {
  type DataConverter,
  defaultPayloadConverter,
  type Payload,
  type PayloadCodec,
  type SerializationContext,
} from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import {
  clientDataConverter,
  createPayloadCodec,
  workerDataConverter,
} from '../../temporal/payload-codec.ts';
import { type PayloadKey, readPayloadEncryption, readPayloadKeys } from '../../temporal/payload-keys.ts';

const old: PayloadKey = { id: 'old', key: randomBytes(32) };
const current: PayloadKey = { id: 'current', key: randomBytes(32) };
const encryptionOf = (...keys: PayloadKey[]) => ({ keys, allowsPlain: false });
const codecOf = (...keys: PayloadKey[]) => createPayloadCodec(encryptionOf(...keys)) as PayloadCodec;
const codecIn = (converter: DataConverter) => converter.payloadCodecs?.[0] as PayloadCodec;
const payload: Payload = defaultPayloadConverter.toPayload({ chargeId: 'c-1', amount: 4900 });
const decoded = (one: Payload | undefined) => defaultPayloadConverter.fromPayload(one as Payload);

const ADA: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'billing/ada' };
const BOB: SerializationContext = { ...ADA, workflowId: 'billing/bob' };

test('an encrypted payload comes back as it was, and shows nothing on the way', async () => {
  const [hidden] = await codecOf(current).encode([payload], ADA);
  expect(Buffer.from(hidden?.data ?? []).toString('latin1')).not.toContain('c-1');
  expect(Buffer.from(hidden?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
  const [shown] = await codecOf(current).decode([hidden as Payload], ADA);
  expect(decoded(shown)).toEqual({ chargeId: 'c-1', amount: 4900 });
});

test('the same payload is never written twice alike', async () => {
  const [first, second] = await codecOf(current).encode([payload, payload], ADA);
  expect(first?.data).not.toEqual(second?.data);
});

test('the first key encrypts, and an older one still opens what it has written', async () => {
  const written = await codecOf(old).encode([payload], ADA);
  const both = codecOf(current, old);
  expect(decoded((await both.decode(written, ADA))[0])).toMatchObject({ chargeId: 'c-1' });
  const [now] = await both.encode([payload], ADA);
  expect(Buffer.from(now?.metadata?.['encryption-key-id'] ?? []).toString()).toBe('current');
});

test('an activity reads what its workflow has written for it, and the workflow what it has answered', async () => {
  const ofActivity: SerializationContext = {
    type: 'activity',
    namespace: 'default',
    workflowId: 'billing/ada',
    activityId: '7',
    isLocal: false,
  };
  for (const [writer, reader] of [
    [ADA, ofActivity],
    [ofActivity, ADA],
  ] as const) {
    const written = await codecOf(current).encode([payload], writer);
    expect(decoded((await codecOf(current).decode(written, reader))[0])).toMatchObject({ chargeId: 'c-1' });
  }
});

test('an activity that runs without a workflow reads what was written for it, and for no other', async () => {
  const ofStarter: SerializationContext = {
    type: 'activity',
    namespace: 'default',
    activityId: 'notice/ada/enrolled-1',
    isLocal: false,
  };
  const ofWorker: SerializationContext = { ...ofStarter, workflowId: '' };
  const written = await codecOf(current).encode([payload], ofStarter);
  expect(decoded((await codecOf(current).decode(written, ofWorker))[0])).toMatchObject({ chargeId: 'c-1' });
  const others: SerializationContext[] = [
    { ...ofWorker, activityId: 'notice/ada/enrolled-2' },
    { ...ofWorker, namespace: 'another' },
    { ...ofWorker, workflowId: 'notice/ada/enrolled-1' },
    { type: 'workflow', namespace: 'default', workflowId: 'notice/ada/enrolled-1' },
  ];
  for (const other of others)
    await expect(codecOf(current).decode(written, other)).rejects.toThrow('another workflow or activity');
});

test('the codec endpoint, which does not know the workflow, opens what was written for one', async () => {
  const written = await codecOf(current).encode([payload], ADA);
  expect(decoded((await codecOf(current).decode(written))[0])).toMatchObject({ chargeId: 'c-1' });
});

test('a payload under a key that is not here is refused by everybody, for the key may come back', async () => {
  const written = await codecOf(old).encode([payload], ADA);
  for (const codec of [codecOf(current), codecIn(workerDataConverter(encryptionOf(current)))])
    await expect(codec.decode(written, ADA)).rejects.toThrow('the key "old", which is not here');
});

/** Payloads that our keys have not written for Ada, by what is wrong with them. */
async function foreignPayloads(): Promise<[reason: string, Payload][]> {
  const [hidden] = (await codecOf(current).encode([payload], ADA)) as [Payload];
  const [ofBob] = (await codecOf(current).encode([payload], BOB)) as [Payload];
  const [ofAnotherNamespace] = (await codecOf(current).encode([payload], {
    ...ADA,
    namespace: 'another',
  })) as [Payload];
  const [ofNobody] = (await codecOf(current).encode([payload])) as [Payload];
  const data = Buffer.from(hidden.data ?? []);
  data[20] = (data[20] ?? 0) ^ 1;
  const relabelled = { ...ofBob, metadata: { ...ofBob.metadata, ...ownerIn(hidden) } };
  return [
    ['not encrypted', payload],
    ['was changed', { ...hidden, data }],
    ['was changed', { ...hidden, data: data.subarray(0, 30) }],
    ['was changed', { ...hidden, data: Buffer.alloc(0) }],
    ['was changed', relabelled],
    ['another workflow', ofBob],
    ['another workflow', ofAnotherNamespace],
    ['another workflow', ofNobody],
  ];
}
const ownerIn = ({ metadata }: Payload) => ({
  'encryption-owner': metadata?.['encryption-owner'] as Uint8Array,
});

describe('what our keys have not written for this workflow', () => {
  test('is refused by clients, without its content', async () => {
    for (const [reason, foreign] of await foreignPayloads()) {
      const decoding = codecIn(clientDataConverter(encryptionOf(current))).decode([foreign], ADA);
      await expect(decoding).rejects.toThrow(reason);
      await expect(decoding).rejects.not.toThrow('c-1');
    }
  });

  test('becomes a value that no message allows in a worker, so that no task fails because of it', async () => {
    for (const [reason, foreign] of await foreignPayloads()) {
      const [refused] = await codecIn(workerDataConverter(encryptionOf(current))).decode([foreign], ADA);
      expect(decoded(refused)).toEqual({ refusedPayload: expect.stringContaining(reason) });
    }
  });

  test('is taken while plain payloads are allowed, if it is plain', async () => {
    for (const converter of [clientDataConverter, workerDataConverter]) {
      const codec = codecIn(converter({ keys: [current], allowsPlain: true }));
      expect(await codec.decode([payload], ADA)).toEqual([payload]);
      const [hidden] = await codec.encode([payload], ADA);
      expect(Buffer.from(hidden?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
    }
  });
});

test('without keys there is no codec', () => {
  expect(createPayloadCodec(encryptionOf())).toBeNull();
});

test('without keys a worker writes and reads payloads as they are', async () => {
  const codec = codecIn(workerDataConverter(encryptionOf()));
  expect(await codec.encode([payload], ADA)).toEqual([payload]);
  expect(await codec.decode([payload], ADA)).toEqual([payload]);
});

test('what nobody can read becomes a value that no message allows in a worker, with and without keys', async () => {
  const unreadable = (encoding: string, data: string): Payload => ({
    metadata: { encoding: Buffer.from(encoding) },
    data: Buffer.from(data),
  });
  const plain = [
    unreadable('json/plain', '{not json'),
    unreadable('of/nobody', 'x'),
    { data: Buffer.from('x') },
  ];
  const hidden = await codecOf(current).encode(plain, ADA);
  for (const [converter, payloads] of [
    [workerDataConverter(encryptionOf()), plain],
    [workerDataConverter(encryptionOf(current)), hidden],
  ] as const)
    for (const read of await codecIn(converter).decode([...payloads], ADA))
      expect(decoded(read)).toEqual({ refusedPayload: 'the payload cannot be read' });
});

test('whether plain payloads are allowed is said in one word, and only where there are keys', () => {
  const PAYLOAD_KEYS = `k1:${old.key.toString('base64')}`;
  const read = (env: NodeJS.ProcessEnv) => {
    const faults: string[] = [];
    return { ...readPayloadEncryption(env, faults), faults };
  };
  expect(read({ PAYLOAD_KEYS })).toMatchObject({ allowsPlain: false, faults: [] });
  expect(read({ PAYLOAD_KEYS, PAYLOAD_ALLOW_PLAIN: 'true' })).toMatchObject({
    allowsPlain: true,
    faults: [],
  });
  expect(read({ PAYLOAD_KEYS, PAYLOAD_ALLOW_PLAIN: 'false' })).toMatchObject({
    allowsPlain: false,
    faults: [],
  });
  expect(read({ PAYLOAD_KEYS, PAYLOAD_ALLOW_PLAIN: 'yes' }).faults).toEqual([
    'PAYLOAD_ALLOW_PLAIN must be true or false',
  ]);
  expect(read({ PAYLOAD_ALLOW_PLAIN: 'true' }).faults).toEqual([
    'PAYLOAD_ALLOW_PLAIN needs PAYLOAD_KEYS: without keys nothing is encrypted',
  ]);
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
    'PAYLOAD_KEYS, entry 5: its id is another key’s too',
  ]);
});
