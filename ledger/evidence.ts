// Reads a customer's evidence, with the personal data that still exists and how its notices were delivered.
import { type Kysely, sql } from 'kysely';
import type { FactKind } from '../domain/model/facts.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { cursorOf, sortKeyOf } from './cursor.ts';
import { factOf } from './evidence-chain.ts';
import type { Ledger, NoticeDelivery } from './ledger.ts';
import { deliveryOf } from './notice-deliveries.ts';
import type { Tables } from './schema.ts';

const PAGE = 100;
/** Of a fact that is a notice. */
const NOTICE_ID = sql<string>`evidence.data ->> 'noticeId'`;

export function evidence(db: Kysely<Tables>): Pick<Ledger, 'listEvidence'> {
  return {
    async listEvidence(customerId, cursor) {
      const after = cursor === undefined ? 0 : sortKeyOf(cursor, 0)[0];
      const rows = await db
        .selectFrom('evidence')
        .leftJoin('personal_data', (join) =>
          join
            .onRef('personal_data.customer_id', '=', 'evidence.customer_id')
            .on('personal_data.key', '=', sql<string>`'consent/' || (evidence.data ->> 'consentId')`),
        )
        .leftJoin('notice_outbox', (join) =>
          join
            .on('evidence.kind', '=', 'notice')
            .onRef('notice_outbox.customer_id', '=', 'evidence.customer_id')
            .on('notice_outbox.notice_id', '=', NOTICE_ID),
        )
        .leftJoin('notice_deliveries', (join) =>
          join
            .on('evidence.kind', '=', 'notice')
            .onRef('notice_deliveries.customer_id', '=', 'evidence.customer_id')
            .on('notice_deliveries.notice_id', '=', NOTICE_ID),
        )
        .selectAll('evidence')
        .select([
          'personal_data.value as personal',
          'notice_outbox.notice_id as handedOver',
          'notice_deliveries.at_ms as deliveredAtMs',
          'notice_deliveries.outcome',
          'notice_deliveries.status',
          'notice_deliveries.reason as deliveryReason',
        ])
        .where('evidence.customer_id', '=', customerId)
        .where('evidence.sequence', '>', after)
        .orderBy('evidence.sequence')
        .limit(PAGE + 1)
        .execute();
      const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
      return {
        items: rows.slice(0, PAGE).map((row) => ({
          ...factOf(row),
          ...omitUndefined({ personal: row.personal === null ? undefined : { ...row.personal } }),
          ...omitUndefined({ delivery: endOf(row) }),
        })),
        ...(last && { nextCursor: cursorOf([last.sequence]) }),
      };
    },
  };
}

/** A notice that was never put into the outbox had nobody to be sent to; that was known when it was recorded. */
function endOf(
  row: Parameters<typeof deliveryOf>[0] & {
    readonly kind: FactKind;
    readonly at_ms: number;
    readonly handedOver: string | null;
  },
): NoticeDelivery | undefined {
  const end = deliveryOf(row);
  if (end !== null) return end;
  if (row.kind !== 'notice' || row.handedOver !== null) return undefined;
  return { atMs: row.at_ms, outcome: 'no_endpoint' };
}
