// Each customer's random secret: what is hashed with it cannot be guessed once the secret is erased.
import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import { keyedHashOf } from './hash.ts';
import type { Tables } from './schema.ts';

/** Makes the secret where there is none: before the first request, and after an erasure. */
async function secretOf(db: Kysely<Tables>, customerId: string): Promise<string> {
  for (;;) {
    const row = await db
      .selectFrom('customer_secrets')
      .select('secret')
      .where('customer_id', '=', customerId)
      .executeTakeFirst();
    if (row) return row.secret;
    await db
      .insertInto('customer_secrets')
      .values({ customer_id: customerId, secret: randomBytes(32).toString('base64url') })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** The same value of the same customer has the same hash until the secret is erased. */
export async function customerHashOf(
  db: Kysely<Tables>,
  customerId: string,
  value: unknown,
): Promise<string> {
  return keyedHashOf(await secretOf(db, customerId), value);
}
