// Encrypts what Temporal keeps of our workflows, with AES-256-GCM, and refuses what our keys have not written.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import {
  type DataConverter,
  defaultPayloadConverter,
  type Payload,
  type PayloadCodec,
  type SerializationContext,
  ValueError,
} from '@temporalio/common';
import proto from '@temporalio/proto';
import { REFUSED_PAYLOAD } from '../workflows/messages.ts';
import type { PayloadEncryption, PayloadKey } from './payload-keys.ts';

/** As Temporal's own samples name it, so that tools know what they cannot read. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/**
 * A hash of the workflow that it was written for, or of the activity that runs without one, so that the codec endpoint can
 * decrypt without knowing which.
 */
const OWNER = 'encryption-owner';
const CIPHER = 'aes-256-gcm';
/** Bytes: NIST SP 800-38D's own length; random, which is safe for 2^32 payloads under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const { Payload: PayloadProto } = proto.temporal.api.common.v1;

/**
 * For Temporal's clients and for the codec endpoint. What is refused (plain, changed, or written for another workflow)
 * throws `ValueError`, and so does a payload under a key that is not here.
 * @returns null without keys: nothing is encrypted, and everything is read as it is
 */
export function createPayloadCodec(encryption: PayloadEncryption): PayloadCodec | null {
  return codecWith(encryption, (reason) => {
    throw new ValueError(reason);
  });
}

export function clientDataConverter(encryption: PayloadEncryption): DataConverter {
  const codec = createPayloadCodec(encryption);
  return codec === null ? {} : { payloadCodecs: [codec] };
}

/**
 * For workers. What is refused becomes `{[REFUSED_PAYLOAD]: reason}`, which no message's schema allows, so a signal is
 * dropped and an update refused where a throw would fail the workflow's tasks for as long as the signal is in its
 * history. So does what nobody can read, with or without keys: text that says it is JSON and is none, or another
 * encoding. A key that is not here does throw: tasks then fail until it is back, and nothing is lost.
 */
export function workerDataConverter(encryption: PayloadEncryption): DataConverter {
  const refused = (reason: string): Payload =>
    defaultPayloadConverter.toPayload({ [REFUSED_PAYLOAD]: reason });
  const codec = codecWith(encryption, refused);
  const readable = (payload: Payload): Payload =>
    isReadable(payload) ? payload : refused('the payload cannot be read');
  const checked: PayloadCodec = {
    encode: async (payloads, context) => (codec ? codec.encode(payloads, context) : payloads),
    decode: async (payloads, context) =>
      (codec ? await codec.decode(payloads, context) : payloads).map(readable),
  };
  return { payloadCodecs: [checked] };
}

function isReadable(payload: Payload): boolean {
  try {
    defaultPayloadConverter.fromPayload(payload);
    return true;
  } catch {
    return false;
  }
}

/** @param refused what takes the place of a payload that is not taken */
function codecWith(
  { keys, allowsPlain }: PayloadEncryption,
  refused: (reason: string) => Payload,
): PayloadCodec | null {
  const [current] = keys;
  if (current === undefined) return null;
  const decrypted = (payload: Payload, context: SerializationContext | undefined): Payload => {
    if (textOf(payload.metadata?.encoding) !== ENCODING)
      return allowsPlain ? payload : refused('the payload is not encrypted');
    const id = textOf(payload.metadata?.[KEY_ID]);
    const found = keys.find((key) => key.id === id);
    if (found === undefined)
      throw new ValueError(`a payload is encrypted under the key "${id}", which is not here`);
    const owner = textOf(payload.metadata?.[OWNER]);
    if (context !== undefined && owner !== ownerOf(context))
      return refused('the payload was written for another workflow or activity');
    return (
      opened(payload, found, owner) ??
      refused(`the payload under the key "${id}" was changed, or the key was`)
    );
  };
  return {
    encode: async (payloads, context) =>
      payloads.map((payload) => encrypted(payload, current, ownerOf(context))),
    decode: async (payloads, context) => payloads.map((payload) => decrypted(payload, context)),
  };
}

/**
 * Of the workflow that a payload belongs to, or of the activity that no workflow has scheduled, for which the SDK's worker
 * gives an empty workflow id and its client none. Empty where nobody says, as at the codec endpoint.
 */
function ownerOf(context: SerializationContext | undefined): string {
  if (context === undefined) return '';
  const { namespace, workflowId } = context;
  const activityId = context.type === 'activity' ? context.activityId : undefined;
  if (workflowId) return hashOf(`${namespace}/${workflowId}`);
  return activityId ? hashOf(`activity ${namespace}/${activityId}`) : ''; // no namespace has a space in it
}

function hashOf(owner: string): string {
  return createHash('sha256').update(owner).digest('hex');
}

function encrypted(payload: Payload, { id, key }: PayloadKey, owner: string): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(
    alsoAuthentic(id, owner),
  );
  const body = [cipher.update(PayloadProto.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id), [OWNER]: Buffer.from(owner) },
    data: Buffer.concat([nonce, ...body, cipher.getAuthTag()]),
  };
}

/** @returns null when the payload is not what was written under this key for this owner */
function opened(payload: Payload, { id, key }: PayloadKey, owner: string): Payload | null {
  const data = payload.data ?? new Uint8Array();
  const [nonce, body, tag] = [
    data.subarray(0, NONCE_BYTES),
    data.subarray(NONCE_BYTES, -TAG_BYTES),
    data.subarray(-TAG_BYTES),
  ];
  try {
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(alsoAuthentic(id, owner))
      .setAuthTag(tag);
    return PayloadProto.decode(Buffer.concat([decipher.update(body), decipher.final()]));
  } catch {
    return null;
  }
}

/** Authenticated with the payload; an id holds no NUL. */
function alsoAuthentic(keyId: string, owner: string): Buffer {
  return Buffer.from(`${keyId}\0${owner}`);
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
