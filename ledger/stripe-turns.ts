// Whose turn it is to ask Stripe: reserved here, so that all workers together keep within the account's limits.
import { type Kysely, sql } from 'kysely';
import type { StripeTurns } from './ledger.ts';
import type { Tables } from './schema.ts';

/** Epoch ms, the same throughout a statement. */
const NOW_MS = sql<number>`extract(epoch from statement_timestamp()) * 1000`;

/** The row of the whole account; every other is one endpoint's. */
const ACCOUNT = '';

export function stripeTurns(db: Kysely<Tables>): StripeTurns {
  return {
    async reserveStripeTurns({ endpoint, turns, perEndpoint, total, overdueMs }) {
      const lengthOf = (name: string) => (turns * 1_000) / (name === ACCOUNT ? total : perEndpoint);
      // Always in this order, so that no two processes wait for each other.
      const rows = [ACCOUNT, endpoint].map(
        (name) => sql`(${name}::text, ${lengthOf(name)}::double precision)`,
      );
      const reserved = await sql<{ readonly name: string; readonly ends_in_ms: number }>`
        insert into stripe_turns as turn (name, next_at_ms)
        select name, ${NOW_MS} + length from (values ${sql.join(rows)}) as asked (name, length)
        on conflict (name) do update set next_at_ms =
          greatest(turn.next_at_ms, ${NOW_MS} - ${overdueMs}::double precision) + excluded.next_at_ms - ${NOW_MS}
        returning name, (next_at_ms - ${NOW_MS})::double precision as ends_in_ms`.execute(db);
      return Math.max(...reserved.rows.map(({ name, ends_in_ms }) => ends_in_ms - lengthOf(name)));
    },

    async postponeStripeTurns(ms) {
      await db
        .insertInto('stripe_turns')
        .values({ name: ACCOUNT, next_at_ms: sql`${NOW_MS} + ${ms}::double precision` })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ next_at_ms: sql`greatest(stripe_turns.next_at_ms, excluded.next_at_ms)` }),
        )
        .execute();
    },
  };
}
