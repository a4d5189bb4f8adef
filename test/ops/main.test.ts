// The operator's commands as processes on a real PostgreSQL, and a backup restored into another database.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { postgresProgram } from '../../dev/postgres.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { commandFrom } from '../../ops/arguments.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { RUNS_POSTGRES, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { opsIn, run } from './_process.ts';

const BY = ['--actor', 'olga', '--reason', 'an exercise'];

describe.runIf(RUNS_POSTGRES)('on a PostgreSQL', () => {
  let postgres: TestPostgres;
  let ledger: Ledger;
  beforeAll(async () => {
    postgres = await startPostgres();
    ledger = await openLedger({ databaseUrl: postgres.url });
    const personal = { contact: { email: 'ada@example.com' } };
    await ledger.claimCustomer({ customerId: 'ada', requestId: 'h', metadata: { tier: 'gold' }, personal });
    const facts = [
      fact(1, 'charge_opened', { chargeId: 'ch1' }),
      fact(2, 'notice', { data: { noticeId: 'enrolled-1', notice: 'customer.enrolled' } }),
    ];
    await ledger.record(entry('ada', { facts, charges: [charge('ch1')] }));
    const end = { atMs: 5, outcome: 'sent', status: 200 } as const;
    await ledger.recordNoticeDelivery({ customerId: 'ada', noticeId: 'enrolled-1', ...end });
    await ledger.putPersonal('ada', 'consent/c1', { ip: '192.0.2.1' });
  });
  afterAll(async () => {
    await ledger?.close();
    await postgres?.stop();
  });

  const ops = (typed: readonly string[]) => opsIn(typed, { DATABASE_URL: postgres.url });

  test('the kill switch is set with actor and reason, and shows them', async () => {
    expect((await ops(['kill-switch', 'on', ...BY])).out).toMatch(
      /^the kill switch is on since .*: olga, an exercise\n$/,
    );
    expect(await ledger.isKillSwitchOn()).toBe(true);
    expect((await ops(['kill-switch', 'off', ...BY])).code).toBe(0);
    expect(await ledger.isKillSwitchOn()).toBe(false);
  });

  test('control characters in an actor or a reason do not reach the terminal', async () => {
    const { out } = await ops(['kill-switch', 'off', '--actor', 'o\u001b[2Jlga', '--reason', 'one\ntwo']);
    expect(out).toMatch(/: o\\u\{1b\}\[2Jlga, one\\u\{a\}two\n$/);
  });

  /** What is in the ledger now, restored into an empty database of its own. */
  async function restored(): Promise<{ databaseUrl: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'offsession-dump-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const target = await startPostgres();
    onTestFinished(() => target.stop());
    const file = join(folder, 'ledger.dump');
    const from = ['--format=custom', '--no-owner', `--file=${file}`, postgres.url];
    expect(await run(postgresProgram('pg_dump'), from)).toMatchObject({ code: 0 });
    const into = ['--exit-on-error', '--single-transaction', '--no-owner', `--dbname=${target.url}`, file];
    expect(await run(postgresProgram('pg_restore'), into)).toMatchObject({ code: 0 });
    return { databaseUrl: target.url };
  }

  test('a dump restored into an empty database is the same ledger, and still refuses to change evidence', async () => {
    const target = await restored();
    const copy = await openLedger(target);
    expect(copy.installationId).toBe(ledger.installationId);
    expect(await copy.loadCustomer('ada')).toEqual(await ledger.loadCustomer('ada'));
    expect(await copy.listEvidence('ada')).toEqual(await ledger.listEvidence('ada'));
    expect((await copy.listEvidence('ada')).items[1]).toMatchObject({ delivery: { outcome: 'sent' } });
    expect(await copy.personalOf('ada')).toEqual({
      contact: { email: 'ada@example.com' },
      'consent/c1': { ip: '192.0.2.1' },
    });
    expect(await copy.killSwitch()).toEqual(await ledger.killSwitch());
    expect(await copy.verify('all')).toEqual(await ledger.verify('all'));
    expect(await copy.verify('all')).toMatchObject({ facts: 2, broken: [] });
    await copy.setKillSwitch({
      isOn: true,
      actor: 'olga',
      reason: 'counting goes on after the restored rows',
    });
    expect(await copy.isKillSwitchOn()).toBe(true);
    await copy.close();

    const client = new Client({ connectionString: target.databaseUrl });
    await client.connect();
    for (const [table, column] of [
      ['evidence', 'reason'],
      ['operator_actions', 'reason'],
      ['notice_deliveries', 'reason'],
    ]) {
      for (const statement of [
        `delete from ${table}`,
        `update ${table} set ${column} = ''`,
        `truncate ${table}`,
      ])
        await expect(client.query(statement), statement).rejects.toThrow(`${table} is append-only`);
    }
    const forged = `update personal_data set value = '{}' where key = 'consent/c1'`;
    await expect(client.query(forged)).rejects.toThrow('may be erased and not changed');
    await client.end();
  });

  test('restored without its last minutes: workflows that run go on, and what was written then is missing', async () => {
    const opened = (sequence: number, chargeId: string) => fact(sequence, 'charge_opened', { chargeId });
    const closed = (sequence: number, chargeId: string) => fact(sequence, 'charge_closed', { chargeId });
    const paid = { status: 'succeeded' } as const;
    await ledger.record(entry('runs', { facts: [opened(1, 'ch1')], charges: [charge('ch1')] }));
    const target = await restored();
    const copy = await openLedger(target);
    onTestFinished(() => copy.close());
    // The lost minutes: ch2 is opened and paid.
    const terms = { chargeId: 'ch2', amount: 1200, currency: 'eur' };
    await ledger.claimCharge('runs', terms, 'shop');
    const lost = { facts: [opened(2, 'ch2'), closed(3, 'ch2')], charges: [charge('ch2', paid)] };
    await ledger.record(entry('runs', lost));

    // The workflow had them recorded, and goes on: only what is new to it is written.
    const next = { facts: [closed(4, 'ch1')], charges: [charge('ch1', paid)] };
    await expect(copy.record(entry('runs', next))).rejects.toThrow('lacks the facts before fact 4');
    const onCopy = (typed: readonly string[]) => opsIn(typed, { DATABASE_URL: target.databaseUrl });
    expect(await onCopy(['accept-gaps', 'all', ...BY])).toMatchObject({
      code: 0,
      out: 'one gap in the record is accepted, of each customer\n',
    });
    expect(await copy.record(entry('runs', next))).toEqual({ alreadyClosed: [] });
    expect(await onCopy(['verify'])).toMatchObject({
      code: 0,
      out: '2 customers, 4 facts, 1 accepted gaps, 0 broken chains\n',
    });
    expect(await copy.getCharge('runs', 'ch1')).toMatchObject(paid);
    expect((await copy.loadCustomer('runs')).snapshot).toMatchObject({ sequence: 4 });
    const { items } = await copy.listEvidence('runs');
    expect(items.map(({ sequence }) => sequence)).toEqual([1, 4]);
    // So a caller who posts ch2 again is not recognised, and must be kept from it.
    expect((await copy.claimCharge('runs', terms, 'shop')).claim).toBe('new');
    expect((await ledger.claimCharge('runs', terms, 'shop')).claim).toBe('same');
  });

  test('export writes the record as JSON, erase takes the personal data out of it', async () => {
    const before = await ops(['export', 'ada']);
    expect(JSON.parse(before.out)).toMatchObject({
      customerId: 'ada',
      personalData: { contact: { email: 'ada@example.com' } },
      charges: [{ terms: { chargeId: 'ch1' } }],
      evidence: [{ kind: 'charge_opened' }, { kind: 'notice', delivery: { outcome: 'sent' } }],
    });
    expect(await ops(['erase', 'ada', ...BY])).toMatchObject({
      code: 0,
      out: 'erased the personal data of ada; rows: 2\n',
    });
    const after = await ops(['export', 'ada', '--actor', 'olga', '--reason', 'asked for it']);
    expect(after.out).not.toContain('ada@example.com');
    expect(JSON.parse(after.out)).toMatchObject({
      metadata: {},
      operatorActions: [
        { kind: 'export', actor: userInfo().username, reason: 'not said' },
        { kind: 'erased', actor: 'olga', reason: 'an exercise' },
        { kind: 'export', actor: 'olga', reason: 'asked for it' }, // of itself
      ],
    });
  });

  test('verify names what is broken, also as JSON, and ends with 1', async () => {
    expect(await ops(['verify', 'ada'])).toMatchObject({
      code: 0,
      out: '1 customers, 2 facts, 0 accepted gaps, 0 broken chains\n',
    });
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    await client.query(`insert into evidence (customer_id, sequence, at_ms, kind, data, previous_hash, hash)
      values ('ada', 3, 1, 'paused', '{}', '', '')`);
    await client.end();
    expect(await ops(['verify', 'all'])).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^ada: evidence 3 is beyond what the workflow recorded\n.* 1 broken chains\n$/,
      ),
    });
    const { code, out } = await ops(['verify', '--json']);
    expect([code, JSON.parse(out)]).toEqual([
      1,
      expect.objectContaining({
        broken: [{ chain: 'evidence', customerId: 'ada', at: 3, problem: 'not_recorded' }],
      }),
    ]);
  });

  test('an unknown customer ends with 3', async () => {
    expect(await ops(['export', 'nobody'])).toMatchObject({
      code: 3,
      errors: 'the ledger has no customer "nobody" on record\n',
    });
    expect(await ledger.operatorActionsOn('nobody')).toEqual([]);
    expect(await ops(['verify', 'nobody'])).toMatchObject({ code: 3, out: '' });
  });
});

test.each([
  { typed: [], words: 'no command' },
  { typed: ['refund'], words: 'unknown command: refund' },
  { typed: ['recover'], words: 'which customer?' },
  { typed: ['erase', 'ada'], words: '--actor and --reason are needed' },
  { typed: ['kill-switch', 'off', '--actor', 'olga'], words: '--actor and --reason are needed' },
  { typed: ['kill-switch', 'hard', ...BY], words: 'on, off' },
  { typed: ['accept-gaps', 'all'], words: '--actor and --reason are needed' },
  { typed: ['accept-gaps', ...BY], words: 'which customer?' },
  { typed: ['export', 'ada', '--json'], words: '--json' },
  { typed: ['export', 'a/b'], words: 'not a customer' },
  { typed: ['export', 'ada', 'eve'], words: 'too many words: eve' },
])('$typed is refused in words', ({ typed, words }) => {
  expect(() => commandFrom(typed)).toThrow(words);
});

test.each([
  { typed: ['recover', 'ada'], actor: userInfo().username, reason: 'not said' },
  { typed: ['recover', 'all', '--actor', 'olga'], actor: 'olga', reason: 'not said' },
  { typed: ['export', 'ada', '--reason', 'court order'], actor: userInfo().username, reason: 'court order' },
  { typed: ['export', 'ada', ...BY], actor: 'olga', reason: 'an exercise' },
])('$typed may leave out actor, reason or both', ({ typed, actor, reason }) => {
  expect(commandFrom(typed)).toMatchObject({ actor, reason });
});

test.each([['--help'], ['erase', '--help']])(
  '%s shows how it is used, without a database',
  async (...typed) => {
    expect(await opsIn(typed, {})).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^usage: .*kill-switch/s),
    });
  },
);

test('without a database it names what it needs', async () => {
  expect(await opsIn(['kill-switch', 'status'], {})).toMatchObject({
    code: 2,
    errors: expect.stringContaining('DATABASE_URL is not set'),
  });
});
