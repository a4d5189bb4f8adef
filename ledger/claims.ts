// Claims: which request may use a customer's or a charge's id, decided before anything exists at Stripe.
import type { Kysely } from 'kysely';
import { chargeRow, selectCharges, termsHash, textsKey, textsOf } from './charge-rows.ts';
import type { ChargeRow, ChargeTerms, Claim, Claims } from './ledger.ts';
import { insertPersonal } from './personal.ts';
import type { Tables } from './schema.ts';

export function claims(db: Kysely<Tables>): Claims {
  return {
    async claimCustomer(claim) {
      for (;;) {
        if (await insertCustomer(db, claim)) return 'new';
        const row = await db
          .selectFrom('customers')
          .select('request_hash')
          .where('customer_id', '=', claim.customerId)
          .executeTakeFirst();
        // No row: its claim was released a moment ago, so the id is free again.
        if (row) return row.request_hash === claim.requestHash ? 'same' : 'conflict';
      }
    },

    async releaseCustomer(customerId, requestHash) {
      await db
        .with('released', (cte) =>
          cte
            .deleteFrom('customers')
            .where('customer_id', '=', customerId)
            .where('request_hash', '=', requestHash)
            .where('view', 'is', null)
            .returning('customer_id'),
        )
        .deleteFrom('personal_data')
        .where('customer_id', 'in', (eb) => eb.selectFrom('released').select('customer_id'))
        .execute();
    },

    async claimCharge(customerId, terms) {
      for (;;) {
        const inserted = await insertClaim(db, customerId, terms);
        if (inserted) return { claim: 'new', row: inserted };
        const row = await selectCharges(db)
          .where('charges.customer_id', '=', customerId)
          .where('charges.charge_id', '=', terms.chargeId)
          .executeTakeFirst();
        if (row) return { claim: compared(row, terms), row: chargeRow(row) };
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
      await db
        .with('released', (cte) =>
          cte
            .deleteFrom('charges')
            .where('customer_id', '=', customerId)
            .where('charge_id', '=', terms.chargeId)
            .where('status', '=', 'claimed')
            .where('terms_hash', '=', termsHash(terms))
            .returning('customer_id'),
        )
        .deleteFrom('personal_data')
        .where('customer_id', 'in', (eb) => eb.selectFrom('released').select('customer_id'))
        .where('key', '=', textsKey(terms.chargeId))
        .execute();
    },
  };
}

/** Also claims a customer whom a workflow recorded after the claim had been released. */
function insertCustomer(db: Kysely<Tables>, claim: Parameters<Claims['claimCustomer']>[0]): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const claimed = await trx
      .insertInto('customers')
      .values({
        customer_id: claim.customerId,
        request_hash: claim.requestHash,
        metadata: JSON.stringify(claim.metadata),
      })
      .onConflict((conflict) =>
        conflict
          .column('customer_id')
          .doUpdateSet((eb) => ({
            request_hash: eb.ref('excluded.request_hash'),
            metadata: eb.ref('excluded.metadata'),
          }))
          .where('customers.request_hash', 'is', null),
      )
      .returning('customer_id')
      .executeTakeFirst();
    if (!claimed) return false;
    await insertPersonal(trx, claim.customerId, claim.personal);
    return true;
  });
}

/** Null when the id is in use. */
function insertClaim(db: Kysely<Tables>, customerId: string, terms: ChargeTerms): Promise<ChargeRow | null> {
  return db.transaction().execute(async (trx) => {
    const claimed = await trx
      .insertInto('charges')
      .values({
        customer_id: customerId,
        charge_id: terms.chargeId,
        terms_hash: termsHash(terms),
        amount: terms.amount,
        currency: terms.currency,
        due_at_ms: terms.dueAtMs ?? null,
        status: 'claimed',
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (!claimed) return null;
    const texts = textsOf(terms);
    if (texts) await insertPersonal(trx, customerId, { [textsKey(terms.chargeId)]: texts });
    return chargeRow({ ...claimed, texts });
  });
}

/** A charge that a workflow opened without a claim has no hash: then whatever is known of it must agree. */
function compared(
  row: Pick<Tables['charges'], 'terms_hash' | 'amount' | 'currency' | 'due_at_ms'>,
  terms: ChargeTerms,
): Claim {
  const same =
    row.terms_hash === null
      ? row.amount === terms.amount &&
        row.currency === terms.currency &&
        (terms.dueAtMs === undefined || terms.dueAtMs === row.due_at_ms)
      : row.terms_hash === termsHash(terms);
  return same ? 'same' : 'conflict';
}
