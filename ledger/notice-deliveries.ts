// How the delivery of each notice to the merchant ended: one row for each run that sent it.
import { type Kysely, type Selectable, sql } from 'kysely';
import { CHAIN_START, EvidenceConflict } from './evidence-chain.ts';
import { hashOf } from './hash.ts';
import type { NoticeDeliveries } from './ledger.ts';
import type { Tables } from './schema.ts';

/** With the customer's id, the lock that makes concurrent deliveries of a customer wait for each other. */
const CHAIN_LOCK = 7_302_002;

export function noticeDeliveries(db: Kysely<Tables>): NoticeDeliveries {
  return {
    recordNoticeDelivery: ({ customerId, noticeId, runId, atMs, outcome, status, reason }) =>
      db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(${CHAIN_LOCK}, hashtext(${customerId}))`.execute(trx);
        const row = {
          customer_id: customerId,
          notice_id: noticeId,
          run_id: runId,
          at_ms: atMs,
          outcome,
          status: status ?? null,
          reason: reason ?? null,
        };
        const there = await trx
          .selectFrom('notice_deliveries')
          .selectAll()
          .where('customer_id', '=', customerId)
          .where('notice_id', '=', noticeId)
          .where('run_id', '=', runId)
          .executeTakeFirst();
        if (there) {
          if (hashOfDelivery(row, there.previous_hash) === there.hash) return;
          throw new EvidenceConflict(customerId, `delivery of notice ${noticeId}`, 'other_content');
        }
        const before = await trx
          .selectFrom('notice_deliveries')
          .select('hash')
          .where('customer_id', '=', customerId)
          .orderBy('position', 'desc')
          .limit(1)
          .executeTakeFirst();
        const previousHash = before?.hash ?? CHAIN_START;
        await trx
          .insertInto('notice_deliveries')
          .values({ ...row, previous_hash: previousHash, hash: hashOfDelivery(row, previousHash) })
          .execute();
      }),

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

/** The hash of a delivery covers all of it and, by the previous hash, every delivery to this customer before. */
export function hashOfDelivery(
  row: Omit<Selectable<Tables['notice_deliveries']>, 'position' | 'previous_hash' | 'hash'>,
  previousHash: string,
): string {
  const { customer_id, notice_id, run_id, at_ms, outcome, status, reason } = row;
  return hashOf([customer_id, notice_id, run_id, at_ms, outcome, status, reason, previousHash]);
}
