// Each database role, as deploy/create-databases.sh makes it, can do its own work through the ledger and not the work
// of others.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postgresProgram, startOwnPostgres } from '../../dev/postgres.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { loadForRun } from '../../ledger/load.ts';
import { migrateLedger, openLedger } from '../../ledger/open.ts';
import { ROLES } from '../../ledger/roles.ts';
import { opsIn, run } from '../ops/_process.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { RUNS_POSTGRES, type TestPostgres } from '../support/postgres.ts';

const BY = { actor: 'olga', reason: 'an exercise' };
const TERMS = { chargeId: 'ch1', amount: 1200, currency: 'eur', description: 'May' };

type RoleName = 'owner' | 'worker' | 'api' | 'ops';

describe.runIf(RUNS_POSTGRES)('the database roles', () => {
  let postgres: TestPostgres;
  let urls: { readonly [Name in RoleName]: string };
  const ledgers: { [Name in RoleName]?: Ledger } = {};
  beforeAll(async () => {
    postgres = await startOwnPostgres();
    const { hostname, port } = new URL(postgres.url);
    const passwords = { owner: 'owner-1', worker: 'worker-1', api: 'api-1', ops: 'ops-1' };
    const script = await run('sh', ['deploy/create-databases.sh'], {
      PATH: [dirname(postgresProgram('psql')), process.env.PATH].join(delimiter),
      PGHOST: hostname,
      PGPORT: port,
      POSTGRES_USER: 'postgres',
      LEDGER_OWNER_DB_PASSWORD: passwords.owner,
      LEDGER_WORKER_DB_PASSWORD: passwords.worker,
      LEDGER_API_DB_PASSWORD: passwords.api,
      LEDGER_OPS_DB_PASSWORD: passwords.ops,
      TEMPORAL_DB_PASSWORD: 'temporal-1',
    });
    expect(script).toMatchObject({ code: 0, errors: '' });
    const as = (role: string, password: string) =>
      `postgres://${role}:${password}@${hostname}:${port}/offsession`;
    urls = {
      owner: as('offsession', passwords.owner),
      worker: as('offsession_worker', passwords.worker),
      api: as('offsession_api', passwords.api),
      ops: as('offsession_ops', passwords.ops),
    };
  });
  afterAll(async () => {
    await Promise.all(Object.values(ledgers).map((ledger) => ledger.close()));
    await postgres?.stop();
  });

  /** What is asked of the database directly, as a role. */
  async function query(role: RoleName, statement: string): Promise<readonly unknown[]> {
    const client = new Client({ connectionString: urls[role] });
    await client.connect();
    try {
      return (await client.query(statement)).rows;
    } finally {
      await client.end();
    }
  }

  async function as(role: RoleName): Promise<Ledger> {
    const ledger = ledgers[role] ?? (await openLedger({ databaseUrl: urls[role] }));
    ledgers[role] = ledger;
    return ledger;
  }

  test.each(['worker', 'api', 'ops'] as const)('%s is told who has to migrate', async (role) => {
    await expect(openLedger({ databaseUrl: urls[role] })).rejects.toThrow(
      /older than this version needs \(0001-initial is missing\).*offsession_\w+ may not.*ops -- migrate/,
    );
  });

  test('the owner migrates, and gives the others what they may do, as often as it likes', async () => {
    expect(await migrateLedger(urls.owner)).toEqual([...ROLES].sort());
    expect(await opsIn(['migrate'], { DATABASE_URL: urls.owner })).toMatchObject({
      code: 0,
      out: `the ledger's tables are up to date; granted to: ${[...ROLES].sort().join(', ')}\n`,
    });
    expect(await Promise.all([migrateLedger(urls.owner), migrateLedger(urls.owner)])).toHaveLength(2);
    await (await openLedger({ databaseUrl: urls.owner })).close();
  });

  test('the api claims, takes back, and reads', async () => {
    const api = await as('api');
    const requestId = await api.requestIdOf('ada', { email: 'ada@example.com' });
    const personal = { contact: { email: 'ada@example.com' }, [`consent/${requestId}`]: { ip: '192.0.2.1' } };
    const claim = { customerId: 'ada', requestId, metadata: { tier: 'gold' }, personal };
    expect(await api.claimCustomer(claim)).toBe('new');
    await api.releaseCustomer('ada', requestId);
    expect(await api.personalOf('ada')).toEqual({});
    expect(await api.claimCustomer(claim)).toBe('new');
    expect(await api.claimCustomer(claim)).toBe('same');
    expect(await api.claimCustomer({ ...claim, requestId: 'another' })).toBe('conflict');

    expect(await api.claimCharge('ada', TERMS, 'shop')).toMatchObject({ claim: 'new' });
    await api.releaseCharge('ada', TERMS);
    expect(await api.claimCharge('ada', TERMS, 'shop')).toMatchObject({ claim: 'new' });
    await api.acceptCharge('ada', 'ch1');
    expect(await api.claimCharge('ada', { ...TERMS, amount: 1 }, 'shop')).toMatchObject({
      claim: 'conflict',
    });
    await api.claimCharge('ada', { ...TERMS, chargeId: 'ch2' }, 'shop');
    const promise = { customerId: 'ada', chargeId: 'ch2', afterMs: 0, mostOpen: 9 };
    expect(await api.promiseCharge(promise)).toBe(true);
    expect(await api.takePromisedCharges({ except: [], most: 5, leaseMs: 1_000 })).toHaveLength(1);
    await api.acceptCharge('ada', 'ch2');
    await api.putPersonal('ada', 'contact', { email: 'ada@example.org' });
    await api.addUnclaimedEvent({ eventId: 'evt_1', type: 'x', objectId: null, reason: 'unknown_object' });
    await api.addUnclaimedEvent({ eventId: 'evt_1', type: 'x', objectId: null, reason: 'unknown_object' });
    expect(await api.isKillSwitchOn()).toBe(false);
    await api.ping();
  });

  test('the worker records what happens', async () => {
    const worker = await as('worker');
    const intent = {
      customerId: 'ada',
      chargeId: 'ch1',
      paymentIntentId: 'pi_1',
      intentNumber: 1,
      canceled: [],
    };
    expect(worker.intentNonce({ customerId: 'ada', chargeId: 'ch1', intentNumber: 1 })).toMatch(
      /^[0-9a-f]{64}$/,
    );
    await worker.addStripeObject({ stripeId: 'cus_1', customerId: 'ada' });
    expect(await worker.claimIntent(intent)).toMatchObject({ paymentIntentId: 'pi_1' });
    expect(await worker.ruleOutIntents({ ...intent, through: 1 })).toBe('pi_1');
    expect(await worker.ruleOutIntents({ ...intent, through: 1, canceled: ['pi_1'] })).toBeNull();
    const opening = {
      facts: [fact(1, 'charge_opened', { chargeId: 'ch1' })],
      charges: [charge('ch1'), charge('ch2', { status: 'refused', amount: 1200 })],
      view: {
        enrolment: {
          number: 1,
          requestId: 'r',
          status: 'succeeded',
          closed: true,
          hasConsent: true,
        } as const,
      },
    };
    await worker.record(entry('ada', opening));
    await worker.record(entry('ada', opening));
    const closing = {
      facts: [fact(2, 'charge_closed', { chargeId: 'ch1' })],
      charges: [charge('ch1', { status: 'succeeded' })],
    };
    await worker.record(entry('ada', closing));
    // Opened without a claim: the texts of other terms are not its.
    await (await as('api')).claimCharge('ada', { ...TERMS, chargeId: 'ch3', amount: 9 }, 'shop');
    await worker.record(entry('ada', { sequence: 2, charges: [charge('ch3')] }));
    expect(await worker.getPersonal('ada', 'charge/ch3')).toBeNull();

    const delivery = {
      customerId: 'ada',
      noticeId: 'n-1',
      atMs: 1,
      outcome: 'no_endpoint',
    } as const;
    const facts = [fact(3, 'notice', { data: { noticeId: 'n-1', notice: 'charge.succeeded' } })];
    await worker.record(entry('ada', { facts, notifies: true }));
    expect(await worker.noticesToCheck()).toEqual([{ customerId: 'ada', noticeId: 'n-1' }]);
    await worker.noticeChecked(delivery);
    expect(await worker.openNotices('ada')).toEqual(['n-1']);
    expect(await worker.noticesToCheck()).toEqual([]);
    await query('worker', 'update notice_outbox set check_at_ms = check_at_ms - 3600000'); // an hour later
    expect(await worker.noticesToCheck()).toEqual([{ customerId: 'ada', noticeId: 'n-1' }]);
    await worker.recordNoticeDelivery(delivery);
    expect(await worker.findNotice(delivery)).toMatchObject({ end: { outcome: 'no_endpoint' } });
    await worker.setCaughtUp(5);
    await worker.setCaughtUp(6);
    await worker.addUnclaimedEvent({ eventId: 'evt_2', type: 'x', objectId: 'o', reason: 'customer_ended' });
    expect(await worker.countUnclaimedEvents()).toBe(2);
    expect((await loadForRun(worker, 'ada')).charges.map(({ chargeId }) => chargeId)).toContain('ch2');
    expect(await worker.isKillSwitchOn()).toBe(false);
  });

  test('the api reads what was recorded, and puts right what was refused or came to nothing', async () => {
    const api = await as('api');
    expect((await api.listEvidence('ada')).items).toHaveLength(3);
    expect((await api.listCustomers({})).items).toHaveLength(1);
    expect((await api.listCharges({ customerId: 'ada' })).items).toHaveLength(3);
    expect(await api.findStripeObject('pi_1')).toMatchObject({ customerId: 'ada' });
    const other = { ...TERMS, chargeId: 'ch2', amount: 1500 };
    expect(await api.claimCharge('ada', other, 'shop')).toMatchObject({ claim: 'replaced' });
    await api.releaseCharge('ada', other);
    expect(await api.getCharge('ada', 'ch2')).toMatchObject({ status: 'refused' });

    const enrolment = {
      number: 1,
      requestId: 'r',
      status: 'failed',
      closed: true,
      hasConsent: false,
    } as const;
    await api.claimCustomer({ customerId: 'bob', requestId: 'wrong', metadata: {}, personal: {} });
    await (await as('worker')).record(
      entry('bob', { facts: [fact(1, 'enrolment_closed')], view: { enrolment } }),
    );
    expect(
      await api.claimCustomer({ customerId: 'bob', requestId: 'right', metadata: {}, personal: {} }),
    ).toBe('replaced');
  });

  test('an operator stops and releases, verifies, exports, erases', async () => {
    const ops = await as('ops');
    await ops.setKillSwitch({ isOn: true, ...BY });
    expect(await (await as('worker')).isKillSwitchOn()).toBe(true);
    await ops.setKillSwitch({ isOn: false, ...BY });
    await ops.addOperatorAction({ kind: 'export', customerId: 'ada', ...BY, data: {} });
    expect(await ops.personalOf('ada')).toMatchObject({ contact: { email: 'ada@example.org' } });
    expect(await ops.loadCustomer('ada')).toMatchObject({ snapshot: { sequence: 3 } });
    expect(await ops.erase({ customerId: 'ada', ...BY })).toContain('contact');
    expect(await ops.verify('all')).toMatchObject({ customers: 2, facts: 4, broken: [] });
    expect(await (await as('api')).claimCharge('ada', TERMS, 'shop')).toMatchObject({ claim: 'same' });
  });

  const FACT = `insert into evidence (customer_id, sequence, at_ms, kind, data, previous_hash, hash)
    values ('ada', 4, 1, 'paused', '{}', '', '')`;
  const ACTION = `insert into operator_actions (at_ms, kind, actor, reason, previous_hash, hash)
    values (1, 'kill_switch_off', 'mallory', 'x', '', '')`;
  test.each<{ role: RoleName; statement: string }>([
    { role: 'api', statement: FACT },
    { role: 'ops', statement: FACT },
    { role: 'api', statement: ACTION },
    { role: 'worker', statement: ACTION },
    {
      role: 'worker',
      statement: FACT.replace('data,', 'data, written_at,').replace(`'{}',`, `'{}', '1999-01-01',`),
    },
    { role: 'worker', statement: `update evidence set reason = 'x'` },
    { role: 'worker', statement: 'delete from evidence' },
    { role: 'worker', statement: 'truncate evidence' },
    { role: 'worker', statement: 'alter table evidence disable trigger all' },
    { role: 'api', statement: `update customers set status = 'active'` },
    { role: 'api', statement: `update customers set view = '{}'` },
    { role: 'api', statement: `update charges set view = null` },
    {
      role: 'api',
      statement: `insert into charges (customer_id, charge_id, amount, currency, status) values ('ada', 'x', 1, 'eur', 'succeeded')`,
    },
    { role: 'api', statement: `insert into stripe_objects (stripe_id, customer_id) values ('pi_2', 'ada')` },
    {
      role: 'api',
      statement: `insert into notice_deliveries (customer_id, notice_id, at_ms, outcome, previous_hash, hash) values ('ada', 'n', 1, 'sent', '', '')`,
    },
    {
      role: 'api',
      statement: `insert into notice_outbox (customer_id, notice_id, sequence) values ('ada', 'n', 1)`,
    },
    { role: 'api', statement: 'update notice_outbox set check_at_ms = null' },
    { role: 'worker', statement: `update notice_outbox set notice_id = 'other'` },
    { role: 'worker', statement: 'delete from notice_outbox' },
    { role: 'api', statement: 'select nonce_secret from installation' },
    { role: 'ops', statement: 'select nonce_secret from installation' },
    { role: 'ops', statement: 'select secret from customer_secrets' },
    { role: 'worker', statement: 'select * from customer_secrets' },
    {
      role: 'worker',
      statement: `insert into personal_data (customer_id, key, value) values ('ada', 'contact', '{}')`,
    },
    { role: 'worker', statement: `update customers set request_id = 'x'` },
    { role: 'worker', statement: `delete from charges` },
    { role: 'ops', statement: `update charges set status = 'succeeded'` },
    {
      role: 'ops',
      statement: `insert into personal_data (customer_id, key, value) values ('ada', 'contact', '{}')`,
    },
    { role: 'api', statement: 'create table mine (id text)' },
    { role: 'worker', statement: 'drop table evidence' },
    { role: 'api', statement: `insert into kysely_migration values ('9999', 'x')` },
    { role: 'api', statement: 'insert into catch_up (through_ms) values (1)' },
  ])('$role may not: $statement', async ({ role, statement }) => {
    await expect(query(role, statement)).rejects.toThrow(
      /permission denied|must be owner|row-level security/,
    );
  });

  test.each([
    {
      what: 'reopen a charge that is over',
      statement: `update charges set status = 'claimed' where charge_id = 'ch1'`,
    },
    {
      what: 'take a customer over',
      statement: `update customers set request_id = 'mine' where customer_id = 'ada'`,
    },
    { what: 'remove a charge', statement: `delete from charges where charge_id in ('ch1', 'ch2')` },
    { what: 'remove a recorded customer', statement: 'delete from customers' },
  ])('the api cannot $what: the row is out of its reach', async ({ statement }) => {
    const all = 'select customer_id, request_id from customers order by 1';
    const before = [
      await query('owner', all),
      await query('owner', 'select * from charges order by charge_id'),
    ];
    expect(await query('api', `${statement} returning *`)).toEqual([]);
    expect([
      await query('owner', all),
      await query('owner', 'select * from charges order by charge_id'),
    ]).toEqual(before);
  });

  test('the api cannot make a charge succeed, nor remove the consent of a recorded customer', async () => {
    await expect(
      query('api', `update charges set status = 'succeeded' where charge_id = 'ch2'`),
    ).rejects.toThrow(/row-level security/);
    await (await as('api')).putPersonal('bob', 'consent/c1', { ip: '192.0.2.1' });
    expect(await query('api', `delete from personal_data where key = 'consent/c1' returning key`)).toEqual(
      [],
    );
    expect(await query('worker', `delete from personal_data where key = 'consent/c1' returning key`)).toEqual(
      [],
    );
    expect(
      await query('ops', `delete from personal_data where key = 'consent/c1' returning key`),
    ).toHaveLength(1);
  });

  test('the api cannot change a refused charge that has a PaymentIntent, nor claim a customer who has a mandate', async () => {
    const view = {
      enrolment: { number: 2, requestId: 'r', status: 'failed', closed: true, hasConsent: true } as const,
      mandate: {
        status: 'active',
        stripeMandateId: null,
        setupIntentId: 'seti_1',
        paymentMethodId: 'pm_1',
        acceptedAtMs: 1,
      } as const,
    };
    await (await as('api')).claimCustomer({ customerId: 'cy', requestId: 'r', metadata: {}, personal: {} });
    const charges = [charge('ch1', { status: 'refused', paymentIntentId: 'pi_2' })];
    await (await as('worker')).record(entry('cy', { facts: [fact(1, 'charge_refused')], charges, view }));
    const change = [
      `update charges set amount = 1, status = 'scheduled' where customer_id = 'cy' returning charge_id`,
      `update customers set stripe_customer_id = 'cus_9' where customer_id = 'cy' returning customer_id`,
    ];
    for (const statement of change) expect(await query('api', statement)).toEqual([]);
  });

  test.each(['api', 'worker'] as const)('whatever the %s locks, the kill switch can be set', async (role) => {
    const holder = new Client({ connectionString: urls[role] });
    await holder.connect();
    onTestFinished(() => holder.end());
    const tables = await query('owner', `select tablename from pg_tables where schemaname = 'public'`);
    const names = (tables as { tablename: string }[]).map(({ tablename }) => tablename);
    await holder.query('begin');
    for (const attempt of [
      ...names.map((name) => `lock table ${name} in access exclusive mode`),
      ...names.map((name) => `lock table ${name} in share mode`),
      ...names.map((name) => `select from ${name} for update`),
      'select pg_advisory_lock(n) from generate_series(7302000, 7302020) n',
    ]) {
      await holder.query('savepoint attempt');
      await holder.query(attempt).catch(() => holder.query('rollback to attempt'));
    }
    const ops = await as('ops');
    await ops.setKillSwitch({ isOn: true, ...BY });
    expect(await ops.isKillSwitchOn()).toBe(true);
    await ops.setKillSwitch({ isOn: false, ...BY });
  });

  test('the operator’s commands work as the operators’ role, and say what another role may not', async () => {
    const set = ['kill-switch', 'on', '--actor', 'olga', '--reason', 'an exercise'];
    expect(await opsIn(set, { DATABASE_URL: urls.worker })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('permission denied for table operator_actions'),
    });
    expect(await opsIn(set, { DATABASE_URL: urls.ops })).toMatchObject({ code: 0 });
    expect(await opsIn(['verify'], { DATABASE_URL: urls.ops })).toMatchObject({ code: 0 });
  });

  test('a dump that the owner takes and restores is whole, with the rights of the other roles', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offsession-dump-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('create database restored owner offsession').finally(() => client.end());
    const inRestored = (url: string) => url.replace(/offsession$/, 'restored');
    const file = join(folder, 'ledger.dump');
    const dump = ['--format=custom', '--no-owner', `--file=${file}`, urls.owner];
    expect(await run(postgresProgram('pg_dump'), dump)).toMatchObject({ code: 0 });
    const restore = [
      '--exit-on-error',
      '--single-transaction',
      '--no-owner',
      `--dbname=${inRestored(urls.owner)}`,
      file,
    ];
    expect(await run(postgresProgram('pg_restore'), restore)).toMatchObject({ code: 0 });

    expect(await opsIn(['verify'], { DATABASE_URL: inRestored(urls.ops) })).toMatchObject({ code: 0 });
    const worker = await openLedger({ databaseUrl: inRestored(urls.worker) });
    onTestFinished(() => worker.close());
    await worker.record(entry('ada', { facts: [fact(4, 'paused')] }));
    expect(await worker.verify('ada')).toMatchObject({ facts: 4, broken: [] });
    const api = new Client({ connectionString: inRestored(urls.api) });
    await api.connect();
    onTestFinished(() => api.end());
    await expect(api.query(FACT)).rejects.toThrow(/permission denied/);
    expect((await api.query(`update customers set request_id = 'mine' returning customer_id`)).rows).toEqual([
      { customer_id: 'bob' },
    ]);
  });

  test('the api does not make nonces', async () => {
    const api = await as('api');
    expect(() => api.intentNonce({ customerId: 'ada', chargeId: 'ch1', intentNumber: 1 })).toThrow(
      /may not read/,
    );
  });

  test('every table is somebody’s: none was forgotten', async () => {
    const tables = await query(
      'owner',
      `select table_name from information_schema.tables t where table_schema = 'public' and table_type = 'BASE TABLE'
        and table_name <> 'kysely_migration_lock' and not exists (select from information_schema.column_privileges p
          where p.table_name = t.table_name and p.grantee = any (array['${ROLES.join("','")}']))`,
    );
    expect(tables).toEqual([]);
  });
});
