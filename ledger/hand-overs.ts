// Charges that the ledger has accepted before their workflows have them.
import { type Kysely, sql } from 'kysely';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { CLOSED } from './charge-rows.ts';
import type { HandOvers } from './ledger.ts';
import type { Tables } from './schema.ts';

/** Several processes hand over: due by the database's clock. */
const NOW_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

export function handOvers(db: Kysely<Tables>): HandOvers {
  return {
    promiseCharge: ({ customerId, chargeId, afterMs, mostOpen }) =>
      db.transaction().execute(async (trx) => {
        // Concurrent promises to one customer wait for each other: each counts those before it.
        await sql`select pg_advisory_xact_lock(hashtextextended(${customerId}, 1))`.execute(trx);
        const { open } = await trx
          .selectFrom('charges')
          .select((eb) => eb.fn.countAll<number>().as('open'))
          .where('customer_id', '=', customerId)
          .where('charge_id', '<>', chargeId)
          .where('status', 'not in', [...CLOSED, 'claimed'])
          .executeTakeFirstOrThrow();
        if (Number(open) < mostOpen)
          await trx
            .updateTable('charges')
            .set({ status: 'scheduled', hand_over_at_ms: sql<number>`${NOW_MS} + ${afterMs}::bigint` })
            .where('customer_id', '=', customerId)
            .where('charge_id', '=', chargeId)
            .where('status', '=', 'claimed')
            .where('view', 'is', null)
            .execute();
        const row = await trx
          .selectFrom('charges')
          .select('status')
          .where('customer_id', '=', customerId)
          .where('charge_id', '=', chargeId)
          .executeTakeFirst();
        return row !== undefined && row.status !== 'claimed';
      }),

    async takePromisedCharges({ except, most, leaseMs }) {
      const isDue = sql<boolean>`hand_over_at_ms <= ${NOW_MS}`;
      const rows = await db
        .with('due', (cte) =>
          cte
            .selectFrom('charges')
            .select(['customer_id', 'charge_id'])
            .where(isDue)
            .where('customer_id', '=', (eb) => {
              const longest = eb.selectFrom('charges').select('customer_id').where(isDue);
              const others = except.length === 0 ? longest : longest.where('customer_id', 'not in', except);
              return others.orderBy('hand_over_at_ms').limit(1);
            })
            .orderBy('hand_over_at_ms')
            .limit(most)
            .forUpdate()
            .skipLocked(),
        )
        .updateTable('charges')
        .from('due')
        .set({ hand_over_at_ms: sql<number>`${NOW_MS} + ${leaseMs}::bigint` })
        .whereRef('charges.customer_id', '=', 'due.customer_id')
        .whereRef('charges.charge_id', '=', 'due.charge_id')
        .returning([
          'charges.customer_id',
          'charges.charge_id',
          'charges.amount',
          'charges.currency',
          'charges.due_at_ms',
          'charges.policy',
          'charges.actor',
        ])
        .execute();
      return rows.map((row) => ({
        customerId: row.customer_id,
        chargeId: row.charge_id,
        amount: row.amount,
        currency: row.currency,
        actor: row.actor ?? '',
        ...omitUndefined({ dueAtMs: row.due_at_ms ?? undefined, policy: row.policy ?? undefined }),
      }));
    },

    async countPromisedCharges(most) {
      const { waiting } = await db
        .selectFrom((eb) =>
          eb
            .selectFrom('charges')
            .select('charge_id')
            .where('hand_over_at_ms', 'is not', null)
            .limit(most)
            .as('promised'),
        )
        .select((eb) => eb.fn.countAll<number>().as('waiting'))
        .executeTakeFirstOrThrow();
      return Number(waiting);
    },
  };
}
