// What a workflow records is written as a whole or not at all, once, and never older over newer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

describe.each(DATABASES)('the record on $name', ({ start }) => {
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

  const opened = (sequence: number) => fact(sequence, 'charge_opened', { chargeId: 'ch1' });
  const closed = (sequence: number) => fact(sequence, 'charge_closed', { chargeId: 'ch1' });

  test('facts, charges, view and snapshot are there afterwards', async () => {
    const whole = entry('whole', {
      facts: [
        fact(1, 'enrolment_opened', { actor: 'shop', reason: 'asked', data: { number: 1 } }),
        opened(2),
      ],
      charges: [charge('ch1', { dueAtMs: 1_786_000_000_000 })],
    });
    expect(await ledger.record(whole)).toEqual({ alreadyClosed: [] });

    expect(await ledger.listEvidence('whole')).toEqual({ items: whole.facts });
    expect(await ledger.getCustomer('whole')).toEqual({
      customerId: 'whole',
      view: whole.view,
      metadata: {},
    });
    const { snapshot, charges } = await ledger.loadCustomer('whole');
    expect(snapshot).toEqual(whole.snapshot);
    expect(charges).toEqual([
      {
        terms: { chargeId: 'ch1', amount: 1200, currency: 'eur', dueAtMs: 1_786_000_000_000 },
        openedAtMs: 1_002,
        status: 'scheduled',
        view: whole.charges[0],
        corrections: 0,
        actor: null,
        waitsForWorkflow: false,
        moneyBack: { amountRefunded: 0, dispute: null },
      },
    ]);
  });

  test('writing an entry twice changes nothing', async () => {
    const twice = entry('twice', {
      facts: [fact(1, 'enrolment_opened'), opened(2)],
      charges: [charge('ch1')],
    });
    await ledger.record(twice);
    const before = [await ledger.listEvidence('twice'), await ledger.loadCustomer('twice')];
    expect(await ledger.record(twice)).toEqual({ alreadyClosed: [] });
    expect([await ledger.listEvidence('twice'), await ledger.loadCustomer('twice')]).toEqual(before);
  });

  test('a fact that is there stays as it is, and the new ones beside it are written', async () => {
    const first = fact(1, 'paused', { actor: 'first' });
    await ledger.record(entry('beside', { facts: [first] }));
    await ledger.record(entry('beside', { facts: [first, fact(2, 'resumed')] }));
    const { items } = await ledger.listEvidence('beside');
    expect(items.map(({ sequence, kind, actor }) => [sequence, kind, actor])).toEqual([
      [1, 'paused', 'first'],
      [2, 'resumed', undefined],
    ]);
  });

  test('an older entry overwrites neither customer nor charge', async () => {
    const older = entry('older', { facts: [opened(1)], charges: [charge('ch1')], view: { amountDue: 1200 } });
    const newer = entry('older', {
      facts: [fact(2, 'attempt', { chargeId: 'ch1' })],
      charges: [charge('ch1', { status: 'processing' })],
      view: { status: 'paused' },
    });
    await ledger.record(older);
    await ledger.record(newer);
    expect(await ledger.record(older)).toEqual({ alreadyClosed: [] });

    expect(await ledger.getCustomer('older')).toMatchObject({ view: newer.view });
    expect(await ledger.getCharge('older', 'ch1')).toMatchObject({ status: 'processing' });
    expect(await ledger.loadCustomer('older')).toMatchObject({ snapshot: { sequence: 2 } });
  });

  test('an entry that fails leaves nothing behind', async () => {
    const broken = entry('broken', {
      facts: [fact(1, 'enrolment_opened')],
      charges: [charge('ch1', { amount: 0.5 })],
    });
    await expect(ledger.record(broken)).rejects.toThrow();
    expect(await ledger.getCustomer('broken')).toBeNull();
    expect((await ledger.listEvidence('broken')).items).toEqual([]);
  });

  test('entries at once do not mix: one that fails takes no other with it', async () => {
    const names = Array.from({ length: 10 }, (_, number) => `mixed-${number}`);
    const isBroken = (_: unknown, number: number) => number % 2 === 1;
    const writes = await Promise.allSettled(
      names.map((name, number) =>
        ledger.record(
          entry(name, {
            facts: [opened(1)],
            charges: [charge('ch1', isBroken(name, number) ? { amount: 0.5 } : {})],
          }),
        ),
      ),
    );
    expect(writes.map(({ status }) => status === 'rejected')).toEqual(names.map(isBroken));
    const found = await Promise.all(names.map((name) => ledger.getCustomer(name)));
    expect(found.map((customer) => customer === null)).toEqual(names.map(isBroken));
  });

  test('entries of one customer at once leave the newest', async () => {
    const facts = Array.from({ length: 12 }, (_, number) => fact(number + 1, 'attempt', { chargeId: 'ch1' }));
    const entries = facts.map((_, number) =>
      entry('crowd', {
        facts: facts.slice(0, number + 1),
        charges: [charge('ch1', { amount: 100 + number })],
      }),
    );
    await Promise.all(entries.map((each) => ledger.record(each)));
    expect((await ledger.listEvidence('crowd')).items).toHaveLength(12);
    expect(await ledger.loadCustomer('crowd')).toMatchObject({
      snapshot: { sequence: 12 },
      charges: [{ view: { amount: 111 }, terms: { amount: 111 } }],
    });
  });

  describe('a closed charge', () => {
    const opening = (customerId: string) =>
      entry(customerId, { facts: [opened(1)], charges: [charge('ch1')] });
    const closing = (customerId: string) =>
      entry(customerId, { facts: [closed(2)], charges: [charge('ch1', { status: 'succeeded' })] });
    const reopening = (customerId: string) =>
      entry(customerId, { facts: [opened(3)], charges: [charge('ch1')] });

    test.each(['succeeded', 'failed', 'waived', 'cancelled'] as const)(
      '%s stays as it is when a late message opens it again, and is named',
      async (status) => {
        const customerId = `late-${status}`;
        await ledger.record(opening(customerId));
        const end = charge('ch1', { status });
        await ledger.record(entry(customerId, { facts: [closed(2)], charges: [end] }));

        const also = charge('ch2');
        const late = { ...reopening(customerId), charges: [charge('ch1'), also] };
        expect(await ledger.record(late)).toEqual({ alreadyClosed: ['ch1'] });
        expect(await ledger.getCharge(customerId, 'ch1')).toMatchObject({ status, view: end });
        expect(await ledger.getCharge(customerId, 'ch2')).toMatchObject({ view: also });
      },
    );

    test('is not named to the entry that closed it, however often it is written', async () => {
      await ledger.record(opening('closer'));
      expect(await ledger.record(closing('closer'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(closing('closer'))).toEqual({ alreadyClosed: [] });
      await ledger.record(reopening('closer'));
      expect(await ledger.record(closing('closer'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(opening('closer'))).toEqual({ alreadyClosed: [] });
    });

    test('is named to the entry that reopened it, however often it is written', async () => {
      await ledger.record(opening('reopener'));
      await ledger.record(closing('reopener'));
      expect(await ledger.record(reopening('reopener'))).toEqual({ alreadyClosed: ['ch1'] });
      expect(await ledger.record(reopening('reopener'))).toEqual({ alreadyClosed: ['ch1'] });
    });

    test('is named as long as the workflow goes on with it', async () => {
      await ledger.record(opening('goes-on'));
      await ledger.record(closing('goes-on'));
      await ledger.record(reopening('goes-on'));
      const attempt = entry('goes-on', {
        facts: [fact(4, 'attempt', { chargeId: 'ch1' })],
        charges: [charge('ch1', { status: 'succeeded', amount: 1 })],
      });
      expect(await ledger.record(attempt)).toEqual({ alreadyClosed: ['ch1'] });
      expect(await ledger.getCharge('goes-on', 'ch1')).toMatchObject({ view: { amount: 1200 } });
    });

    test('that was claimed and accepted before the workflow wrote it is recognised too', async () => {
      const terms = { chargeId: 'ch1', amount: 1200, currency: 'eur' };
      await ledger.claimCharge('accepted', terms, 'shop');
      await ledger.acceptCharge('accepted', 'ch1');
      await ledger.record(opening('accepted'));
      expect(await ledger.record(closing('accepted'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(closing('accepted'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(reopening('accepted'))).toEqual({ alreadyClosed: ['ch1'] });
    });

    test('that was opened and closed within one entry is not named', async () => {
      const both = entry('at-once', {
        facts: [opened(1), closed(2)],
        charges: [charge('ch1', { status: 'failed' })],
      });
      expect(await ledger.record(both)).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(both)).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(reopening('at-once'))).toEqual({ alreadyClosed: ['ch1'] });
    });

    test('that was brought back from the ledger, without an opening of its own, is recognised too', async () => {
      await ledger.record(entry('brought-back', { facts: [fact(1, 'recovered')], charges: [charge('ch1')] }));
      await ledger.record(closing('brought-back'));
      expect(await ledger.record(closing('brought-back'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(reopening('brought-back'))).toEqual({ alreadyClosed: ['ch1'] });
    });

    test('is not loaded', async () => {
      await ledger.record(opening('closed'));
      expect((await ledger.loadCustomer('closed')).charges).toHaveLength(1);
      await ledger.record(closing('closed'));
      expect((await ledger.loadCustomer('closed')).charges).toEqual([]);
    });
  });

  describe('a charge that has failed', () => {
    const failing = (customerId: string, status: 'failed' | 'succeeded' = 'failed') =>
      entry(customerId, { facts: [opened(1), closed(2)], charges: [charge('ch1', { status })] });
    const resuming = (customerId: string, kind: 'charge_reopened' | 'charge_waived') =>
      entry(customerId, {
        facts: [fact(3, kind, { chargeId: 'ch1' })],
        charges: [charge('ch1', { status: kind === 'charge_waived' ? 'waived' : 'retrying' })],
      });

    test('is open once more when it is begun anew, however often that is written, and its end counts', async () => {
      await ledger.record(failing('again'));
      expect(await ledger.record(resuming('again', 'charge_reopened'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.record(resuming('again', 'charge_reopened'))).toEqual({ alreadyClosed: [] });
      expect(await ledger.getCharge('again', 'ch1')).toMatchObject({ status: 'retrying' });
      expect((await ledger.loadCustomer('again')).charges).toHaveLength(1);
      const key = {
        customerId: 'again',
        chargeId: 'ch1',
        intentNumber: 2,
        attemptNumber: 2,
        afterSequence: 3,
      };
      expect(await ledger.recordedAttempt(key)).toBeNull();

      const paid = entry('again', {
        facts: [closed(4)],
        charges: [charge('ch1', { status: 'succeeded' })],
      });
      await ledger.record(paid);
      await ledger.record(resuming('again', 'charge_reopened'));
      expect(await ledger.getCharge('again', 'ch1')).toMatchObject({ status: 'succeeded' });
    });

    test('is over for good once it is waived', async () => {
      await ledger.record(failing('forgiven'));
      await ledger.record(resuming('forgiven', 'charge_waived'));
      expect(await ledger.getCharge('forgiven', 'ch1')).toMatchObject({ status: 'waived' });
      const late = entry('forgiven', {
        facts: [fact(4, 'charge_reopened', { chargeId: 'ch1' })],
        charges: [charge('ch1', { status: 'retrying' })],
      });
      await ledger.record(late);
      expect(await ledger.getCharge('forgiven', 'ch1')).toMatchObject({ status: 'waived' });
    });

    test.each(['charge_reopened', 'charge_waived'] as const)(
      'is what %s is about: one that was paid stays paid, and its attempt is over before it asks',
      async (kind) => {
        const customerId = `paid-${kind}`;
        await ledger.record(failing(customerId, 'succeeded'));
        await ledger.record(resuming(customerId, kind));
        expect(await ledger.getCharge(customerId, 'ch1')).toMatchObject({ status: 'succeeded' });
        const key = { customerId, chargeId: 'ch1', intentNumber: 2, attemptNumber: 2, afterSequence: 3 };
        expect(await ledger.recordedAttempt(key)).toBe('over');
      },
    );
  });

  describe('a claimed charge', () => {
    const terms = { chargeId: 'ch1', amount: 1200, currency: 'eur', description: 'May' };

    test('gets the view and keeps its terms', async () => {
      const { row } = await ledger.claimCharge('claims', terms, 'shop');
      await ledger.record(entry('claims', { facts: [opened(1)], charges: [charge('ch1')] }));
      expect(await ledger.getCharge('claims', 'ch1')).toEqual({
        terms,
        openedAtMs: row.openedAtMs,
        status: 'scheduled',
        view: charge('ch1'),
        corrections: 0,
        actor: 'shop',
        waitsForWorkflow: false,
        moneyBack: { amountRefunded: 0, dispute: null },
      });
      expect(await ledger.claimCharge('claims', terms, 'shop')).toMatchObject({ claim: 'same' });
    });

    test('with other terms than the workflow opened becomes what the workflow opened', async () => {
      await ledger.claimCharge('strays', { ...terms, amount: 9900 }, 'shop');
      await ledger.record(entry('strays', { facts: [opened(1)], charges: [charge('ch1')] }));
      expect(await ledger.getCharge('strays', 'ch1')).toMatchObject({
        terms: { chargeId: 'ch1', amount: 1200, currency: 'eur', dueAtMs: 1_000 },
        status: 'scheduled',
      });
      expect(await ledger.getPersonal('strays', 'charge/ch1')).toBeNull();
      expect(await ledger.claimCharge('strays', { ...terms, amount: 9900 }, 'shop')).toMatchObject({
        claim: 'conflict',
      });
      expect(await ledger.claimCharge('strays', terms, 'shop')).toMatchObject({ claim: 'same' });
    });

    test('with the same amount for another day has other terms', async () => {
      await ledger.claimCharge('days', { ...terms, dueAtMs: 2_000 }, 'shop');
      await ledger.record(
        entry('days', { facts: [opened(1)], charges: [charge('ch1', { dueAtMs: 3_000 })] }),
      );
      expect(await ledger.getCharge('days', 'ch1')).toMatchObject({ terms: { dueAtMs: 3_000 } });
      expect(await ledger.claimCharge('days', { ...terms, dueAtMs: 2_000 }, 'shop')).toMatchObject({
        claim: 'conflict',
      });
      expect(await ledger.claimCharge('days', { ...terms, dueAtMs: 3_000 }, 'shop')).toMatchObject({
        claim: 'same',
      });
    });
  });
});
