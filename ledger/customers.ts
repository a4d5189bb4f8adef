// Reads customers as last recorded: one, lists of them, and all that a run needs which starts from nothing.
import type { Kysely } from 'kysely';
import { CLOSED, chargeRow, IS_PROMISED, selectCharges } from './charge-rows.ts';
import { cursorOf, sortKeyOf } from './cursor.ts';
import type { Ledger } from './ledger.ts';
import type { Tables } from './schema.ts';

const PAGE = 50;

export function customers(
  db: Kysely<Tables>,
): Pick<Ledger, 'getCustomer' | 'getSnapshot' | 'listCustomers' | 'loadCustomer'> {
  return {
    async getCustomer(customerId) {
      const row = await db
        .selectFrom('customers')
        .select(['customer_id as customerId', 'view', 'metadata'])
        .where('customer_id', '=', customerId)
        .executeTakeFirst();
      return row ?? null;
    },

    async getSnapshot(customerId) {
      const row = await db
        .selectFrom('customers')
        .select('snapshot')
        .where('customer_id', '=', customerId)
        .executeTakeFirst();
      return row?.snapshot ?? null;
    },

    async listCustomers({ status, cursor }) {
      let query = db
        .selectFrom('customers')
        .select(['customer_id', 'view', 'metadata', 'created_at_ms'])
        .where('view', 'is not', null)
        .orderBy('created_at_ms', 'desc')
        .orderBy('customer_id', 'desc')
        .limit(PAGE + 1);
      if (status !== undefined) query = query.where('status', '=', status);
      if (cursor !== undefined) {
        const [atMs, customerId = ''] = sortKeyOf(cursor, 1);
        query = query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('created_at_ms', 'customer_id'), '<', tuple(atMs, customerId)),
        );
      }
      const rows = await query.execute();
      const last = rows.length > PAGE ? rows[PAGE - 1] : undefined;
      return {
        items: rows
          .slice(0, PAGE)
          .map(({ customer_id, view, metadata }) => ({ customerId: customer_id, view, metadata })),
        ...(last && { nextCursor: cursorOf([last.created_at_ms, last.customer_id]) }),
      };
    },

    async loadCustomer(customerId) {
      const customer = await db
        .selectFrom('customers')
        .select('snapshot')
        .where('customer_id', '=', customerId)
        .executeTakeFirst();
      const open = await selectCharges(db)
        .where('charges.customer_id', '=', customerId)
        .where('charges.status', 'not in', CLOSED)
        .where(IS_PROMISED)
        .orderBy('charges.opened_at_ms')
        .orderBy('charges.charge_id')
        .execute();
      return { snapshot: customer?.snapshot ?? null, charges: open.map(chargeRow) };
    },
  };
}
