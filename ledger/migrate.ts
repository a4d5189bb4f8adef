// Brings the ledger's tables up to date, by a database role that may.
import { type Kysely, Migrator, sql } from 'kysely';
import { migrations } from './migrations/index.ts';
import { applyRoles } from './roles.ts';
import type { Tables } from './schema.ts';

/**
 * Migrates where something is missing. Processes that share a database may do this at once.
 * @throws Error when a newer version has migrated the database, or when something is missing and the role may not add it
 */
export async function bringUpToDate(db: Kysely<Tables>): Promise<void> {
  const applied = await appliedMigrations(db);
  const newer = applied.filter((name) => !(name in migrations));
  if (newer.length > 0)
    throw new Error(`the ledger was migrated by a newer version (${newer.join(', ')}): run that version`);
  const missing = Object.keys(migrations).filter((name) => !applied.includes(name));
  if (missing.length === 0) return;
  const { role, mayMigrate } = await databaseRole(db);
  if (!mayMigrate)
    throw new Error(
      `the ledger's tables are older than this version needs (${missing.join(', ')} is missing), and the database ` +
        `role ${role} may not change them: run \`npm run ops -- migrate\` with the owner's DATABASE_URL`,
    );
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
  await applyRoles(db);
}

async function appliedMigrations(db: Kysely<Tables>): Promise<string[]> {
  const { rows: tables } = await sql<{
    readonly is_there: boolean;
  }>`select to_regclass('kysely_migration') is not null as is_there`.execute(db);
  if (!tables[0]?.is_there) return [];
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name);
}

/** Existing tables can only be changed by their owner; new ones by any role that may create tables. */
async function databaseRole(
  db: Kysely<Tables>,
): Promise<{ readonly role: string; readonly mayMigrate: boolean }> {
  const { rows } = await sql<{ readonly role: string; readonly may_migrate: boolean }>`
    select current_user::text as role,
      has_schema_privilege(current_schema()::text, 'create') and not exists (
        select from pg_class where oid = to_regclass('kysely_migration') and not pg_has_role(relowner, 'usage')
      ) as may_migrate`.execute(db);
  const [row] = rows;
  return row === undefined
    ? { role: '', mayMigrate: false }
    : { role: row.role, mayMigrate: row.may_migrate };
}
