// The first tables, their triggers, and the installation's id.
import { type Kysely, type Migration, sql } from 'kysely';

/** The database's clock, because several processes claim ids and lists are sorted by it. */
const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

const STATEMENTS = [
  `create table installation (
    only_one boolean primary key default true check (only_one),
    id text not null default gen_random_uuid()::text,
    nonce_secret text not null default gen_random_uuid()::text || gen_random_uuid()::text
  )`,
  'insert into installation default values',

  `create table customers (
    customer_id text primary key,
    request_id text,
    metadata jsonb not null default '{}',
    stripe_customer_id text,
    status text,
    view jsonb,
    snapshot jsonb,
    snapshot_sequence bigint,
    created_at_ms bigint not null default ${NOW_MS}
  )`,
  'create index customers_newest on customers (created_at_ms, customer_id) where view is not null',
  'create index customers_by_stripe_customer on customers (stripe_customer_id) where stripe_customer_id is not null',
  'create index customers_by_status on customers (status, created_at_ms, customer_id) where view is not null',

  `create table charges (
    customer_id text not null,
    charge_id text not null,
    terms_hash text,
    amount bigint not null,
    currency text not null,
    due_at_ms bigint,
    policy_name text,
    policy jsonb,
    opened_at_ms bigint not null default ${NOW_MS},
    corrections integer not null default 0,
    actor text,
    hand_over_at_ms bigint,
    status text not null,
    view jsonb,
    opened_sequence bigint,
    recorded_sequence bigint,
    intents_ruled_out integer not null default 0,
    primary key (customer_id, charge_id)
  )`,
  'create index charges_newest on charges (opened_at_ms, customer_id, charge_id)',
  'create index charges_by_status on charges (status, opened_at_ms, customer_id, charge_id)',
  'create index charges_of_customer on charges (customer_id, opened_at_ms, charge_id)',
  'create index charges_to_hand_over on charges (hand_over_at_ms) where hand_over_at_ms is not null',

  `create table evidence (
    customer_id text not null,
    sequence bigint not null,
    at_ms bigint not null,
    kind text not null,
    charge_id text,
    actor text,
    reason text,
    data jsonb not null,
    previous_hash text not null,
    hash text not null,
    written_at timestamptz not null default clock_timestamp(),
    primary key (customer_id, sequence)
  )`,
  `create index evidence_of_openings on evidence (customer_id, charge_id, sequence) where kind = 'charge_opened'`,
  `create index evidence_of_money_back on evidence (customer_id, charge_id, sequence)
    where kind in ('refund', 'dispute')`,
  // The database itself keeps evidence append-only, so that neither a fault of ours nor a session in psql changes it.
  `create function refuse_change() returns trigger language plpgsql as $$
    begin
      raise exception '% is append-only: % refused', tg_table_name, tg_op;
    end
  $$`,
  `create trigger evidence_is_append_only before update or delete or truncate on evidence
    for each statement execute function refuse_change()`,

  // What the newest attempt of a customer that is on record has learnt, for a repetition that does not know.
  `create table attempt_answers (
    customer_id text primary key,
    charge_id text not null,
    intent_number integer not null,
    attempt_number integer not null,
    after_sequence bigint not null,
    from_sequence bigint not null,
    through_sequence bigint not null,
    answer jsonb not null
  )`,

  `create table stripe_objects (
    stripe_id text primary key,
    customer_id text not null,
    charge_id text,
    position bigint generated always as identity,
    indexed_at_ms bigint not null default ${NOW_MS}
  )`,
  'create index stripe_objects_of_customer on stripe_objects (customer_id, position)',

  `create table personal_data (
    customer_id text not null,
    key text not null,
    value jsonb not null,
    primary key (customer_id, key)
  )`,
  // By row, because other personal data may be replaced, and deleting is how any of it is erased.
  `create function refuse_changed_consent() returns trigger language plpgsql as $$
    begin
      raise exception 'a consent may be erased and not changed: % of % refused', tg_op, old.key;
    end
  $$`,
  `create trigger consents_are_not_changed before update on personal_data
    for each row
    when ((old.key like 'consent/%' or new.key like 'consent/%') and old.* is distinct from new.*)
    execute function refuse_changed_consent()`,

  `create table customer_secrets (
    customer_id text primary key,
    secret text not null
  )`,

  `create table unclaimed_events (
    event_id text primary key,
    type text not null,
    object_id text,
    reason text not null,
    received_at timestamptz not null default clock_timestamp()
  )`,

  `create table catch_up (
    only_one boolean primary key default true check (only_one),
    through_ms bigint not null
  )`,

  // Of no worth after a crash, and written for every request to Stripe: unlogged, so it costs no flush.
  `create unlogged table stripe_turns (
    name text primary key,
    next_at_ms double precision not null
  )`,

  `create table operator_actions (
    position bigint generated always as identity primary key,
    at_ms bigint not null,
    kind text not null,
    customer_id text,
    actor text not null,
    reason text not null,
    data jsonb not null default '{}',
    previous_hash text not null constraint operator_actions_one_successor unique,
    hash text not null
  )`,
  `create index kill_switch_actions on operator_actions (position) where kind in ('kill_switch_on', 'kill_switch_off')`,
  'create index operator_actions_of_customer on operator_actions (customer_id, position)',
  `create trigger operator_actions_are_append_only before update or delete or truncate on operator_actions
    for each statement execute function refuse_change()`,

  // A row for each notice that is to be sent, written with the fact that says what it says. `check_at_ms`: when somebody
  // looks whether it is on its way; null once its end is on record.
  `create table notice_outbox (
    customer_id text not null,
    notice_id text not null,
    sequence bigint not null,
    check_at_ms bigint default ${NOW_MS},
    primary key (customer_id, notice_id)
  )`,
  'create index notice_outbox_to_check on notice_outbox (check_at_ms) where check_at_ms is not null',
  `create trigger notice_outbox_keeps_every_notice before delete or truncate on notice_outbox
    for each statement execute function refuse_change()`,
  `create trigger notice_outbox_keeps_what_a_notice_says before update of customer_id, notice_id, sequence on notice_outbox
    for each statement execute function refuse_change()`,

  `create table notice_deliveries (
    position bigint generated always as identity primary key,
    customer_id text not null,
    notice_id text not null,
    at_ms bigint not null,
    outcome text not null,
    status integer,
    reason text,
    previous_hash text not null,
    hash text not null,
    written_at timestamptz not null default clock_timestamp(),
    unique (customer_id, notice_id)
  )`,
  `create trigger notice_deliveries_are_append_only before update or delete or truncate on notice_deliveries
    for each statement execute function refuse_change()`,
];

/** There is no way down: evidence cannot be taken back. */
export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
