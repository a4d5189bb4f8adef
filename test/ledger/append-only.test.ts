// What stays as it was written: deliveries of notices, consents, operators' actions; also when the database is used directly.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { type Connection, DATABASES, type TestDatabase } from '../support/databases.ts';

const BY = { actor: 'olga', reason: 'an exercise' };
const TRACES = { ip: '192.0.2.1', userAgent: 'Firefox' };

const noticed = (sequence: number, noticeId: string) =>
  fact(sequence, 'notice', { data: { noticeId, notice: 'customer.enrolled' } });

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

  const deliveriesOf = async (customerId: string) =>
    (await ledger.listEvidence(customerId)).items.map(({ delivery }) => delivery);

  test('a notice shows its delivery once that has ended', async () => {
    const facts = ['sent-1', 'no-endpoint-1', 'lost-1', 'unfinished-1'].map((id, n) => noticed(n + 1, id));
    await ledger.record(entry('notices', { facts }));
    expect((await ledger.listEvidence('notices')).items).toEqual(facts);

    const ends = [
      { noticeId: 'sent-1', end: { atMs: 2_000, outcome: 'sent', status: 204 } },
      { noticeId: 'no-endpoint-1', end: { atMs: 3_000, outcome: 'no_endpoint' } },
      { noticeId: 'lost-1', end: { atMs: 4_000, outcome: 'given_up', reason: 'the endpoint answered 503' } },
    ] as const;
    for (const { noticeId, end } of ends)
      await ledger.recordNoticeDelivery({ customerId: 'notices', noticeId, runId: 'run-1', ...end });
    expect(await deliveriesOf('notices')).toEqual([...ends.map(({ end }) => end), undefined]);
  });

  test('neither another customer’s delivery nor one of a fact that is no notice is shown', async () => {
    const other = fact(2, 'attempt', { data: { noticeId: 'n-1' } });
    await ledger.record(entry('alone', { facts: [noticed(1, 'n-1'), other] }));
    await ledger.record(entry('other', { facts: [noticed(1, 'n-1')] }));
    const end = { noticeId: 'n-1', runId: 'run-1', atMs: 1, outcome: 'sent', status: 200 } as const;
    await ledger.recordNoticeDelivery({ customerId: 'other', ...end });
    expect(await deliveriesOf('alone')).toEqual([undefined, undefined]);
    await ledger.recordNoticeDelivery({ customerId: 'alone', ...end });
    expect(await deliveriesOf('alone')).toEqual([{ atMs: 1, outcome: 'sent', status: 200 }, undefined]);
  });

  test('a notice that another run sent again shows its newest delivery; one written twice is one, and another in its place is refused', async () => {
    const of = { customerId: 'again', noticeId: 'n-1' };
    await ledger.record(entry('again', { facts: [noticed(1, 'n-1'), fact(2, 'paused'), noticed(3, 'n-1')] }));
    const lost = { ...of, runId: 'run-1', atMs: 1, outcome: 'given_up', reason: 'ECONNREFUSED' } as const;
    await ledger.recordNoticeDelivery(lost);
    const sent = { atMs: 2, outcome: 'sent', status: 200 } as const;
    await ledger.recordNoticeDelivery({ ...of, runId: 'run-2', ...sent });
    const other = ledger.recordNoticeDelivery({ ...of, runId: 'run-2', ...sent, status: 201 });
    await expect(other).rejects.toMatchObject({ name: 'EvidenceConflict' });
    await ledger.recordNoticeDelivery(lost);
    const { items } = await ledger.listEvidence('again');
    expect(items.map(({ sequence, delivery }) => [sequence, delivery])).toEqual([
      [1, sent],
      [2, undefined],
      [3, sent],
    ]);
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

    test('every delivery of a notice is kept', async () => {
      const { rows } = await connection.query(
        `select run_id, outcome, status, reason from notice_deliveries where customer_id = 'again' order by position`,
      );
      expect(rows).toEqual([
        { run_id: 'run-1', outcome: 'given_up', status: null, reason: 'ECONNREFUSED' },
        { run_id: 'run-2', outcome: 'sent', status: 200, reason: null },
      ]);
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
