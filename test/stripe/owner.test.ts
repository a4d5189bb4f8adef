// Whose an object of Stripe is, and which are nobody's here; and how far the catch-up has read.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { ownerOf } from '../../stripe/owner.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

describe.each(DATABASES)('on $name', ({ start }) => {
  let database: TestDatabase;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await start();
    ledger = await openLedger(database.options);
    await ledger.addStripeObject({ stripeId: 'pi_known', customerId: 'known', chargeId: 'c' });
    await ledger.addStripeObject({ stripeId: 'cus_known', customerId: 'known' });
  });
  afterAll(async () => {
    await ledger?.close();
    await database?.stop();
  });

  const KNOWN = { customerId: 'known' };
  const ELSEWHERE = { customerId: null, reason: 'made_elsewhere' };
  const NOBODY = { customerId: null, reason: 'unknown_object' };
  test.each([
    ['an intent of ours', { id: 'pi_known', object: 'payment_intent' }, KNOWN],
    ['a dispute of an intent of ours', { id: 'dp_1', object: 'dispute', payment_intent: 'pi_known' }, KNOWN],
    ['a card of our customer', { id: 'pm_1', object: 'payment_method', customer: 'cus_known' }, KNOWN],
    ['a payment by hand', { id: 'pi_2', object: 'payment_intent', customer: 'cus_known' }, ELSEWHERE],
    [
      'a card saved by hand',
      { id: 'seti_2', object: 'setup_intent', customer: { id: 'cus_known' } },
      ELSEWHERE,
    ],
    [
      'the charge of a payment by hand',
      { id: 'ch_2', object: 'charge', customer: 'cus_known', payment_intent: 'pi_2' },
      ELSEWHERE,
    ],
    ['a payment of a stranger', { id: 'pi_3', object: 'payment_intent', customer: 'cus_other' }, NOBODY],
    ['nothing to go by', { object: 'balance' }, NOBODY],
    [
      'metadata of another installation',
      { id: 'pi_4', object: 'payment_intent', metadata: { customerId: 'known', installationId: 'other' } },
      NOBODY,
    ],
  ])('%s', async (_what, object, owner) => {
    expect(await ownerOf(object, ledger)).toMatchObject(owner);
  });

  describe('metadata that we wrote, on an object that is not in the index yet', () => {
    const intent = { customerId: 'new', chargeId: 'july', intentNumber: 2 };
    const copied = () => ({
      customerId: 'new',
      chargeId: 'july',
      intentNumber: '2',
      installationId: ledger.installationId,
    });

    test('speaks for a SetupIntent', async () => {
      const { customerId, installationId } = copied();
      const setup = { id: 'seti_5', object: 'setup_intent', metadata: { customerId, installationId } };
      expect(await ownerOf(setup, ledger)).toEqual({ customerId: 'new' });
    });

    test('speaks for nothing that money hangs on, not even with the nonce: it may have been copied', async () => {
      const metadata = { ...copied(), nonce: ledger.intentNonce(intent) };
      for (const object of ['payment_intent', 'charge', 'refund', 'dispute'])
        expect(await ownerOf({ id: 'pi_5', object, metadata }, ledger), object).toMatchObject(NOBODY);
      expect(
        await ownerOf({ id: 're_1', object: 'refund', payment_intent: 'pi_9', metadata }, ledger),
      ).toMatchObject(NOBODY);
      expect(
        await ownerOf({ id: 'pi_5', object: 'payment_intent', customer: 'cus_known', metadata }, ledger),
      ).toMatchObject(ELSEWHERE);
    });

    test('names nobody who could not be a customer', async () => {
      const metadata = { ...copied(), customerId: 'a/b' };
      expect(await ownerOf({ id: 'seti_6', object: 'setup_intent', metadata }, ledger)).toMatchObject(NOBODY);
    });
  });

  test('the position of the catch-up only ever moves forward', async () => {
    expect(await ledger.caughtUpThrough()).toBeNull();
    for (const throughMs of [2_000_000_000_000, 1_000, 2_000_000_000_001])
      await ledger.setCaughtUp(throughMs);
    expect(await ledger.caughtUpThrough()).toBe(2_000_000_000_001);
    await ledger.setCaughtUp(5);
    expect(await ledger.caughtUpThrough()).toBe(2_000_000_000_001);
  });
});
