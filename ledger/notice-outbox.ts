// The notices that are to be sent: which ones, what each says, and which are to be looked after.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Fact } from '../domain/model/facts.ts';
import { noticeOf } from '../domain/shared/facts.ts';
import { HOUR } from '../domain/shared/time.ts';
import { factOf } from './evidence-chain.ts';
import type { Notices } from './ledger.ts';
import { deliveryOf } from './notice-deliveries.ts';
import type { Tables } from './schema.ts';

const CHECK_EVERY = 1 * HOUR;
const CHECKED_AT_ONCE = 100;

/** The database's clock, as in the migration. */
const NOW_MS = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** In the transaction that writes the facts. A notice that has been there before is left as it is: it is sent once. */
export async function writeNotices(
  trx: Transaction<Tables>,
  customerId: string,
  facts: readonly Fact[],
): Promise<void> {
  const rows = facts
    .filter(({ kind }) => kind === 'notice')
    .map((fact) => ({
      customer_id: customerId,
      notice_id: noticeOf(fact).noticeId,
      sequence: fact.sequence,
    }));
  if (rows.length === 0) return;
  await trx
    .insertInto('notice_outbox')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export function noticeOutbox(db: Kysely<Tables>): Omit<Notices, 'recordNoticeDelivery'> {
  return {
    async findNotice({ customerId, noticeId }) {
      const row = await db
        .selectFrom('notice_outbox')
        .innerJoin('evidence', (join) =>
          join
            .onRef('evidence.customer_id', '=', 'notice_outbox.customer_id')
            .onRef('evidence.sequence', '=', 'notice_outbox.sequence'),
        )
        .leftJoin('notice_deliveries', (join) =>
          join
            .onRef('notice_deliveries.customer_id', '=', 'notice_outbox.customer_id')
            .onRef('notice_deliveries.notice_id', '=', 'notice_outbox.notice_id'),
        )
        .selectAll('evidence')
        .select([
          'notice_deliveries.at_ms as deliveredAtMs',
          'notice_deliveries.outcome',
          'notice_deliveries.status',
          'notice_deliveries.reason as deliveryReason',
        ])
        .where('notice_outbox.customer_id', '=', customerId)
        .where('notice_outbox.notice_id', '=', noticeId)
        .executeTakeFirst();
      return row ? { notice: noticeOf(factOf(row)), end: deliveryOf(row) } : null;
    },

    async openNotices(customerId) {
      const rows = await db
        .selectFrom('notice_outbox')
        .select('notice_id')
        .where('customer_id', '=', customerId)
        .where('check_at_ms', 'is not', null)
        .orderBy('sequence')
        .execute();
      return rows.map((row) => row.notice_id);
    },

    async noticesToCheck() {
      const rows = await db
        .selectFrom('notice_outbox')
        .select(['customer_id', 'notice_id'])
        .where('check_at_ms', '<=', NOW_MS)
        .orderBy('check_at_ms')
        .limit(CHECKED_AT_ONCE)
        .execute();
      return rows.map((row) => ({ customerId: row.customer_id, noticeId: row.notice_id }));
    },

    async noticeChecked({ customerId, noticeId }) {
      await db
        .updateTable('notice_outbox')
        .set({ check_at_ms: sql<number>`${NOW_MS} + ${CHECK_EVERY}` })
        .where('customer_id', '=', customerId)
        .where('notice_id', '=', noticeId)
        .where('check_at_ms', 'is not', null)
        .execute();
    },
  };
}
