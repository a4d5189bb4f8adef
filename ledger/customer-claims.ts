// Claims of customers: which request may use a customer's id, decided before anything exists at Stripe.
import { type Kysely, sql, type Transaction } from 'kysely';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { Claim, Claims } from './ledger.ts';
import { insertPersonal } from './personal.ts';
import type { Tables } from './schema.ts';
import { customerHashOf } from './secrets.ts';

/** In place of a request's id once the customer is erased. No request has this id. */
export const ERASED = 'erased';

type CustomerClaims = Pick<Claims, 'requestIdOf' | 'claimCustomer' | 'releaseCustomer'>;
type CustomerClaim = Parameters<Claims['claimCustomer']>[0];

export function customerClaims(db: Kysely<Tables>): CustomerClaims {
  return {
    requestIdOf: (customerId, request) => customerHashOf(db, customerId, request),

    async claimCustomer(claim) {
      for (;;) {
        const claimed = await db.transaction().execute((trx) => insertCustomer(trx, claim));
        if (claimed) return claimed;
        const row = await db
          .selectFrom('customers')
          .select('request_id')
          .where('customer_id', '=', claim.customerId)
          .executeTakeFirst();
        // No row: its claim was released a moment ago, so the id is free again.
        if (row) return row.request_id === claim.requestId ? 'same' : 'conflict';
      }
    },

    async releaseCustomer(customerId, requestId) {
      await db
        .with('released', (cte) =>
          cte
            .deleteFrom('customers')
            .where('customer_id', '=', customerId)
            .where('request_id', '=', requestId)
            .where('view', 'is', null)
            .returning('customer_id'),
        )
        .deleteFrom('personal_data')
        .where('customer_id', 'in', (eb) => eb.selectFrom('released').select('customer_id'))
        .execute();
    },
  };
}

/**
 * Also claims a customer whom a workflow recorded after the claim had been released, and one with whom nothing came of
 * the request that is there. Null when the id is in use.
 */
async function insertCustomer(
  trx: Transaction<Tables>,
  claim: CustomerClaim,
): Promise<Claim | 'stripe_customer_in_use' | null> {
  const row = {
    request_id: claim.requestId,
    metadata: JSON.stringify(claim.metadata),
    ...omitUndefined({ stripe_customer_id: claim.stripeCustomerId }),
  };
  const { stripeCustomerId } = claim;
  if (stripeCustomerId !== undefined && (await isUsedByAnother(trx, claim, stripeCustomerId)))
    return 'stripe_customer_in_use';
  const claimed = await trx
    .insertInto('customers')
    .values({ customer_id: claim.customerId, ...row })
    .onConflict((conflict) =>
      conflict.column('customer_id').doUpdateSet(row).where('customers.request_id', 'is', null),
    )
    .returning('customer_id')
    .executeTakeFirst();
  const replaced = claimed ?? (await replaceFruitless(trx, claim, row));
  if (!replaced) return null;
  await insertPersonal(trx, claim.customerId, claim.personal);
  return claimed ? 'new' : 'replaced';
}

/** Whether another customer of ours has this customer of Stripe's; who claims one at the same moment waits here. */
async function isUsedByAnother(
  trx: Transaction<Tables>,
  { customerId }: CustomerClaim,
  stripeCustomerId: string,
): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${stripeCustomerId}, 0))`.execute(trx);
  const other = await trx
    .selectFrom('customers')
    .select('customer_id')
    .where('stripe_customer_id', '=', stripeCustomerId)
    .where('customer_id', '<>', customerId)
    .executeTakeFirst();
  return other !== undefined;
}

/** Replaces a request whose enrolment failed before Stripe made a SetupIntent. Its contact is removed; consents stay. */
async function replaceFruitless(
  trx: Transaction<Tables>,
  { customerId, requestId }: CustomerClaim,
  row: { readonly request_id: string; readonly metadata: string; readonly stripe_customer_id?: string },
): Promise<boolean> {
  const replaced = await trx
    .updateTable('customers')
    .set(row)
    .where('customer_id', '=', customerId)
    .where('request_id', 'not in', [requestId, ERASED])
    .where(sql<boolean>`view->'enrolment'->>'status' = 'failed' and (view->'enrolment'->>'closed')::boolean`)
    .where(sql<boolean>`view->'mandate' is null and view->>'status' <> 'cancelled'`)
    .where(
      sql<boolean>`not exists (select from stripe_objects
        where stripe_objects.customer_id = customers.customer_id and stripe_id like 'seti\\_%')`,
    )
    .returning('customer_id')
    .executeTakeFirst();
  if (!replaced) return false;
  await trx
    .deleteFrom('personal_data')
    .where('customer_id', '=', customerId)
    .where('key', '=', 'contact')
    .execute();
  return true;
}
