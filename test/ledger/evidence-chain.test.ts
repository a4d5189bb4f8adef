// Evidence cannot be silenced: what is inserted, changed or removed beside the ledger shows when the true fact comes, or
// when the chains are walked.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOfFact } from '../../ledger/evidence-chain.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { type Connection, DATABASES, type TestDatabase } from '../support/databases.ts';

const BY = { actor: 'olga', reason: 'an exercise' };
const FACTS = [1, 2, 3, 4].map((sequence) =>
  fact(sequence, 'attempt', {
    chargeId: 'ch1',
    actor: 'shop',
    data: { number: sequence, nested: { b: 1, a: [] } },
  }),
);

describe.each(DATABASES)('evidence on $name', ({ start }) => {
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

  const recorded = (customerId: string, through: number, from = 1) =>
    ledger.record(entry(customerId, { facts: FACTS.slice(from - 1, through) }));

  /** Runs SQL beside the ledger, with every right but that of changing triggers where `triggers` is true. */
  async function tamper(statements: readonly string[], { triggers = true } = {}): Promise<void> {
    await ledger.close();
    const connection: Connection = await database.connect();
    if (!triggers) await connection.query(`set session_replication_role = 'replica'`);
    for (const statement of statements) await connection.query(statement);
    await connection.close();
    ledger = await openLedger(database.options);
  }

  const insert = (customerId: string, sequence: number, hash = 'made-up') =>
    `insert into evidence (customer_id, sequence, at_ms, kind, data, previous_hash, hash)
      values ('${customerId}', ${sequence}, 1, 'paused', '{}', '', '${hash}')`;
  const sequencesOf = async (customerId: string) =>
    (await ledger.listEvidence(customerId)).items.map(({ sequence }) => sequence);
  const brokenOf = async (customerId: string) => (await ledger.verify(customerId)).broken;

  test('what was recorded in any number of entries is one whole chain', async () => {
    await recorded('whole', 1);
    await recorded('whole', 4, 2);
    await recorded('whole', 3, 2); // again
    expect(await ledger.verify('whole')).toEqual({ customers: 1, facts: 4, acceptedGaps: 0, broken: [] });
  });

  test('another fact under the same sequence is refused, and with it all of its entry', async () => {
    await recorded('other', 2);
    const before = await ledger.getCustomer('other');
    const forged = entry('other', {
      facts: [fact(2, 'resumed'), fact(3, 'attempt')],
      view: { status: 'paused' },
    });
    await expect(ledger.record(forged)).rejects.toMatchObject({
      name: 'EvidenceConflict',
      message: expect.stringContaining('the record of customer other holds another fact 2'),
    });
    expect(await sequencesOf('other')).toEqual([1, 2]);
    expect(await ledger.getCustomer('other')).toEqual(before);
  });

  test('a fact whose predecessor is missing is refused', async () => {
    await recorded('gap', 1);
    await expect(recorded('gap', 4, 3)).rejects.toMatchObject({
      name: 'EvidenceConflict',
      message: expect.stringContaining('lacks the facts before fact 3'),
    });
    expect(await sequencesOf('gap')).toEqual([1]);
    await recorded('gap', 4, 2);
    expect(await brokenOf('gap')).toEqual([]);
  });

  test('a row inserted for a sequence to come is found by walking, and stops the record when the true fact comes', async () => {
    await recorded('next', 1);
    await recorded('far', 1);
    const [first] = FACTS;
    const chained = hashOfFact(
      'next',
      fact(2, 'paused', { atMs: 1 }),
      hashOfFact('next', first as never, ''),
    );
    await tamper([insert('next', 2, chained), insert('far', 4)]);

    expect(await brokenOf('next')).toEqual([
      { chain: 'evidence', customerId: 'next', at: 2, problem: 'not_recorded' },
    ]);
    expect(await brokenOf('far')).toEqual([
      { chain: 'evidence', customerId: 'far', at: 4, problem: 'not_recorded' },
    ]);
    await expect(recorded('next', 2, 2)).rejects.toThrow('holds another fact 2');
    await recorded('far', 3, 2);
    await expect(recorded('far', 4, 4)).rejects.toThrow('holds another fact 4');
    expect(await brokenOf('far')).toMatchObject([{ at: 4, problem: 'not_recorded' }]);
  });

  test('an inserted row with the true content and another hash is refused too', async () => {
    await recorded('copied', 1);
    await tamper([
      `insert into evidence (customer_id, sequence, at_ms, kind, charge_id, actor, data, previous_hash, hash)
        values ('copied', 2, 1002, 'attempt', 'ch1', 'shop', '{"number": 2, "nested": {"a": [], "b": 1}}', '', 'made-up')`,
    ]);
    await expect(recorded('copied', 2, 2)).rejects.toThrow('holds another fact 2');
  });

  test('evidence of somebody who was never recorded is found', async () => {
    await tamper([insert('stranger', 1)]);
    const { broken } = await ledger.verify('all');
    expect(broken).toContainEqual({
      chain: 'evidence',
      customerId: 'stranger',
      at: 1,
      problem: 'not_recorded',
    });
  });

  test.each([
    { what: 'changed', sql: `update evidence set reason = 'asked for'`, at: 2, problem: 'changed' },
    {
      what: 'changed in its data',
      sql: `update evidence set data = '{"number": 3}'`,
      at: 2,
      problem: 'changed',
    },
    { what: 'removed', sql: 'delete from evidence', at: 2, problem: 'missing' },
  ])(
    'a fact $what past the triggers is found, the first one of the customer',
    async ({ what, sql, at, problem }) => {
      const customerId = what.replaceAll(' ', '-');
      await recorded(customerId, 4);
      await tamper([`${sql} where customer_id = '${customerId}' and sequence in (2, 4)`], {
        triggers: false,
      });
      expect(await brokenOf(customerId)).toEqual([{ chain: 'evidence', customerId, at, problem }]);
    },
  );

  test('the newest facts removed past the triggers are found', async () => {
    await recorded('cut', 4);
    await tamper([`delete from evidence where customer_id = 'cut' and sequence > 2`], { triggers: false });
    expect(await brokenOf('cut')).toMatchObject([{ at: 3, problem: 'missing' }]);
  });

  test('deliveries and operators’ actions are chains of their own', async () => {
    const delivery = { atMs: 1, outcome: 'no_endpoint' } as const;
    for (const noticeId of ['n-1', 'n-2', 'n-3'])
      await ledger.recordNoticeDelivery({ customerId: 'noticed', noticeId, ...delivery });
    for (const isOn of [true, false]) await ledger.setKillSwitch({ isOn, ...BY });
    await ledger.addOperatorAction({
      kind: 'export',
      customerId: 'noticed',
      ...BY,
      data: { a: 1, b: [null] },
    });
    expect((await ledger.verify('all')).broken.filter(({ chain }) => chain !== 'evidence')).toEqual([]);

    await tamper(
      [
        `delete from notice_deliveries where notice_id = 'n-2'`,
        `update operator_actions set actor = 'somebody' where kind = 'kill_switch_on'`,
      ],
      { triggers: false },
    );
    const { broken } = await ledger.verify('all');
    expect(broken).toContainEqual(
      expect.objectContaining({ chain: 'notice_deliveries', customerId: 'noticed', problem: 'changed' }),
    );
    expect(broken).toContainEqual(
      expect.objectContaining({ chain: 'operator_actions', customerId: null, problem: 'changed' }),
    );
  });

  test('an operator accepts one gap, of one customer or of each; the next one is refused again', async () => {
    await recorded('lost', 1);
    await recorded('also-lost', 1);
    await expect(recorded('lost', 3, 3)).rejects.toThrow('lacks the facts before fact 3');
    await ledger.addOperatorAction({ kind: 'gaps_accepted', customerId: 'lost', ...BY, data: {} });
    await expect(recorded('also-lost', 3, 3)).rejects.toThrow('lacks the facts');
    await recorded('lost', 3, 3);
    await recorded('lost', 3, 3); // again
    expect(await ledger.verify('lost')).toMatchObject({ facts: 2, acceptedGaps: 1, broken: [] });

    const later = entry('lost', { facts: [fact(6, 'paused')] });
    await expect(ledger.record(later)).rejects.toThrow('lacks the facts before fact 6');
    await ledger.addOperatorAction({ kind: 'gaps_accepted', customerId: null, ...BY, data: {} });
    await ledger.record(later);
    await recorded('also-lost', 3, 3);
    expect(await ledger.verify('also-lost')).toMatchObject({ acceptedGaps: 1, broken: [] });
    expect(await ledger.verify('lost')).toMatchObject({ acceptedGaps: 2, broken: [] });
  });

  test('a gap that nobody accepted before it was filled is found', async () => {
    await recorded('skipped', 4);
    await tamper([`delete from evidence where customer_id = 'skipped' and sequence in (2, 3)`], {
      triggers: false,
    });
    await ledger.addOperatorAction({ kind: 'gaps_accepted', customerId: 'skipped', ...BY, data: {} });
    expect(await brokenOf('skipped')).toMatchObject([{ at: 2, problem: 'missing' }]);
  });

  test('progress is told after each customer', async () => {
    const seen: number[] = [];
    const { customers } = await ledger.verify('all', (soFar) => seen.push(soFar.customers));
    expect(seen).toEqual(Array.from({ length: customers }, (_, number) => number + 1));
    expect(customers).toBeGreaterThan(10);
  });
});
