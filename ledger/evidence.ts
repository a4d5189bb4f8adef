// The record of a customer, read back with the personal data that still exists. Writing it is record.ts's.
import { type Kysely, sql } from 'kysely';
import { cursorOf, sortKeyOf } from './cursor.ts';
import type { Ledger } from './ledger.ts';
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
        .selectAll('evidence')
        .select('personal_data.value as personal')
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
          ...(row.who === null ? {} : { who: row.who }),
          ...(row.why === null ? {} : { why: row.why }),
          data: row.data,
          ...(row.personal === null ? {} : { personal: { ...row.personal } }),
        })),
        ...(last && { nextCursor: cursorOf([last.sequence]) }),
      };
    },
  };
}
