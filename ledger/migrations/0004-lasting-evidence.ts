// How notices ended, kept as evidence is; and what a consent was given with can be erased, but no longer changed.
import { type Kysely, type Migration, sql } from 'kysely';

const STATEMENTS = [
  // A notice is sent again after a lost cluster, by another run: each run has one end, and every end stays.
  `create table notice_deliveries (
    position bigint generated always as identity primary key,
    customer_id text not null,
    notice_id text not null,
    run_id text not null,
    at_ms bigint not null,
    outcome text not null,
    status integer,
    reason text,
    written_at timestamptz not null default clock_timestamp(),
    unique (customer_id, notice_id, run_id)
  )`,
  `create trigger notice_deliveries_are_append_only before update or delete or truncate on notice_deliveries
    for each statement execute function refuse_change()`,

  // By row and not by statement: other personal data is replaced, and deleting is how any of it is erased. An update to
  // the very same changes nothing, and is what the release before this one does when a request is repeated.
  `create function refuse_changed_consent() returns trigger language plpgsql as $$
    begin
      raise exception 'a consent may be erased and not changed: % of % refused', tg_op, old.key;
    end
  $$`,
  `create trigger consents_are_not_changed before update on personal_data
    for each row
    when ((old.key like 'consent/%' or new.key like 'consent/%') and old.* is distinct from new.*)
    execute function refuse_changed_consent()`,
];

export const lastingEvidence: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
