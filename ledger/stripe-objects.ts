// The Stripe object index: which customer and charge each object belongs to.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ClaimedIntent, StripeObjectIndex } from './ledger.ts';
import type { Tables } from './schema.ts';

const INDEXED_FOR_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint - indexed_at_ms`;

export function stripeObjects(db: Kysely<Tables>): StripeObjectIndex {
  return {
    async addStripeObject({ stripeId, customerId, chargeId }) {
      await db
        .insertInto('stripe_objects')
        .values({ stripe_id: stripeId, customer_id: customerId, charge_id: chargeId ?? null })
        .onConflict((conflict) => conflict.column('stripe_id').doNothing())
        .execute();
    },

    claimIntent({ customerId, chargeId, paymentIntentId, intentNumber, canceled }) {
      return db.transaction().execute(async (trx) => {
        const { ruledOut, open } = await lockIntents(trx, { customerId, chargeId, canceled });
        if (open) return open;
        if (intentNumber !== null && intentNumber <= ruledOut) return null;
        await trx
          .insertInto('stripe_objects')
          .values({ stripe_id: paymentIntentId, customer_id: customerId, charge_id: chargeId })
          .onConflict((conflict) => conflict.column('stripe_id').doNothing())
          .execute();
        return { paymentIntentId, indexedForMs: 0 };
      });
    },

    ruleOutIntents({ customerId, chargeId, through, canceled }) {
      return db.transaction().execute(async (trx) => {
        const { ruledOut, open } = await lockIntents(trx, { customerId, chargeId, canceled });
        if (open) return open.paymentIntentId;
        if (ruledOut < through)
          await trx
            .updateTable('charges')
            .set({ intents_ruled_out: through })
            .where('customer_id', '=', customerId)
            .where('charge_id', '=', chargeId)
            .execute();
        return null;
      });
    },

    async findStripeObject(stripeId) {
      const row = await db
        .selectFrom('stripe_objects')
        .select(['customer_id as customerId', 'charge_id as chargeId'])
        .where('stripe_id', '=', stripeId)
        .executeTakeFirst();
      return row ?? null;
    },

    async indexedForMs(stripeId) {
      const row = await db
        .selectFrom('stripe_objects')
        .select(INDEXED_FOR_MS.as('ms'))
        .where('stripe_id', '=', stripeId)
        .executeTakeFirst();
      return row?.ms ?? null;
    },

    async stripeObjectsOf(customerId) {
      return await db
        .selectFrom('stripe_objects')
        .select(['stripe_id as stripeId', 'charge_id as chargeId'])
        .where('customer_id', '=', customerId)
        .orderBy('position', 'desc')
        .execute();
    },
  };
}

/** The charge's row is the lock that makes whoever claims its intents, or rules them out, wait for each other. */
async function lockIntents(
  trx: Transaction<Tables>,
  {
    customerId,
    chargeId,
    canceled,
  }: { readonly customerId: string; readonly chargeId: string; readonly canceled: readonly string[] },
): Promise<{ readonly ruledOut: number; readonly open: ClaimedIntent | undefined }> {
  const charge = await trx
    .selectFrom('charges')
    .select('intents_ruled_out')
    .where('customer_id', '=', customerId)
    .where('charge_id', '=', chargeId)
    .forUpdate()
    .executeTakeFirst();
  const indexed = await trx
    .selectFrom('stripe_objects')
    .select(['stripe_id as paymentIntentId', INDEXED_FOR_MS.as('indexedForMs')])
    .where('customer_id', '=', customerId)
    .where('charge_id', '=', chargeId)
    .orderBy('position')
    .execute();
  const open = indexed.find(({ paymentIntentId }) => !canceled.includes(paymentIntentId));
  return { ruledOut: charge?.intents_ruled_out ?? 0, open };
}
