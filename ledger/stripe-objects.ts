// The Stripe object index: which customer and charge each object belongs to.
import { type Kysely, sql } from 'kysely';
import type { StripeObjectIndex } from './ledger.ts';
import type { Tables } from './schema.ts';

export function stripeObjects(db: Kysely<Tables>): StripeObjectIndex {
  return {
    async addStripeObject({ stripeId, customerId, chargeId }) {
      await db
        .insertInto('stripe_objects')
        .values({ stripe_id: stripeId, customer_id: customerId, charge_id: chargeId ?? null })
        .onConflict((conflict) => conflict.column('stripe_id').doNothing())
        .execute();
    },

    claimIntent({ customerId, chargeId, paymentIntentId, canceled }) {
      return db.transaction().execute(async (trx) => {
        // The charge's row is the lock that makes concurrent claims wait for each other.
        await trx
          .selectFrom('charges')
          .select('charge_id')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', chargeId)
          .forUpdate()
          .execute();
        const indexed = await trx
          .selectFrom('stripe_objects')
          .select('stripe_id')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', chargeId)
          .orderBy('position')
          .execute();
        const open = indexed.find((object) => !canceled.includes(object.stripe_id));
        if (open) return open.stripe_id;
        await trx
          .insertInto('stripe_objects')
          .values({ stripe_id: paymentIntentId, customer_id: customerId, charge_id: chargeId })
          .onConflict((conflict) => conflict.column('stripe_id').doNothing())
          .execute();
        return paymentIntentId;
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
        .select(sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint - indexed_at_ms`.as('ms'))
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
