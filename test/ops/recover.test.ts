// `recover` as a process, on a real PostgreSQL and a Temporal server without workers: who is started, and what is on
// record afterwards.
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { type Connection, DATABASES, type TestDatabase } from '../support/databases.ts';
import { RUNS_POSTGRES } from '../support/postgres.ts';
import { opsIn } from './_process.ts';

describe.runIf(RUNS_POSTGRES)('recover', () => {
  let database: TestDatabase;
  let connection: Connection;
  let ledger: Ledger;
  let temporal: TemporalServer;
  beforeAll(async () => {
    const postgres = DATABASES.find(({ name }) => name === 'PostgreSQL');
    if (!postgres) throw new Error('there is no PostgreSQL among the databases');
    [database, temporal] = await Promise.all([
      postgres.start(),
      startTemporal({ namespaces: [], searchAttributes: [], ui: false, onProgress: () => {} }),
    ]);
    ledger = await openLedger(database.options);
    connection = await database.connect();
    for (const customerId of ['ada', 'grace', 'lin']) {
      const facts = [fact(1, 'charge_opened', { chargeId: 'ch1' })];
      await ledger.record(entry(customerId, { facts, charges: [charge('ch1')] }));
    }
  });
  afterAll(async () => {
    await connection?.close();
    await ledger?.close();
    await temporal?.stop();
    await database?.stop();
  });

  const recover = (typed: readonly string[], namespace = 'default') =>
    opsIn(['recover', ...typed], {
      ...('databaseUrl' in database.options && { DATABASE_URL: database.options.databaseUrl }),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: namespace,
    });

  const onEverybody = async () =>
    (
      await connection.query(
        'select kind, actor, reason, data from operator_actions where customer_id is null',
      )
    ).rows;

  test('one customer: actor, reason and outcome are on record, each time', async () => {
    const by = ['--actor', 'olga', '--reason', 'TMPRL1100'];
    expect(await recover(['ada', ...by])).toMatchObject({ code: 0, out: 'ada: started\n' });
    expect(await recover(['ada'])).toMatchObject({ code: 0, out: 'ada: running\n' });
    const { username } = userInfo();
    expect(await ledger.operatorActionsOn('ada')).toMatchObject([
      { kind: 'recover', actor: 'olga', reason: 'TMPRL1100', data: { outcome: 'started' } },
      { kind: 'recover', actor: username, reason: 'not said', data: { outcome: 'running' } },
    ]);
  });

  test('an unknown customer is not put on record', async () => {
    expect(await recover(['nobody'])).toMatchObject({ code: 3 });
    expect(await ledger.operatorActionsOn('nobody')).toEqual([]);
  });

  test('all: one action with the counts and none for each customer; an action that a fault ended says so', async () => {
    expect(await recover(['all'], 'not-there')).toMatchObject({ code: 1 });
    expect(await recover(['all'])).toMatchObject({
      code: 0,
      out: '2 started, 1 running already, 0 over\n',
    });
    const by = { kind: 'recover', actor: userInfo().username, reason: 'not said' };
    expect(await onEverybody()).toEqual([
      { ...by, data: { started: 0, running: 0, over: 0, isWhole: false } },
      { ...by, data: { started: 2, running: 1, over: 0, isWhole: true } },
    ]);
    expect(await ledger.operatorActionsOn('grace')).toEqual([]);
  });
});
