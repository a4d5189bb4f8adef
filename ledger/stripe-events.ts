// Stripe's events: those that belong to no customer, and how far the catch-up has read the list of all.
import type { Kysely } from 'kysely';
import type { StripeEvents } from './ledger.ts';
import type { Tables } from './schema.ts';

export function stripeEvents(db: Kysely<Tables>): StripeEvents {
  return {
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

    async caughtUpThrough() {
      const row = await db.selectFrom('catch_up').select('through_ms').executeTakeFirst();
      return row?.through_ms ?? null;
    },

    async setCaughtUp(throughMs) {
      await db
        .insertInto('catch_up')
        .values({ through_ms: throughMs })
        .onConflict((conflict) =>
          conflict.column('only_one').doUpdateSet((eb) => ({
            through_ms: eb.fn<number>('greatest', ['catch_up.through_ms', 'excluded.through_ms']),
          })),
        )
        .execute();
    },
  };
}
