// Claims: which request may use a customer's or a charge's id, decided before anything exists at Stripe.
import { type Kysely, sql, type Transaction } from 'kysely';
import { defined } from '../domain/shared/defined.ts';
import { chargeRow, comparedTerms, selectCharges, textsKey, textsOf } from './charge-rows.ts';
import type { ChargeRow, ChargeTerms, Claim, Claims } from './ledger.ts';
import { insertPersonal } from './personal.ts';
import type { Tables } from './schema.ts';
import { customerHashOf } from './secrets.ts';

/** In place of a request's id once the customer is erased. No request has this id. */
export const ERASED = 'erased';

type CustomerClaim = Parameters<Claims['claimCustomer']>[0];

export function claims(db: Kysely<Tables>): Claims {
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

    async claimCharge(customerId, terms) {
      const hash = await customerHashOf(db, customerId, comparedTerms(terms));
      for (;;) {
        const claimed = await db.transaction().execute((trx) => insertCharge(trx, customerId, terms, hash));
        if (claimed) return claimed;
        const row = await selectCharges(db)
          .where('charges.customer_id', '=', customerId)
          .where('charges.charge_id', '=', terms.chargeId)
          .executeTakeFirst();
        if (row) return { claim: compared(row, terms, hash), row: chargeRow(row) };
      }
    },

    async acceptCharge(customerId, chargeId) {
      await db
        .updateTable('charges')
        .set({ status: 'scheduled' })
        .where('customer_id', '=', customerId)
        .where('charge_id', '=', chargeId)
        .where('status', '=', 'claimed')
        .execute();
    },

    async releaseCharge(customerId, terms) {
      const hash = await customerHashOf(db, customerId, comparedTerms(terms));
      await db.transaction().execute(async (trx) => {
        const removed = await trx
          .deleteFrom('charges')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', terms.chargeId)
          .where('status', '=', 'claimed')
          .where('terms_hash', '=', hash)
          .where('view', 'is', null)
          .returning('charge_id')
          .executeTakeFirst();
        const released = removed ?? (await backToRefused(trx, customerId, terms.chargeId, hash));
        if (released)
          await trx
            .deleteFrom('personal_data')
            .where('customer_id', '=', customerId)
            .where('key', '=', textsKey(terms.chargeId))
            .execute();
      });
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
    ...defined({ stripe_customer_id: claim.stripeCustomerId }),
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

/** Also gives other terms to a charge that was refused before it could be paid. Null when the id is in use. */
async function insertCharge(
  trx: Transaction<Tables>,
  customerId: string,
  terms: ChargeTerms,
  hash: string,
): Promise<{ readonly claim: Claim; readonly row: ChargeRow } | null> {
  const row = {
    terms_hash: hash,
    amount: terms.amount,
    currency: terms.currency,
    due_at_ms: terms.dueAtMs ?? null,
    status: 'claimed' as const,
  };
  const inserted = await trx
    .insertInto('charges')
    .values({ customer_id: customerId, charge_id: terms.chargeId, ...row })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  const claimed =
    inserted ??
    (await trx
      .updateTable('charges')
      .set(row)
      .set((eb) => ({ corrections: eb('corrections', '+', 1) }))
      .where('customer_id', '=', customerId)
      .where('charge_id', '=', terms.chargeId)
      .where('status', '=', 'refused')
      .where(differs(terms, hash))
      .where(sql<boolean>`view->>'paymentIntentId' is null`)
      .where(
        sql<boolean>`not exists (select from stripe_objects where stripe_objects.customer_id = charges.customer_id
          and stripe_objects.charge_id = charges.charge_id)`,
      )
      .returningAll()
      .executeTakeFirst());
  if (!claimed) return null;
  const key = textsKey(terms.chargeId);
  const texts = textsOf(terms);
  if (!inserted)
    await trx
      .deleteFrom('personal_data')
      .where('customer_id', '=', customerId)
      .where('key', '=', key)
      .execute();
  if (texts) await insertPersonal(trx, customerId, { [key]: texts });
  return { claim: inserted ? 'new' : 'replaced', row: chargeRow({ ...claimed, texts }) };
}

/** As `compared` tells a conflict. */
function differs({ amount, currency, dueAtMs }: ChargeTerms, hash: string) {
  return sql<boolean>`case when terms_hash is not null then terms_hash <> ${hash}
    else amount <> ${amount} or currency <> ${currency} or ${dueAtMs ?? null}::bigint <> due_at_ms end`;
}

/** The workflow did not take the terms that were to replace the refused ones: what it recorded counts again. */
async function backToRefused(
  trx: Transaction<Tables>,
  customerId: string,
  chargeId: string,
  hash: string,
): Promise<{ readonly charge_id: string } | undefined> {
  return await trx
    .updateTable('charges')
    .set({
      status: 'refused',
      terms_hash: null,
      amount: sql<number>`(view->>'amount')::bigint`,
      currency: sql<string>`view->>'currency'`,
      due_at_ms: sql<number>`(view->>'dueAtMs')::bigint`,
    })
    .where('customer_id', '=', customerId)
    .where('charge_id', '=', chargeId)
    .where('status', '=', 'claimed')
    .where('terms_hash', '=', hash)
    .where('view', 'is not', null)
    .returning('charge_id')
    .executeTakeFirst();
}

/** Without a hash, whatever is known of a charge must agree: its amount, currency and due time. */
function compared(
  row: Pick<Tables['charges'], 'terms_hash' | 'amount' | 'currency' | 'due_at_ms'>,
  terms: ChargeTerms,
  hash: string,
): Claim {
  const isSame =
    row.terms_hash === null
      ? row.amount === terms.amount &&
        row.currency === terms.currency &&
        (terms.dueAtMs === undefined || terms.dueAtMs === row.due_at_ms)
      : row.terms_hash === hash;
  return isSame ? 'same' : 'conflict';
}
