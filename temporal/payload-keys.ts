// Reads `PAYLOAD_KEYS`, the keys that encrypt what Temporal keeps.

export interface PayloadKey {
  /** Written beside what it has encrypted, in the clear. */
  readonly id: string;
  readonly key: Buffer;
}

/** AES-256. */
const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads `id:base64key`, comma-separated: the first encrypts, all of them decrypt.
 * @param text empty: no keys, and nothing is encrypted
 * @param faults gets a sentence for everything that is wrong
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
    if (keys.some((other) => other.id === id)) faults.push(`${where}: the id "${id}" is used twice`);
    keys.push({ id, key });
  }
  return keys;
}
