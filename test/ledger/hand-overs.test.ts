// Charges that the ledger accepts: how many, who hands them over, and when that is over.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const LEASE = { except: [], most: 5, leaseMs: 60_000 };

describe.each(DATABASES)('hand-overs on $name', ({ start }) => {
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

  const terms = (chargeId: string) => ({ chargeId, amount: 1200, currency: 'eur' });
  const promise = async (customerId: string, chargeId: string, more = {}) => {
    await ledger.claimCharge(customerId, terms(chargeId), 'shop');
    return ledger.promiseCharge({ customerId, chargeId, afterMs: 0, mostOpen: 3, ...more });
  };
  /** Takes what others of this file have left. */
  const empty = async () => {
    for (;;) {
      const taken = await ledger.takePromisedCharges(LEASE);
      if (taken.length === 0) return;
      await Promise.all(taken.map(({ customerId, chargeId }) => ledger.acceptCharge(customerId, chargeId)));
    }
  };

  test('a promised charge is shown, waits for its workflow, and is handed over once', async () => {
    expect(await promise('ada', 'one', {})).toBe(true);
    expect(await ledger.getCharge('ada', 'one')).toMatchObject({
      status: 'scheduled',
      view: null,
      actor: 'shop',
      waitsForWorkflow: true,
    });
    expect(await ledger.claimCharge('ada', terms('one'), 'shop')).toMatchObject({ claim: 'same' });
    expect((await ledger.loadCustomer('ada')).charges).toHaveLength(1);
    expect(await ledger.countPromisedCharges(10)).toBe(1);

    const handed = { customerId: 'ada', ...terms('one'), actor: 'shop' };
    expect(await ledger.takePromisedCharges(LEASE)).toEqual([handed]);
    expect(await ledger.takePromisedCharges(LEASE)).toEqual([]);
    await ledger.acceptCharge('ada', 'one');
    expect(await ledger.getCharge('ada', 'one')).toMatchObject({
      status: 'scheduled',
      waitsForWorkflow: false,
    });
    expect(await ledger.countPromisedCharges(10)).toBe(0);
  });

  test('what a process took and did not hand over is due again', async () => {
    await promise('lease', 'one');
    expect(await ledger.takePromisedCharges({ ...LEASE, leaseMs: 0 })).toHaveLength(1);
    expect(await ledger.takePromisedCharges(LEASE)).toHaveLength(1);
    await ledger.acceptCharge('lease', 'one');
  });

  test('one whose workflow may still answer is not due before that', async () => {
    await promise('later', 'one', { afterMs: 60_000 });
    expect(await ledger.takePromisedCharges(LEASE)).toEqual([]);
    await ledger.acceptCharge('later', 'one');
    expect(await ledger.countPromisedCharges(10)).toBe(0);
  });

  test('what the workflow has recorded meanwhile is not handed over', async () => {
    await promise('recorded', 'one');
    const opened = fact(1, 'charge_opened', { chargeId: 'one' });
    const paid = charge('one', { status: 'succeeded' });
    await ledger.record(entry('recorded', { facts: [opened], charges: [paid] }));
    expect(await ledger.takePromisedCharges(LEASE)).toEqual([]);
    await ledger.acceptCharge('recorded', 'one');
    expect(await ledger.getCharge('recorded', 'one')).toMatchObject({
      status: 'succeeded',
      waitsForWorkflow: false,
    });
  });

  test('the customer whose charge is due longest comes first, with others of theirs, and those left out never', async () => {
    for (const [customerId, chargeId] of [
      ['x', '1'],
      ['y', '1'],
      ['x', '2'],
    ] as const)
      await promise(customerId, chargeId);
    const ids = (taken: readonly { customerId: string; chargeId: string }[]) =>
      taken.map(({ customerId, chargeId }) => `${customerId}-${chargeId}`).sort();
    expect(ids(await ledger.takePromisedCharges({ ...LEASE, except: ['x'] }))).toEqual(['y-1']);
    expect(ids(await ledger.takePromisedCharges(LEASE))).toEqual(['x-1', 'x-2']);
  });

  test('of twenty who take at once each charge goes to one', async () => {
    await empty();
    await Promise.all(Array.from({ length: 10 }, (_, number) => promise(`many-${number}`, 'one')));
    const taken: string[] = [];
    for (let round = 0; round < 10 && taken.length < 10; round++)
      for (const each of await Promise.all(
        Array.from({ length: 20 }, () => ledger.takePromisedCharges({ ...LEASE, most: 1 })),
      ))
        taken.push(...each.map(({ customerId }) => customerId));
    expect(taken.length).toBe(10);
    expect(new Set(taken).size).toBe(10);
  });

  test('a customer is promised no more than may be open, of twenty at once; a repetition changes nothing', async () => {
    const ids = Array.from({ length: 20 }, (_, number) => `c-${number}`);
    const results = await Promise.all(ids.map((chargeId) => promise('full', chargeId)));
    expect(results.filter((isPromised) => isPromised)).toHaveLength(3);
    const again = await Promise.all(ids.map((chargeId) => promise('full', chargeId)));
    expect(again).toEqual(results);
  });

  test('a claim that was released is not promised, and neither is the correction of a refused charge', async () => {
    expect(await ledger.promiseCharge({ customerId: 'none', chargeId: 'one', afterMs: 0, mostOpen: 3 })).toBe(
      false,
    );
    await ledger.claimCharge('corrects', terms('one'), 'shop');
    await ledger.acceptCharge('corrects', 'one');
    await ledger.record(entry('corrects', { charges: [charge('one', { status: 'refused' })], sequence: 1 }));
    expect(await ledger.claimCharge('corrects', { ...terms('one'), amount: 1300 }, 'shop')).toMatchObject({
      claim: 'replaced',
    });
    expect(await promise('corrects', 'one', {})).toBe(false);
  });

  test('a promise is not released', async () => {
    await promise('kept', 'one');
    await ledger.releaseCharge('kept', terms('one'));
    expect(await ledger.getCharge('kept', 'one')).toMatchObject({ waitsForWorkflow: true });
  });
});
