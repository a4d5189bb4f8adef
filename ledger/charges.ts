// Reads charges as last recorded, one and lists of them.
import type { Kysely } from 'kysely';
import { chargeRow, IS_PROMISED, MONEY_BACK, selectCharges } from './charge-rows.ts';
import { cursorOf, sortKeyOf } from './cursor.ts';
import type { Ledger } from './ledger.ts';
import type { Tables } from './schema.ts';

const PAGE = 50;

export function charges(db: Kysely<Tables>): Pick<Ledger, 'getCharge' | 'listCharges'> {
  return {
    async getCharge(customerId, chargeId) {
      const row = await selectCharges(db)
        .select(MONEY_BACK.as('money_back'))
        .where('charges.customer_id', '=', customerId)
        .where('charges.charge_id', '=', chargeId)
        .where(IS_PROMISED)
        .executeTakeFirst();
      return row ? chargeRow(row) : null;
    },

    async listCharges({ customerId, status, cursor }) {
      let query = selectCharges(db)
        .select(MONEY_BACK.as('money_back'))
        .where(IS_PROMISED)
        .orderBy('charges.opened_at_ms', 'desc')
        .orderBy('charges.customer_id', 'desc')
        .orderBy('charges.charge_id', 'desc')
        .limit(PAGE + 1);
      if (customerId !== undefined) query = query.where('charges.customer_id', '=', customerId);
      if (status !== undefined) query = query.where('charges.status', '=', status);
      if (cursor !== undefined) {
        const [atMs, customer = '', charge = ''] = sortKeyOf(cursor, 2);
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(
            refTuple('charges.opened_at_ms', 'charges.customer_id', 'charges.charge_id'),
            '<',
            tuple(atMs, customer, charge),
          ),
        );
      }
      const rows = await query.execute();
      const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
      return {
        items: rows.slice(0, PAGE).map((row) => ({ customerId: row.customer_id, ...chargeRow(row) })),
        ...(last && { nextCursor: cursorOf([last.opened_at_ms, last.customer_id, last.charge_id]) }),
      };
    },
  };
}
