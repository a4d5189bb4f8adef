// What operators did outside of the workflows, by which actor and for what reason.
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import { ERASED } from './customer-claims.ts';
import { CHAIN_START } from './evidence-chain.ts';
import { hashOf } from './hash.ts';
import type { OperatorAction, OperatorActions } from './ledger.ts';
import type { Tables } from './schema.ts';

/** PostgreSQL's code for a row that a unique index refuses, and the index by which each action has one successor. */
const UNIQUE_VIOLATION = '23505';
const ONE_SUCCESSOR = 'operator_actions_one_successor';

type NewAction = Omit<OperatorAction, 'atMs'> & { readonly customerId: string | null };

export function operatorActions(db: Kysely<Tables>): OperatorActions {
  const newestKillSwitchAction = () =>
    db
      .selectFrom('operator_actions')
      .select(['kind', 'at_ms', 'actor', 'reason'])
      .where('kind', 'in', ['kill_switch_on', 'kill_switch_off'])
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst();
  const add = (action: NewAction) => appending(db, (trx) => append(trx, action));

  return {
    isKillSwitchOn: async () => (await newestKillSwitchAction())?.kind === 'kill_switch_on',

    async killSwitch() {
      const row = await newestKillSwitchAction();
      return row
        ? { isOn: row.kind === 'kill_switch_on', atMs: row.at_ms, actor: row.actor, reason: row.reason }
        : null;
    },

    setKillSwitch: ({ isOn, actor, reason }) =>
      add({ kind: isOn ? 'kill_switch_on' : 'kill_switch_off', customerId: null, actor, reason, data: {} }),

    erase: ({ customerId, actor, reason }) =>
      appending(db, async (trx) => {
        const customer = await trx
          .updateTable('customers')
          .set({ metadata: '{}', request_id: ERASED })
          .where('customer_id', '=', customerId)
          .returning('customer_id')
          .executeTakeFirst();
        if (!customer) return null;
        const erased = await trx
          .deleteFrom('personal_data')
          .where('customer_id', '=', customerId)
          .returning('key')
          .execute();
        // Hashes under the secret say nothing once it is gone. Terms are from here on compared by what is left.
        await trx
          .updateTable('charges')
          .set({ terms_hash: null })
          .where('customer_id', '=', customerId)
          .execute();
        await trx.deleteFrom('customer_secrets').where('customer_id', '=', customerId).execute();
        const keys = erased.map(({ key }) => key).sort();
        await append(trx, { kind: 'erased', customerId, actor, reason, data: { keys } });
        return keys;
      }),

    addOperatorAction: add,

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

/** The hash of an action covers all of it and, by the previous hash, every action before. */
export function hashOfAction(
  row: Omit<Selectable<Tables['operator_actions']>, 'position' | 'previous_hash' | 'hash'>,
  previousHash: string,
): string {
  const { at_ms, kind, customer_id, actor, reason, data } = row;
  return hashOf([at_ms, kind, customer_id, actor, reason, data, previousHash]);
}

/**
 * Of two actions at once that follow the same one the database takes the first, and the other is done again. Nobody waits
 * for a lock that another role could hold: the kill switch is set whatever else the database is busy with.
 */
async function appending<Result>(
  db: Kysely<Tables>,
  act: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await db.transaction().execute(act);
    } catch (error) {
      const { code, constraint } = error as { readonly code?: unknown; readonly constraint?: unknown };
      if (code !== UNIQUE_VIOLATION || constraint !== ONE_SUCCESSOR) throw error;
    }
  }
}

async function append(trx: Transaction<Tables>, action: NewAction): Promise<void> {
  const before = await trx
    .selectFrom('operator_actions')
    .select('hash')
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  const previousHash = before?.hash ?? CHAIN_START;
  const row = {
    at_ms: await nowMs(trx),
    kind: action.kind,
    customer_id: action.customerId,
    actor: action.actor,
    reason: action.reason,
  };
  await trx
    .insertInto('operator_actions')
    .values({
      ...row,
      data: JSON.stringify(action.data),
      previous_hash: previousHash,
      hash: hashOfAction({ ...row, data: action.data }, previousHash),
    })
    .execute();
}

async function nowMs(trx: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{
    now_ms: number;
  }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not say what time it is');
  return row.now_ms;
}
