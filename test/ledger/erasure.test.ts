// After an erasure nothing is left from which the personal data could be guessed, and requests are still answered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashOf, keyedHashOf } from '../../ledger/hash.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const BY = { actor: 'olga', reason: 'request of 3 November' };
const REQUEST = { customerId: 'ada', email: 'ada@example.com', consent: { ip: '192.0.2.1' } };
const TERMS = { chargeId: 'ch1', amount: 1200, currency: 'eur', description: 'Dr Jekyll, May' };

describe.each(DATABASES)('erasure on $name', ({ start }) => {
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

  async function claim(): Promise<string> {
    const requestId = await ledger.requestIdOf('ada', REQUEST);
    const personal = { contact: { email: REQUEST.email }, [`consent/${requestId}`]: REQUEST.consent };
    expect(
      await ledger.claimCustomer({ customerId: 'ada', requestId, metadata: { name: 'Ada' }, personal }),
    ).not.toBe('replaced');
    return requestId;
  }

  /** Every value of every row of every table, as text. */
  async function everything(): Promise<string> {
    await ledger.close();
    const connection = await database.connect();
    const { rows: tables } = await connection.query(
      `select table_name from information_schema.tables where table_schema = 'public'`,
    );
    const texts = [];
    for (const { table_name } of tables as { table_name: string }[])
      texts.push(JSON.stringify((await connection.query(`select * from ${table_name}`)).rows));
    await connection.close();
    ledger = await openLedger(database.options);
    return texts.join('\n');
  }

  test('what could be tried against a guess is gone with the data', async () => {
    const requestId = await claim();
    const consent = { consentId: requestId, termsVersion: '3' };
    await ledger.record(entry('ada', { facts: [fact(1, 'consent', { data: consent })] }));
    await ledger.claimCharge('ada', TERMS, 'shop');
    await ledger.acceptCharge('ada', 'ch1');

    const before = await everything();
    const [, secret = ''] = /"secret":"([\w-]+)"/.exec(before) ?? [];
    expect(requestId).toBe(keyedHashOf(secret, REQUEST));
    const hashesOfTerms = [hashOf(TERMS), keyedHashOf(secret, TERMS)];
    expect(before).toContain(hashesOfTerms[1]);

    expect(await ledger.erase({ customerId: 'ada', ...BY })).toEqual([
      'charge/ch1',
      `consent/${requestId}`,
      'contact',
    ]);
    const after = await everything();
    for (const gone of [
      secret,
      REQUEST.email,
      '192.0.2.1',
      'Jekyll',
      '"Ada"',
      hashOf(REQUEST),
      ...hashesOfTerms,
    ])
      expect(after).not.toContain(gone);
    // The id stays where it names things, and without its secret it can be of any request.
    expect(after).toContain(requestId);
    expect((await ledger.verify('all')).broken).toEqual([]);
  });

  test('the same charge is known by what is left of its terms', async () => {
    expect(await ledger.claimCharge('ada', TERMS, 'shop')).toMatchObject({
      claim: 'same',
      row: { terms: { chargeId: 'ch1', amount: 1200, currency: 'eur' }, status: 'scheduled' },
    });
    expect(await ledger.claimCharge('ada', { ...TERMS, description: 'unknown' }, 'shop')).toMatchObject({
      claim: 'same',
    });
    expect(await ledger.claimCharge('ada', { ...TERMS, amount: 1201 }, 'shop')).toMatchObject({
      claim: 'conflict',
    });
    expect(await ledger.getPersonal('ada', 'charge/ch1')).toBeNull();
  });

  test('no request is recognised as the first one, and none takes its place', async () => {
    const requestId = await ledger.requestIdOf('ada', REQUEST);
    const again = { customerId: 'ada', requestId, metadata: { name: 'Ada' }, personal: {} };
    expect(await ledger.claimCustomer(again)).toBe('conflict');
    expect(await ledger.claimCustomer({ ...again, requestId: 'erased-not' })).toBe('conflict');
    expect(await ledger.getCustomer('ada')).toMatchObject({ metadata: {} });
  });

  test('new charges are compared as before, and erased again', async () => {
    const terms = { ...TERMS, chargeId: 'ch2' };
    expect(await ledger.claimCharge('ada', terms, 'shop')).toMatchObject({ claim: 'new' });
    expect(await ledger.claimCharge('ada', { ...terms, description: 'x' }, 'shop')).toMatchObject({
      claim: 'conflict',
    });
    expect(await ledger.erase({ customerId: 'ada', ...BY })).toEqual(['charge/ch2']);
    expect(await ledger.claimCharge('ada', { ...terms, description: 'x' }, 'shop')).toMatchObject({
      claim: 'same',
    });
  });
});
