// Claims of charges: which terms may use a charge's id, decided before anything exists at Stripe.
import { type Kysely, sql, type Transaction } from 'kysely';
import { chargeRow, comparedTerms, selectCharges, textsKey, textsOf } from './charge-rows.ts';
import type { ChargeRow, ChargeTerms, Claim, Claims } from './ledger.ts';
import { insertPersonal } from './personal.ts';
import type { Tables } from './schema.ts';
import { customerHashOf } from './secrets.ts';

type ChargeClaims = Pick<Claims, 'claimCharge' | 'acceptCharge' | 'releaseCharge'>;

export function chargeClaims(db: Kysely<Tables>): ChargeClaims {
  return {
    async claimCharge(customerId, terms, actor) {
      const hash = await customerHashOf(db, customerId, comparedTerms(terms));
      for (;;) {
        const claimed = await db
          .transaction()
          .execute((trx) => insertCharge(trx, customerId, { terms, hash, actor }));
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
        .set({ status: 'scheduled', hand_over_at_ms: null })
        .where('customer_id', '=', customerId)
        .where('charge_id', '=', chargeId)
        .where((eb) => eb.or([eb('status', '=', 'claimed'), eb('hand_over_at_ms', 'is not', null)]))
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

/** Also gives other terms to a charge that was refused before it could be paid. Null when the id is in use. */
async function insertCharge(
  trx: Transaction<Tables>,
  customerId: string,
  { terms, hash, actor }: { readonly terms: ChargeTerms; readonly hash: string; readonly actor: string },
): Promise<{ readonly claim: Claim; readonly row: ChargeRow } | null> {
  const row = {
    terms_hash: hash,
    amount: terms.amount,
    currency: terms.currency,
    due_at_ms: terms.dueAtMs ?? null,
    policy_name: terms.policyName ?? null,
    policy: terms.policy === undefined ? null : JSON.stringify(terms.policy),
    actor,
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
