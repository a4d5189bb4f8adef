// The callers' API keys: read from configuration, kept as hashes, found in constant time.
import { createHash, timingSafeEqual } from 'node:crypto';

/** What a key may do; none implies another. */
const SCOPES = ['read', 'charge', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  /** Who did it, in the evidence. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** SHA-256 of the secret; the secret itself is not kept. */
  readonly hash: Buffer;
}

/** What the evidence calls those who act without a key: a key of that name would speak for them. */
const RESERVED_NAMES = ['customer', 'link', 'stripe', 'system', 'temporal'];

/** Characters of a secret that cannot be guessed: 128 random bits are 32 hexadecimal digits. */
const SHORTEST_WITH_REAL_MONEY = 32;

const KEY_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
/** What `authorization: Bearer …` can carry unchanged. */
const SENDABLE = /^[!-~]+$/;
const HASHED = /^sha256=([0-9a-f]{64})$/i;

/**
 * Reads `name:scope[+scope]:secret`, comma-separated; a secret is plain or `sha256=<hex>`.
 * @param faults gets a sentence for everything that is wrong, without any value: an entry may be a secret by mistake
 * @param isLive real money moves: then a plain secret must be long
 */
export function readApiKeys(text: string, faults: string[], isLive = false): ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const [name = '', scopes = '', ...rest] = entry.trim().split(':');
    const secret = rest.join(':');
    const where = `API_KEYS, entry ${index + 1}`;
    if (!KEY_NAME.test(name)) faults.push(`${where}: the name must be 1 to 64 of A-Z a-z 0-9 _ . -`);
    if (RESERVED_NAMES.includes(name.toLowerCase()))
      faults.push(`${where}: the name must be none of ${RESERVED_NAMES.join(', ')}`);
    if (isLive && !HASHED.test(secret) && secret.length < SHORTEST_WITH_REAL_MONEY)
      faults.push(
        `${where}: the secret must be of at least ${SHORTEST_WITH_REAL_MONEY} characters with live Stripe keys: openssl rand -hex 32 makes one`,
      );
    if (secret === '') faults.push(`${where}: it must read name:scope[+scope]:secret`);
    else if (!SENDABLE.test(secret))
      faults.push(
        `${where}: the secret must be of letters, digits and punctuation, for it is sent in a header`,
      );
    const granted = scopes.split('+');
    if (!granted.every(isScope))
      faults.push(`${where}: the scopes must be among ${SCOPES.join(', ')}, with + between them`);
    if (secret.startsWith('sha256=') && !HASHED.test(secret))
      faults.push(`${where}: sha256= needs 64 hexadecimal digits`);
    const hash = HASHED.test(secret) ? Buffer.from(secret.slice('sha256='.length), 'hex') : sha256(secret);
    if (keys.some((key) => key.name === name)) faults.push(`${where}: its name is another key’s too`);
    if (keys.some((key) => key.hash.equals(hash))) faults.push(`${where}: its secret is another key’s too`);
    keys.push({ name, scopes: new Set(granted.filter(isScope)), hash });
  }
  return keys;
}

/** The key a secret belongs to. Every key is compared, each in constant time. */
export function findApiKey(keys: readonly ApiKey[], secret: string): ApiKey | null {
  const hash = sha256(secret);
  let found: ApiKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
