// The first tables, and the installation's id. It has no way down: evidence is not taken back.
import { type Kysely, type Migration, sql } from 'kysely';

/** The database's clock: several processes claim, and lists are sorted by it. */
const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

const STATEMENTS = [
  `create table installation (
    only_one boolean primary key default true check (only_one),
    id text not null default gen_random_uuid()::text
  )`,
  'insert into installation default values',

  `create table customers (
    customer_id text primary key,
    request_hash text,
    metadata jsonb not null default '{}',
    stripe_customer_id text,
    status text,
    view jsonb,
    snapshot jsonb,
    snapshot_sequence bigint,
    created_at_ms bigint not null default ${NOW_MS}
  )`,
  'create index customers_newest on customers (created_at_ms, customer_id) where view is not null',
  'create index customers_by_status on customers (status, created_at_ms, customer_id) where view is not null',

  `create table charges (
    customer_id text not null,
    charge_id text not null,
    terms_hash text,
    amount bigint not null,
    currency text not null,
    due_at_ms bigint,
    opened_at_ms bigint not null default ${NOW_MS},
    status text not null,
    view jsonb,
    opened_sequence bigint,
    recorded_sequence bigint,
    primary key (customer_id, charge_id)
  )`,
  'create index charges_newest on charges (opened_at_ms, customer_id, charge_id)',
  'create index charges_by_status on charges (status, opened_at_ms, customer_id, charge_id)',
  'create index charges_of_customer on charges (customer_id, opened_at_ms, charge_id)',

  `create table evidence (
    customer_id text not null,
    sequence bigint not null,
    at_ms bigint not null,
    kind text not null,
    charge_id text,
    actor text,
    reason text,
    data jsonb not null,
    written_at timestamptz not null default clock_timestamp(),
    primary key (customer_id, sequence)
  )`,
  `create index evidence_of_openings on evidence (customer_id, charge_id, sequence) where kind = 'charge_opened'`,
  // Append-only by the database's own means: a bug of ours, or a hand at psql, is stopped as well.
  `create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only: % refused', tg_table_name, tg_op;
    end
  $$`,
  `create trigger evidence_is_append_only before update or delete or truncate on evidence
    for each statement execute function refuse_change()`,

  `create table stripe_objects (
    stripe_id text primary key,
    customer_id text not null,
    charge_id text,
    position bigint generated always as identity
  )`,
  'create index stripe_objects_of_customer on stripe_objects (customer_id, position)',

  `create table personal_data (
    customer_id text not null,
    key text not null,
    value jsonb not null,
    primary key (customer_id, key)
  )`,

  `create table unclaimed_events (
    event_id text primary key,
    type text not null,
    object_id text,
    reason text not null,
    received_at timestamptz not null default clock_timestamp()
  )`,
];

export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
