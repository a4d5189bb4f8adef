// What operators do past a customer's workflow: the emergency brake, erasure. Append-only, as evidence is.
import { type Kysely, type Migration, sql } from 'kysely';

const STATEMENTS = [
  `create table operator_actions (
    position bigint generated always as identity primary key,
    at_ms bigint not null default (extract(epoch from clock_timestamp()) * 1000)::bigint,
    kind text not null,
    customer_id text,
    actor text not null,
    reason text not null,
    data jsonb not null default '{}'
  )`,
  `create index kill_switch_actions on operator_actions (position) where kind in ('kill_switch_on', 'kill_switch_off')`,
  'create index operator_actions_of_customer on operator_actions (customer_id, position)',
  `create trigger operator_actions_are_append_only before update or delete or truncate on operator_actions
    for each statement execute function refuse_change()`,
];

export const operatorActions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
  },
};
