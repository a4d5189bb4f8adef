// What operators did outside of the workflows, by which actor and for what reason. The kill switch is its newest row.
import type { Kysely } from 'kysely';
import type { OperatorActions } from './ledger.ts';
import type { Tables } from './schema.ts';

export function operatorActions(db: Kysely<Tables>): OperatorActions {
  const newestKillSwitchAction = () =>
    db
      .selectFrom('operator_actions')
      .select(['kind', 'at_ms', 'actor', 'reason'])
      .where('kind', 'in', ['kill_switch_on', 'kill_switch_off'])
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();

  return {
    isKillSwitchOn: async () => (await newestKillSwitchAction())?.kind === 'kill_switch_on',

    async killSwitch() {
      const row = await newestKillSwitchAction();
      return row
        ? { isOn: row.kind === 'kill_switch_on', atMs: row.at_ms, actor: row.actor, reason: row.reason }
        : null;
    },

    async setKillSwitch({ isOn, actor, reason }) {
      await db
        .insertInto('operator_actions')
        .values({ kind: isOn ? 'kill_switch_on' : 'kill_switch_off', customer_id: null, actor, reason })
        .execute();
    },

    erase: ({ customerId, actor, reason }) =>
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
          .values({ kind: 'erased', customer_id: customerId, actor, reason, data: JSON.stringify({ keys }) })
          .execute();
        return keys;
      }),

    async addOperatorAction({ kind, customerId, actor, reason, data }) {
      await db
        .insertInto('operator_actions')
        .values({ kind, customer_id: customerId, actor, reason, data: JSON.stringify(data) })
        .execute();
    },

    async operatorActionsOn(customerId) {
      const rows = await db
        .selectFrom('operator_actions')
        .selectAll()
        .where('customer_id', '=', customerId)
        .orderBy('position')
        .execute();
      return rows.map(({ kind, at_ms, actor, reason, data }) => ({ kind, atMs: at_ms, actor, reason, data }));
    },
  };
}
