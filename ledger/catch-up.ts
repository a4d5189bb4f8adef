// How far the catch-up has read Stripe's events. It reads none itself.
import type { Kysely } from 'kysely';
import type { Ledger } from './ledger.ts';
import type { Tables } from './schema.ts';

export function catchUp(db: Kysely<Tables>): Pick<Ledger, 'caughtUpThrough' | 'setCaughtUp'> {
  return {
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
