// How the delivery of each notice to the merchant ended: one row for each run that sent it.
import type { Kysely } from 'kysely';
import type { NoticeDeliveries } from './ledger.ts';
import type { Tables } from './schema.ts';

export function noticeDeliveries(db: Kysely<Tables>): NoticeDeliveries {
  return {
    async recordNoticeDelivery({ customerId, noticeId, runId, atMs, outcome, status, reason }) {
      await db
        .insertInto('notice_deliveries')
        .values({
          customer_id: customerId,
          notice_id: noticeId,
          run_id: runId,
          at_ms: atMs,
          outcome,
          status: status ?? null,
          reason: reason ?? null,
        })
        .onConflict((conflict) => conflict.columns(['customer_id', 'notice_id', 'run_id']).doNothing())
        .execute();
    },

    async deliveredNotices(customerId, noticeIds) {
      if (noticeIds.length === 0) return [];
      const rows = await db
        .selectFrom('notice_deliveries')
        .select('notice_id')
        .distinct()
        .where('customer_id', '=', customerId)
        .where('notice_id', 'in', noticeIds)
        .execute();
      return rows.map((row) => row.notice_id);
    },
  };
}
