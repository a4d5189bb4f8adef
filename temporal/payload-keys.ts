// Reads the keys that encrypt what Temporal keeps, and whether what is not encrypted is taken.

export interface PayloadKey {
  /** Written beside what it has encrypted, in the clear. */
  readonly id: string;
  readonly key: Buffer;
}

export interface PayloadEncryption {
  /** The first encrypts, all of them decrypt; empty: nothing is encrypted. */
  readonly keys: readonly PayloadKey[];
  /** Also takes what is not encrypted: for as long as histories from before the keys are in use. */
  readonly allowsPlain: boolean;
}

/**
 * Reads `PAYLOAD_KEYS` and `PAYLOAD_ALLOW_PLAIN` (`true` or `false`, which is the default).
 * @param faults gets a sentence for everything that is wrong
 */
export function readPayloadEncryption(
  env: { readonly [name: string]: string | undefined },
  faults: string[],
): PayloadEncryption {
  const keys = readPayloadKeys(env.PAYLOAD_KEYS ?? '', faults);
  const allowPlain = env.PAYLOAD_ALLOW_PLAIN ?? '';
  if (!['', 'true', 'false'].includes(allowPlain)) faults.push('PAYLOAD_ALLOW_PLAIN must be true or false');
  else if (allowPlain !== '' && keys.length === 0)
    faults.push('PAYLOAD_ALLOW_PLAIN needs PAYLOAD_KEYS: without keys nothing is encrypted');
  return { keys, allowsPlain: allowPlain === 'true' };
}

/** AES-256. */
const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads `id:base64key`, comma-separated: the first encrypts, all of them decrypt.
 * @param text empty: no keys, and nothing is encrypted
 * @param faults gets a sentence for everything that is wrong, without any value: an id may be a key by mistake
 */
export function readPayloadKeys(text: string, faults: string[]): PayloadKey[] {
  if (text.trim() === '') return [];
  const keys: PayloadKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const [id = '', encoded = '', ...rest] = entry.trim().split(':');
    const where = `PAYLOAD_KEYS, entry ${index + 1}`;
    if (!KEY_ID.test(id)) faults.push(`${where}: the id must be 1 to 64 of A-Z a-z 0-9 _ . -`);
    const key = Buffer.from(encoded, 'base64');
    if (rest.length > 0 || !BASE64.test(encoded) || key.length !== KEY_BYTES)
      faults.push(`${where}: it must read id:key, the key ${KEY_BYTES} bytes in base64`);
    if (keys.some((other) => other.id === id)) faults.push(`${where}: its id is another key’s too`);
    keys.push({ id, key });
  }
  return keys;
}
