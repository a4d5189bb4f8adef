// How the delivery of each notice to the merchant ended.
import { type Kysely, type Selectable, sql } from 'kysely';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { CHAIN_START } from './evidence-chain.ts';
import { hashOf } from './hash.ts';
import type { NoticeDelivery, Notices } from './ledger.ts';
import type { Tables } from './schema.ts';

/** With the customer's id, the lock that makes concurrent deliveries of a customer wait for each other. */
const CHAIN_LOCK = 7_302_002;

export function noticeDeliveries(db: Kysely<Tables>): Pick<Notices, 'recordNoticeDelivery'> {
  return {
    recordNoticeDelivery: ({ customerId, noticeId, atMs, outcome, status, reason }) =>
      db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(${CHAIN_LOCK}, hashtext(${customerId}))`.execute(trx);
        const there = await trx
          .selectFrom('notice_deliveries')
          .select('position')
          .where('customer_id', '=', customerId)
          .where('notice_id', '=', noticeId)
          .executeTakeFirst();
        if (there) return;
        const before = await trx
          .selectFrom('notice_deliveries')
          .select('hash')
          .where('customer_id', '=', customerId)
          .orderBy('position', 'desc')
          .limit(1)
          .executeTakeFirst();
        const row = {
          customer_id: customerId,
          notice_id: noticeId,
          at_ms: atMs,
          outcome,
          status: status ?? null,
          reason: reason ?? null,
        };
        const previousHash = before?.hash ?? CHAIN_START;
        await trx
          .insertInto('notice_deliveries')
          .values({ ...row, previous_hash: previousHash, hash: hashOfDelivery(row, previousHash) })
          .execute();
        await trx
          .updateTable('notice_outbox')
          .set({ check_at_ms: null })
          .where('customer_id', '=', customerId)
          .where('notice_id', '=', noticeId)
          .execute();
      }),
  };
}

/** Null while the notice is being sent, and for facts of other kinds. */
export function deliveryOf(row: {
  readonly deliveredAtMs: number | null;
  readonly outcome: NoticeDelivery['outcome'] | null;
  readonly status: number | null;
  readonly deliveryReason: string | null;
}): NoticeDelivery | null {
  const { deliveredAtMs, outcome, status, deliveryReason } = row;
  if (deliveredAtMs === null || outcome === null) return null;
  return {
    atMs: deliveredAtMs,
    outcome,
    ...omitUndefined({ status: status ?? undefined, reason: deliveryReason ?? undefined }),
  };
}

/** The hash of a delivery covers all of it and, by the previous hash, every delivery to this customer before. */
export function hashOfDelivery(
  row: Omit<Selectable<Tables['notice_deliveries']>, 'position' | 'previous_hash' | 'hash'>,
  previousHash: string,
): string {
  const { customer_id, notice_id, at_ms, outcome, status, reason } = row;
  return hashOf([customer_id, notice_id, at_ms, outcome, status, reason, previousHash]);
}
