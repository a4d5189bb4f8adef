// Encrypts what Temporal keeps of our workflows, with AES-256-GCM. It reads no environment and keeps no payload.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type DataConverter, type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { PayloadKey } from './payload-keys.ts';

/** As Temporal's own samples name it, so that tools know what they cannot read. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
/** Bytes: NIST SP 800-38D's own length; random, which is safe for 2^32 payloads under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * @param keys the first encrypts, all of them decrypt
 * @returns null without keys. What was written before there were keys stays readable. Decoding throws `ValueError` for
 *   a payload under an unknown key and for one that was changed.
 */
export function createPayloadCodec(keys: readonly PayloadKey[]): PayloadCodec | null {
  const [current] = keys;
  if (current === undefined) return null;
  return {
    encode: async (payloads) => payloads.map((payload) => encrypted(payload, current)),
    decode: async (payloads) =>
      payloads.map((payload) => (isEncrypted(payload) ? opened(payload, keys) : payload)),
  };
}

/** For Temporal's clients and workers; all of an installation need the same keys. */
export function dataConverterWith(codec: PayloadCodec | null): DataConverter {
  return codec === null ? {} : { payloadCodecs: [codec] };
}

function encrypted(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const keyId = Buffer.from(id);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(keyId);
  const body = [cipher.update(PayloadProto.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: keyId },
    data: Buffer.concat([nonce, ...body, cipher.getAuthTag()]),
  };
}

function opened(payload: Payload, keys: readonly PayloadKey[]): Payload {
  const id = textOf(payload.metadata?.[KEY_ID]);
  const found = keys.find((each) => each.id === id);
  if (found === undefined)
    throw new ValueError(`a payload is encrypted under the key "${id}", which is not here`);
  const data = payload.data ?? new Uint8Array();
  const [nonce, body, tag] = [
    data.subarray(0, NONCE_BYTES),
    data.subarray(NONCE_BYTES, -TAG_BYTES),
    data.subarray(-TAG_BYTES),
  ];
  try {
    const decipher = createDecipheriv(CIPHER, found.key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(id))
      .setAuthTag(tag);
    return PayloadProto.decode(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch (error) {
    throw new ValueError(`a payload under the key "${id}" was changed, or the key was`, error);
  }
}

function isEncrypted({ metadata }: Payload): boolean {
  return textOf(metadata?.encoding) === ENCODING;
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
