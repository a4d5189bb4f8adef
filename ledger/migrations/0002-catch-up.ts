// How far Stripe's events have been read again for those that failed to arrive.
import { type Kysely, type Migration, sql } from 'kysely';

export const catchUp: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table catch_up (
          only_one boolean primary key default true check (only_one),
          through_ms bigint not null
        )`,
      )
      .execute(db);
  },
};
