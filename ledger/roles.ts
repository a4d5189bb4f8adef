// What each database role may do with each table; the owner, who migrates, may do everything.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Tables } from './schema.ts';

export const ROLES = ['offsession_worker', 'offsession_api', 'offsession_ops'] as const;

type Role = (typeof ROLES)[number];
type Table = keyof Tables | 'kysely_migration';

const EVIDENCE_COLUMNS =
  'customer_id, sequence, at_ms, kind, charge_id, actor, reason, data, previous_hash, hash';
const DELIVERY_COLUMNS = 'customer_id, notice_id, at_ms, outcome, status, reason, previous_hash, hash';
const EVENT_COLUMNS = 'event_id, type, object_id, reason';
const CLAIM_COLUMNS =
  'terms_hash, amount, currency, due_at_ms, policy_name, policy, status, corrections, actor, hand_over_at_ms';
const RECORDED_COLUMNS = 'stripe_customer_id, status, view, snapshot, snapshot_sequence';

/** Times and positions are the database's own, so nobody may insert them. */
const PRIVILEGES: { readonly [Name in Table]: { readonly [Name in Role]?: readonly string[] } } = {
  installation: {
    offsession_worker: ['select'],
    offsession_api: ['select (id)'], // not the secret of the nonces that make an intent ours
    offsession_ops: ['select (id)'],
  },
  customers: {
    offsession_worker: [
      'select',
      `insert (customer_id, ${RECORDED_COLUMNS})`,
      `update (${RECORDED_COLUMNS})`,
    ],
    offsession_api: [
      'select',
      'insert (customer_id, request_id, metadata, stripe_customer_id)',
      'update (request_id, metadata, stripe_customer_id)',
      'delete',
    ],
    offsession_ops: ['select', 'update (request_id, metadata)'],
  },
  charges: {
    offsession_worker: ['select', 'insert', 'update'],
    offsession_api: [
      'select',
      `insert (customer_id, charge_id, ${CLAIM_COLUMNS})`,
      `update (${CLAIM_COLUMNS})`,
      'delete',
    ],
    offsession_ops: ['select', 'update (terms_hash)'],
  },
  evidence: {
    offsession_worker: ['select', `insert (${EVIDENCE_COLUMNS})`],
    offsession_api: ['select'],
    offsession_ops: ['select'],
  },
  notice_outbox: {
    offsession_worker: ['select', 'insert (customer_id, notice_id, sequence)', 'update (check_at_ms)'],
    offsession_api: ['select'],
    offsession_ops: ['select'],
  },
  notice_deliveries: {
    offsession_worker: ['select', `insert (${DELIVERY_COLUMNS})`],
    offsession_api: ['select'],
    offsession_ops: ['select'],
  },
  operator_actions: {
    offsession_worker: ['select'],
    offsession_api: ['select'],
    offsession_ops: ['select', 'insert (at_ms, kind, customer_id, actor, reason, data, previous_hash, hash)'],
  },
  attempt_answers: {
    offsession_worker: ['select', 'insert', 'update'],
    offsession_ops: ['select'],
  },
  stripe_objects: {
    offsession_worker: ['select', 'insert (stripe_id, customer_id, charge_id)'],
    offsession_api: ['select'],
    offsession_ops: ['select'],
  },
  personal_data: {
    offsession_worker: ['select', 'delete'],
    offsession_api: ['select', 'insert', 'update (value)', 'delete'],
    offsession_ops: ['select', 'delete'],
  },
  customer_secrets: {
    offsession_api: ['select', 'insert'],
    offsession_ops: ['select (customer_id)', 'delete'],
  },
  unclaimed_events: {
    offsession_worker: ['select', `insert (${EVENT_COLUMNS})`],
    offsession_api: ['select (event_id)', `insert (${EVENT_COLUMNS})`],
    offsession_ops: ['select'],
  },
  stripe_turns: {
    offsession_worker: ['select', 'insert', 'update'],
  },
  catch_up: {
    offsession_worker: ['select', 'insert', 'update'],
    offsession_ops: ['select'],
  },
  kysely_migration: {
    offsession_worker: ['select'],
    offsession_api: ['select'],
    offsession_ops: ['select'],
  },
};

interface RowPolicy {
  readonly role: Role;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly rule: string;
}

/** Which rows of a table a role may reach, where that is not all or none of them. */
const ROW_POLICIES: {
  readonly [Name in Table]?: readonly RowPolicy[];
} = {
  customers: [
    { role: 'offsession_worker', command: 'all', rule: 'using (true)' },
    { role: 'offsession_api', command: 'select', rule: 'using (true)' },
    { role: 'offsession_api', command: 'insert', rule: 'with check (true)' },
    // Claims only: of nobody's yet, and of a request from which nothing came.
    {
      role: 'offsession_api',
      command: 'update',
      rule: `using (request_id is null or view->'enrolment'->>'status' = 'failed' and view->'mandate' is null)
        with check (true)`,
    },
    { role: 'offsession_api', command: 'delete', rule: 'using (view is null)' },
    { role: 'offsession_ops', command: 'all', rule: 'using (true)' },
  ],
  charges: [
    { role: 'offsession_worker', command: 'all', rule: 'using (true)' },
    { role: 'offsession_api', command: 'select', rule: 'using (true)' },
    { role: 'offsession_api', command: 'insert', rule: `with check (status = 'claimed')` },
    {
      role: 'offsession_api',
      command: 'update',
      rule: `using (status = 'claimed' or hand_over_at_ms is not null
          or status = 'refused' and view->>'paymentIntentId' is null)
        with check (status in ('claimed', 'refused', 'scheduled'))`,
    },
    { role: 'offsession_api', command: 'delete', rule: `using (status = 'claimed' and view is null)` },
    { role: 'offsession_ops', command: 'all', rule: 'using (true)' },
  ],
  personal_data: [
    { role: 'offsession_worker', command: 'select', rule: 'using (true)' },
    // Texts of terms that the workflow did not take.
    { role: 'offsession_worker', command: 'delete', rule: `using (key like 'charge/%')` },
    { role: 'offsession_api', command: 'select', rule: 'using (true)' },
    { role: 'offsession_api', command: 'insert', rule: 'with check (true)' },
    { role: 'offsession_api', command: 'update', rule: 'using (true)' },
    // A consent is evidence once its customer is recorded.
    {
      role: 'offsession_api',
      command: 'delete',
      rule: `using (key not like 'consent/%' or not exists (select from customers
        where customers.customer_id = personal_data.customer_id and customers.view is not null))`,
    },
    { role: 'offsession_ops', command: 'all', rule: 'using (true)' },
  ],
};

/** The lock that makes concurrent calls wait for each other. Any fixed number. */
const LOCK = 7_302_003;

/**
 * Gives the roles that exist in the database what they may do, and takes everything else from them. By the owner. Where
 * none of them exists, as in an embedded database, nothing happens.
 * @returns the roles that exist
 */
export function applyRoles(db: Kysely<Tables>): Promise<readonly string[]> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(trx);
    const { rows } = await sql<{ readonly name: Role; readonly schema: string }>`
      select rolname as name, current_schema()::text as schema from pg_roles where rolname in (${sql.join(ROLES)})
      order by rolname`.execute(trx);
    for (const { name, schema } of rows) await grantTo(trx, name, schema);
    const roles = rows.map(({ name }) => name);
    if (roles.length > 0) await setRowPolicies(trx, roles);
    return roles;
  });
}

async function grantTo(trx: Transaction<Tables>, role: Role, schema: string): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(trx);
  await run(`revoke all on all tables in schema "${schema}" from ${role}`);
  await run(`revoke create on schema "${schema}" from ${role}`);
  await run(`grant usage on schema "${schema}" to ${role}`);
  for (const [table, privileges] of Object.entries(PRIVILEGES)) {
    const granted = privileges[role];
    if (granted) await run(`grant ${granted.join(', ')} on ${table} to ${role}`);
  }
}

async function setRowPolicies(trx: Transaction<Tables>, roles: readonly Role[]): Promise<void> {
  const run = (statement: string) => sql.raw(statement).execute(trx);
  for (const [table, policies] of Object.entries(ROW_POLICIES)) {
    const { rows } = await sql<{ readonly name: string }>`
      select policyname as name from pg_policies where tablename = ${table} and schemaname = current_schema()`.execute(
      trx,
    );
    for (const { name } of rows) await run(`drop policy "${name}" on ${table}`);
    await run(`alter table ${table} enable row level security`);
    for (const { role, command, rule } of policies) {
      if (!roles.includes(role)) continue;
      await run(`create policy ${role}_${command} on ${table} for ${command} to ${role} ${rule}`);
    }
  }
}
