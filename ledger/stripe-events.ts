// Stripe's events: those that belong to no customer, and how far the catch-up has read the list of all.
import { type Kysely, sql } from 'kysely';
import type { StripeEvents } from './ledger.ts';
import type { Tables } from './schema.ts';

/** Whoever may send events chooses what is in them: these rows are not to fill a disk. */
export const UNCLAIMED_KEPT = 10_000;

export function stripeEvents(db: Kysely<Tables>): StripeEvents {
  return {
    async addUnclaimedEvent({ eventId, type, objectId, reason }) {
      await sql`insert into unclaimed_events (event_id, type, object_id, reason)
        select ${eventId}::text, ${type}::text, ${objectId}::text, ${reason}::text
        where (select count(event_id) from unclaimed_events) < ${UNCLAIMED_KEPT}
        on conflict (event_id) do nothing`.execute(db);
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
