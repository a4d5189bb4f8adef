// The address book of Stripe's objects, and the events that no entry was found for. It knows ids, not their meaning.
import type { Kysely } from 'kysely';
import type { Ledger } from './ledger.ts';
import type { Tables } from './schema.ts';

type StripeObjects = Pick<
  Ledger,
  | 'addStripeObject'
  | 'claimIntent'
  | 'findStripeObject'
  | 'stripeObjectsOf'
  | 'addUnclaimedEvent'
  | 'countUnclaimedEvents'
>;

export function stripeObjects(db: Kysely<Tables>): StripeObjects {
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
        // The charge's row is the lock that keeps two claims apart.
        await trx
          .selectFrom('charges')
          .select('charge_id')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', chargeId)
          .forUpdate()
          .execute();
        const known = await trx
          .selectFrom('stripe_objects')
          .select('stripe_id')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', chargeId)
          .orderBy('position')
          .execute();
        const first = known.find((object) => !canceled.includes(object.stripe_id));
        if (first) return first.stripe_id;
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

    async stripeObjectsOf(customerId) {
      return await db
        .selectFrom('stripe_objects')
        .select(['stripe_id as stripeId', 'charge_id as chargeId'])
        .where('customer_id', '=', customerId)
        .orderBy('position', 'desc')
        .execute();
    },

    async addUnclaimedEvent({ eventId, type, objectId, reason }) {
      await db
        .insertInto('unclaimed_events')
        .values({ event_id: eventId, type, object_id: objectId, reason })
        .onConflict((conflict) => conflict.column('event_id').doNothing())
        .execute();
    },

    async countUnclaimedEvents() {
      const { count } = await db
        .selectFrom('unclaimed_events')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },
  };
}
