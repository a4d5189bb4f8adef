// How many events that belong to nobody are kept.
import { afterAll, expect, test } from 'vitest';
import { openLedger } from '../../ledger/open.ts';
import { UNCLAIMED_KEPT } from '../../ledger/stripe-events.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const stops: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(stops.map((stop) => stop())));

async function full(start: () => Promise<TestDatabase>) {
  const database = await start();
  stops.push(database.stop);
  await (await openLedger(database.options)).close();
  const connection = await database.connect();
  await connection.query(
    `insert into unclaimed_events (event_id, type, reason)
     select 'evt_' || n, 'refund.created', 'unknown_object' from generate_series(1, ${UNCLAIMED_KEPT - 1}) n`,
  );
  await connection.close();
  return openLedger(database.options);
}

test.each(DATABASES)('events that belong to nobody are kept up to a number, on $name', async ({ start }) => {
  const ledger = await full(start);
  const event = { type: 'refund.created', objectId: 're_1', reason: 'unknown_object' } as const;
  await ledger.addUnclaimedEvent({ eventId: 'evt_last', ...event });
  await ledger.addUnclaimedEvent({ eventId: 'evt_one_too_many', ...event });
  await ledger.addUnclaimedEvent({ eventId: 'evt_last', ...event });
  expect(await ledger.countUnclaimedEvents()).toBe(UNCLAIMED_KEPT);
  await ledger.close();
});
