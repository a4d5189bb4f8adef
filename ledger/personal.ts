// Personal data, in rows of its own so that it can be erased while identity and evidence stay.
import type { Kysely } from 'kysely';
import type { PersonalData, PersonalKey } from './ledger.ts';
import type { Tables } from './schema.ts';

export function personalData(db: Kysely<Tables>): PersonalData {
  return {
    async putPersonal(customerId, key, value) {
      await insertPersonal(db, customerId, { [key]: value });
    },

    async getPersonal<Value extends object>(customerId: string, key: PersonalKey) {
      const row = await db
        .selectFrom('personal_data')
        .select('value')
        .where('customer_id', '=', customerId)
        .where('key', '=', key)
        .executeTakeFirst();
      return row ? (row.value as Value) : null;
    },

    async personalOf(customerId) {
      const rows = await db
        .selectFrom('personal_data')
        .select(['key', 'value'])
        .where('customer_id', '=', customerId)
        .orderBy('key')
        .execute();
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
  };
}

/** Replaces the values under the same keys, except a consent's: that stays as it was first written. */
export async function insertPersonal(
  db: Kysely<Tables>,
  customerId: string,
  values: { readonly [Key in PersonalKey]?: object },
): Promise<void> {
  const rows = Object.entries(values).map(([key, value]) => ({
    customer_id: customerId,
    key,
    value: JSON.stringify(value),
  }));
  if (rows.length === 0) return;
  await db
    .insertInto('personal_data')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['customer_id', 'key'])
        .doUpdateSet((eb) => ({ value: eb.ref('excluded.value') }))
        .where('personal_data.key', 'not like', 'consent/%'),
    )
    .execute();
}
