// What stays as it was written: deliveries of notices, consents, operators' actions; also when the database is used directly.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { type Connection, DATABASES, type TestDatabase } from '../support/databases.ts';

const BY = { actor: 'olga', reason: 'an exercise' };
const NOTICES = ['n-1', 'n-2'].map((noticeId, index) =>
  fact(index + 1, 'notice', { data: { noticeId, notice: 'customer.enrolled' } }),
);
const TRACES = { ip: '192.0.2.1', userAgent: 'Firefox' };

describe.each(DATABASES)('what lasts on $name', ({ start }) => {
  let database: TestDatabase;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await start();
    ledger = await openLedger(database.options);
  });
  afterAll(async () => {
    await ledger?.close();
    await database?.stop();
  });

  test('a consent stays as it was first written, however often a request is repeated', async () => {
    await ledger.putPersonal('agrees', 'consent/c1', TRACES);
    await ledger.putPersonal('agrees', 'consent/c1', TRACES);
    await ledger.putPersonal('agrees', 'consent/c1', { ip: '203.0.113.9' });
    expect(await ledger.getPersonal('agrees', 'consent/c1')).toEqual(TRACES);

    // Given before, without a claim: then the claim writes the rest beside it.
    const personal = { 'consent/c1': { ip: '203.0.113.9' }, contact: { email: 'a@example.com' } };
    await ledger.claimCustomer({ customerId: 'agrees', requestId: 'h', metadata: {}, personal });
    expect(await ledger.personalOf('agrees')).toEqual({
      'consent/c1': TRACES,
      contact: { email: 'a@example.com' },
    });
  });

  test('a consent is erased with the rest, and removed with a claim that is released', async () => {
    const claim = (ip: string) =>
      ledger.claimCustomer({
        customerId: 'released',
        requestId: 'h',
        metadata: {},
        personal: { 'consent/c1': { ip } },
      });
    await claim('192.0.2.1');
    await ledger.releaseCustomer('released', 'h');
    expect(await ledger.getPersonal('released', 'consent/c1')).toBeNull();
    await claim('192.0.2.2');
    expect(await ledger.getPersonal('released', 'consent/c1')).toEqual({ ip: '192.0.2.2' });
    expect(await ledger.erase({ customerId: 'released', ...BY })).toEqual(['consent/c1']);
    expect(await ledger.personalOf('released')).toEqual({});
  });

  test('operators’ actions on a customer are listed oldest first, without those on everybody', async () => {
    await ledger.addOperatorAction({ kind: 'export', customerId: 'acted', ...BY, data: {} });
    await ledger.addOperatorAction({
      kind: 'recover',
      customerId: 'acted',
      ...BY,
      data: { outcome: 'started' },
    });
    await ledger.addOperatorAction({ kind: 'recover', customerId: null, ...BY, data: { started: 3 } });
    expect(await ledger.operatorActionsOn('acted')).toEqual([
      { kind: 'export', atMs: expect.any(Number), ...BY, data: {} },
      { kind: 'recover', atMs: expect.any(Number), ...BY, data: { outcome: 'started' } },
    ]);
    expect(await ledger.isKillSwitchOn()).toBe(false);
  });

  describe('used directly', () => {
    let connection: Connection;
    beforeAll(async () => {
      await ledger.record(entry('told', { facts: NOTICES, notifies: true }));
      for (const noticeId of ['n-1', 'n-2'])
        await ledger.recordNoticeDelivery({ customerId: 'told', noticeId, atMs: 1, outcome: 'no_endpoint' });
      await ledger.close();
      connection = await database.connect();
    });
    afterAll(() => connection?.close());

    test.each([
      { table: 'notice_deliveries', column: 'outcome' },
      { table: 'operator_actions', column: 'reason' },
    ])('the database itself refuses to change $table', async ({ table, column }) => {
      const all = `select * from ${table} order by position`;
      const before = (await connection.query(all)).rows;
      expect(before.length).toBeGreaterThan(1);
      for (const statement of [
        `update ${table} set ${column} = ''`,
        `delete from ${table}`,
        `truncate ${table}`,
      ])
        await expect(connection.query(statement), statement).rejects.toThrow(`${table} is append-only`);
      expect((await connection.query(all)).rows).toEqual(before);
    });

    test('the database itself refuses to lose a notice, or to change what it says', async () => {
      for (const statement of [
        'delete from notice_outbox',
        'truncate notice_outbox',
        'update notice_outbox set sequence = sequence + 1',
        `update notice_outbox set notice_id = 'other'`,
        `update notice_outbox set customer_id = 'other'`,
      ])
        await expect(connection.query(statement), statement).rejects.toThrow('notice_outbox is append-only');
      await connection.query('update notice_outbox set check_at_ms = 1');
    });

    test('the database itself refuses to change a consent, and lets it be erased', async () => {
      const consent = `where customer_id = 'agrees' and key = 'consent/c1'`;
      for (const statement of [
        `update personal_data set value = '{"ip": "203.0.113.9"}' ${consent}`,
        `update personal_data set customer_id = 'somebody-else' ${consent}`,
        `update personal_data set key = 'hidden' ${consent}`,
        `update personal_data set key = 'consent/c2' where customer_id = 'agrees' and key = 'contact'`,
        `insert into personal_data (customer_id, key, value) values ('agrees', 'consent/c1', '{}')
          on conflict (customer_id, key) do update set value = excluded.value`,
      ])
        await expect(connection.query(statement), statement).rejects.toThrow(/may be erased and not changed/);
      const { rows } = await connection.query(`select value from personal_data ${consent}`);
      expect(rows).toEqual([{ value: TRACES }]);

      // Other personal data may be replaced, and an update that changes nothing is allowed.
      await connection.query(`update personal_data set value = '{}' where key = 'contact'`);
      await connection.query(`update personal_data set value = value ${consent}`);
      await connection.query(`delete from personal_data ${consent}`);
      expect((await connection.query(`select 1 from personal_data ${consent}`)).rows).toEqual([]);
    });
  });
});
