// Reads a customer's evidence, with the personal data that still exists and how its notices were delivered.
import { type Kysely, sql } from 'kysely';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { cursorOf, sortKeyOf } from './cursor.ts';
import { factOf } from './evidence-chain.ts';
import type { EvidenceItem, Ledger, NoticeDelivery } from './ledger.ts';
import type { Tables } from './schema.ts';

const PAGE = 100;

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
        .leftJoinLateral(
          (eb) =>
            eb
              .selectFrom('notice_deliveries')
              .select(['at_ms', 'outcome', 'status', 'reason'])
              .whereRef('notice_deliveries.customer_id', '=', 'evidence.customer_id')
              .where('notice_deliveries.notice_id', '=', sql<string>`evidence.data ->> 'noticeId'`)
              .orderBy('position', 'desc')
              .limit(1)
              .as('delivery'),
          (join) => join.on('evidence.kind', '=', 'notice'),
        )
        .selectAll('evidence')
        .select([
          'personal_data.value as personal',
          'delivery.at_ms as deliveredAtMs',
          'delivery.outcome',
          'delivery.status',
          'delivery.reason as deliveryReason',
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
          ...deliveryOf(row),
        })),
        ...(last && { nextCursor: cursorOf([last.sequence]) }),
      };
    },
  };
}

/** Empty while the notice is being sent, and for facts of other kinds. */
function deliveryOf(row: {
  readonly deliveredAtMs: number | null;
  readonly outcome: NoticeDelivery['outcome'] | null;
  readonly status: number | null;
  readonly deliveryReason: string | null;
}): Pick<EvidenceItem, 'delivery'> {
  const { deliveredAtMs, outcome, status, deliveryReason } = row;
  if (deliveredAtMs === null || outcome === null) return {};
  return {
    delivery: {
      atMs: deliveredAtMs,
      outcome,
      ...omitUndefined({ status: status ?? undefined, reason: deliveryReason ?? undefined }),
    },
  };
}
