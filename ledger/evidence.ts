// The record of a customer, read back with the personal data that still exists and how notices ended. It writes none
// of it: record.ts and notice-ends.ts do.
import { type Kysely, sql } from 'kysely';
import { cursorOf, sortKeyOf } from './cursor.ts';
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
              .as('ended'),
          (join) => join.on('evidence.kind', '=', 'notice'),
        )
        .selectAll('evidence')
        .select([
          'personal_data.value as personal',
          'ended.at_ms as endedAtMs',
          'ended.outcome',
          'ended.status',
          'ended.reason as endedReason',
        ])
        .where('evidence.customer_id', '=', customerId)
        .where('evidence.sequence', '>', after)
        .orderBy('evidence.sequence')
        .limit(PAGE + 1)
        .execute();
      const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
      return {
        items: rows.slice(0, PAGE).map((row) => ({
          sequence: row.sequence,
          atMs: row.at_ms,
          kind: row.kind,
          ...(row.charge_id === null ? {} : { chargeId: row.charge_id }),
          ...(row.actor === null ? {} : { actor: row.actor }),
          ...(row.reason === null ? {} : { reason: row.reason }),
          data: row.data,
          ...(row.personal === null ? {} : { personal: { ...row.personal } }),
          ...deliveryOf(row),
        })),
        ...(last && { nextCursor: cursorOf([last.sequence]) }),
      };
    },
  };
}

/** Nothing while the notice is under way, and for facts of other kinds. */
function deliveryOf(row: {
  readonly endedAtMs: number | null;
  readonly outcome: NoticeDelivery['outcome'] | null;
  readonly status: number | null;
  readonly endedReason: string | null;
}): Pick<EvidenceItem, 'delivery'> {
  const { endedAtMs, outcome, status, endedReason } = row;
  if (endedAtMs === null || outcome === null) return {};
  return {
    delivery: {
      atMs: endedAtMs,
      outcome,
      ...(status === null ? {} : { status }),
      ...(endedReason === null ? {} : { reason: endedReason }),
    },
  };
}
