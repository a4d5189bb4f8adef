// What operators did past a customer's workflow, with who and why. Only these rows say whether the brake is on.
import type { Kysely } from 'kysely';
import type { Ledger } from './ledger.ts';
import type { Tables } from './schema.ts';

type OperatorActions = Pick<
  Ledger,
  'isBrakeOn' | 'brake' | 'setBrake' | 'erase' | 'addOperatorAction' | 'operatorActionsOn'
>;

export function operatorActions(db: Kysely<Tables>): OperatorActions {
  const newestBrake = () =>
    db
      .selectFrom('operator_actions')
      .select(['kind', 'at_ms', 'who', 'why'])
      .where('kind', 'in', ['brake_on', 'brake_off'])
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();

  return {
    isBrakeOn: async () => (await newestBrake())?.kind === 'brake_on',

    async brake() {
      const row = await newestBrake();
      return row ? { isOn: row.kind === 'brake_on', atMs: row.at_ms, who: row.who, why: row.why } : null;
    },

    async setBrake({ isOn, who, why }) {
      await db
        .insertInto('operator_actions')
        .values({ kind: isOn ? 'brake_on' : 'brake_off', customer_id: null, who, why })
        .execute();
    },

    erase: ({ customerId, who, why }) =>
      db.transaction().execute(async (trx) => {
        const customer = await trx
          .updateTable('customers')
          .set({ metadata: '{}' })
          .where('customer_id', '=', customerId)
          .returning('customer_id')
          .executeTakeFirst();
        if (!customer) return null;
        const erased = await trx
          .deleteFrom('personal_data')
          .where('customer_id', '=', customerId)
          .returning('key')
          .execute();
        const keys = erased.map(({ key }) => key).sort();
        await trx
          .insertInto('operator_actions')
          .values({ kind: 'erased', customer_id: customerId, who, why, data: JSON.stringify({ keys }) })
          .execute();
        return keys;
      }),

    async addOperatorAction({ kind, customerId, who, why, data }) {
      await db
        .insertInto('operator_actions')
        .values({ kind, customer_id: customerId, who, why, data: JSON.stringify(data) })
        .execute();
    },

    async operatorActionsOn(customerId) {
      const rows = await db
        .selectFrom('operator_actions')
        .selectAll()
        .where('customer_id', '=', customerId)
        .orderBy('position')
        .execute();
      return rows.map(({ kind, at_ms, who, why, data }) => ({ kind, atMs: at_ms, who, why, data }));
    },
  };
}
