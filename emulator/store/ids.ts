// Ids in Stripe's manner: a prefix that names the kind, and random letters and digits.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` random letters and digits. */
export function randomText(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += ALPHABET[byte % ALPHABET.length];
  return text;
}

/** A fresh id, e.g. `pi_3Qv…`. */
export function newId(prefix: string): string {
  return `${prefix}_${randomText(24)}`;
}
