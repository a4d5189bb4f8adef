// Attempts on record: whoever repeats one gets its answer, and whoever comes too late changes nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttemptKey, Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

describe.each(DATABASES)('attempts on $name', ({ start }) => {
  let database: TestDatabase;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await start();
    ledger = await openLedger(database.options);
  });
  afterAll(async () => {
    await ledger.close();
    await database.stop();
  });

  const keyOf = (customerId: string, over: Partial<AttemptKey> = {}): AttemptKey => ({
    customerId,
    chargeId: 'ch1',
    intentNumber: 1,
    attemptNumber: 1,
    afterSequence: 1,
    ...over,
  });
  const halted = (atMs: number) => ({ event: { kind: 'halted', chargeId: 'ch1' }, atMs }) as const;
  const ANSWER = { events: [halted(7)], digest: 'd' };
  const paid = (atMs = 5) => ({
    facts: [
      fact(1, 'charge_opened', { chargeId: 'ch1' }),
      fact(2, 'attempt', { chargeId: 'ch1', atMs }),
      fact(3, 'charge_closed', { chargeId: 'ch1', atMs }),
    ],
    charges: [charge('ch1', { status: 'succeeded' })],
  });
  const untried = (customerId: string) =>
    entry(customerId, { facts: [fact(1, 'charge_opened', { chargeId: 'ch1' })] });

  test('is answered from the record, by its numbers and what it began with', async () => {
    const key = keyOf('ada');
    expect(await ledger.recordedAttempt(key)).toBeNull();
    const answer = { events: ANSWER.events, recorded: { through: 3, digest: 'd', alreadyClosed: [] } };
    expect(await ledger.recordAttempt(entry('ada', paid()), key, ANSWER)).toEqual(answer);
    expect(await ledger.recordedAttempt(key)).toEqual(answer);
    for (const other of [
      { chargeId: 'ch2' },
      { intentNumber: 2 },
      { attemptNumber: 2 },
      { afterSequence: 0 },
    ])
      expect(await ledger.recordedAttempt(keyOf('ada', other))).toBeNull();
    expect((await ledger.getCharge('ada', 'ch1'))?.status).toBe('succeeded');
    expect((await ledger.verify('ada')).broken).toEqual([]);
  });

  test('of a charge that was over before is told so; not of one that is over by facts still to come', async () => {
    await ledger.record(entry('eve', paid()));
    const again = keyOf('eve', { afterSequence: 4 });
    expect(await ledger.recordedAttempt(again)).toBe('over');
    expect(await ledger.recordedAttempt({ ...again, afterSequence: 3 })).toBe('over');
    expect(await ledger.recordedAttempt({ ...again, afterSequence: 2 })).toBeNull();
    expect(await ledger.recordedAttempt({ ...again, chargeId: 'ch2' })).toBeNull();
    expect(await ledger.recordedAttempt({ ...again, customerId: 'ivy' })).toBeNull();
  });

  test('tried twice is on record once, with the first answer, also when the second try took longer', async () => {
    const [first, second] = await Promise.all([
      ledger.recordAttempt(entry('bea', paid(5)), keyOf('bea'), ANSWER),
      ledger.recordAttempt(entry('bea', paid(6)), keyOf('bea'), { ...ANSWER, events: [halted(8)] }),
    ]);
    expect(second).toEqual(first);
    expect((await ledger.listEvidence('bea')).items).toHaveLength(3);
    expect((await ledger.verify('bea')).broken).toEqual([]);
  });

  test('that comes after the customer has moved on is undone as a whole', async () => {
    await ledger.record(untried('cleo'));
    const movedOn = entry('cleo', { facts: [fact(2, 'paused')], view: { status: 'paused' } });
    await ledger.record(movedOn);
    await expect(ledger.recordAttempt(entry('cleo', paid()), keyOf('cleo'), ANSWER)).rejects.toMatchObject({
      name: 'EvidenceConflict',
    });
    expect(await ledger.recordedAttempt(keyOf('cleo'))).toBeNull();
    expect((await ledger.getCustomer('cleo'))?.view).toMatchObject({ status: 'paused' });
    expect((await ledger.listEvidence('cleo')).items.map(({ kind }) => kind)).toEqual([
      'charge_opened',
      'paused',
    ]);
  });

  test('that was given up is found by the facts it has written; what follows them may take them back', async () => {
    await ledger.recordAttempt(entry('dora', paid()), keyOf('dora'), ANSWER);
    expect(await ledger.attemptThatWrote('dora', 2)).toEqual({ chargeId: 'ch1', through: 3 });
    expect(await ledger.attemptThatWrote('dora', 4)).toBeNull();
    expect(await ledger.attemptThatWrote('nobody', 2)).toBeNull();

    const others = (data: object) => ({
      facts: [
        fact(4, 'facts_superseded', { chargeId: 'ch1', data: { from: 2, cause: 'late_attempt', ...data } }),
        fact(5, 'attempt', { chargeId: 'ch1' }),
      ],
      charges: [charge('ch1', { status: 'unknown' })],
    });
    await ledger.record(entry('dora', others({ through: 3 })));
    expect((await ledger.getCharge('dora', 'ch1'))?.status).toBe('unknown');
    expect((await ledger.loadCustomer('dora')).charges.map(({ terms }) => terms.chargeId)).toEqual(['ch1']);
    const closed = { facts: [fact(6, 'charge_closed', { chargeId: 'ch1' })], charges: paid().charges };
    await ledger.record(entry('dora', closed));
    expect((await ledger.getCharge('dora', 'ch1'))?.status).toBe('succeeded');
    expect((await ledger.verify('dora')).broken).toEqual([]);
  });

  test('facts that take others back open no charge that was closed by yet others', async () => {
    await ledger.record(entry('eve', paid()));
    const back = fact(4, 'facts_superseded', { chargeId: 'ch1', data: { from: 1, through: 2 } });
    await ledger.record(entry('eve', { facts: [back], charges: [charge('ch1', { status: 'unknown' })] }));
    expect((await ledger.getCharge('eve', 'ch1'))?.status).toBe('succeeded');
  });
});
