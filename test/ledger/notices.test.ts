// Which notices are to be sent, that each is so once, what it says, and how its delivery ended.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger, NoticeRef } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const noticed = (sequence: number, noticeId: string, data: object = {}) =>
  fact(sequence, 'notice', {
    chargeId: 'july',
    data: { noticeId, notice: 'charge.succeeded', amount: 900, ...data },
  });
const SENT = { atMs: 5_000, outcome: 'sent', status: 204 } as const;

describe.each(DATABASES)('notices on $name', ({ start }) => {
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

  const of = (customerId: string, noticeId = 'n-1'): NoticeRef => ({ customerId, noticeId });
  const record = (customerId: string, ...facts: ReturnType<typeof noticed>[]) =>
    ledger.record(entry(customerId, { facts, notifies: true }));
  const deliveriesOf = async (customerId: string) =>
    (await ledger.listEvidence(customerId)).items.map(({ delivery }) => delivery);
  const isToBeChecked = async (notice: NoticeRef) =>
    (await ledger.noticesToCheck()).some(
      ({ customerId, noticeId }) => customerId === notice.customerId && noticeId === notice.noticeId,
    );

  test('a notice says what its fact says, and shows no delivery until that has ended', async () => {
    await record('told', fact(1, 'paused'), noticed(2, 'n-1', { reason: null }));
    expect(await ledger.findNotice(of('told'))).toEqual({
      notice: {
        noticeId: 'n-1',
        kind: 'charge.succeeded',
        atMs: 1_002,
        chargeId: 'july',
        data: { amount: 900, reason: null },
      },
      end: null,
    });
    expect(await deliveriesOf('told')).toEqual([undefined, undefined]);
    expect(await ledger.openNotices('told')).toEqual(['n-1']);

    await ledger.recordNoticeDelivery({ ...of('told'), ...SENT });
    expect(await ledger.findNotice(of('told'))).toMatchObject({ end: SENT });
    expect(await deliveriesOf('told')).toEqual([undefined, SENT]);
    expect(await ledger.openNotices('told')).toEqual([]);
  });

  test('each end shows as it was, and the first one stays', async () => {
    const ends = {
      'n-1': SENT,
      'n-2': { atMs: 3_000, outcome: 'no_endpoint' },
      'n-3': { atMs: 4_000, outcome: 'given_up', reason: 'the endpoint answered 503' },
    } as const;
    await record('ends', noticed(1, 'n-1'), noticed(2, 'n-2'), noticed(3, 'n-3'));
    for (const [noticeId, end] of Object.entries(ends)) {
      await ledger.recordNoticeDelivery({ ...of('ends', noticeId), ...end });
      await ledger.recordNoticeDelivery({ ...of('ends', noticeId), ...SENT, atMs: 9_000 });
    }
    expect(await deliveriesOf('ends')).toEqual(Object.values(ends));
    expect((await ledger.verify('ends')).broken).toEqual([]);
  });

  test('with nobody to be told, nothing is to be sent, and the evidence says so', async () => {
    await ledger.record(entry('silent', { facts: [noticed(1, 'n-1'), fact(2, 'paused')] }));
    expect(await ledger.findNotice(of('silent'))).toBeNull();
    expect(await ledger.openNotices('silent')).toEqual([]);
    expect(await isToBeChecked(of('silent'))).toBe(false);
    expect(await deliveriesOf('silent')).toEqual([{ atMs: 1_001, outcome: 'no_endpoint' }, undefined]);
  });

  test('an entry that is written again, and a notice that is told again, are sent once', async () => {
    await record('again', noticed(1, 'n-1'));
    await record('again', noticed(1, 'n-1'));
    await ledger.recordNoticeDelivery({ ...of('again'), ...SENT });
    await record('again', noticed(1, 'n-1'));
    await record('again', noticed(2, 'n-1', { amount: 901 }));
    expect(await ledger.openNotices('again')).toEqual([]);
    expect(await isToBeChecked(of('again'))).toBe(false);
    expect(await ledger.findNotice(of('again'))).toMatchObject({ notice: { data: { amount: 900 } } });
  });

  test('a fact that the record refuses brings no notice', async () => {
    await record('refused', noticed(1, 'n-1'));
    await expect(record('refused', noticed(1, 'n-2'))).rejects.toMatchObject({ name: 'EvidenceConflict' });
    expect(await ledger.openNotices('refused')).toEqual(['n-1']);
  });

  test('neither another customer’s delivery nor one of a fact that is no notice is shown', async () => {
    await record('alone', noticed(1, 'n-1'), fact(2, 'attempt', { data: { noticeId: 'n-1' } }));
    await record('other', noticed(1, 'n-1'));
    await ledger.recordNoticeDelivery({ ...of('other'), ...SENT });
    expect(await deliveriesOf('alone')).toEqual([undefined, undefined]);
    await ledger.recordNoticeDelivery({ ...of('alone'), ...SENT });
    expect(await deliveriesOf('alone')).toEqual([SENT, undefined]);
  });

  test('a notice without an end is looked at, and not again for an hour', async () => {
    await record('looked-at', noticed(1, 'n-1'));
    expect(await isToBeChecked(of('looked-at'))).toBe(true);
    await ledger.noticeChecked(of('looked-at'));
    expect(await isToBeChecked(of('looked-at'))).toBe(false);
    expect(await ledger.openNotices('looked-at')).toEqual(['n-1']);
    // Its end comes between the look and the word that there was one.
    await ledger.recordNoticeDelivery({ ...of('looked-at'), ...SENT });
    await ledger.noticeChecked(of('looked-at'));
    expect(await ledger.openNotices('looked-at')).toEqual([]);
  });

  test('ends that come at the same moment are one', async () => {
    await record('racing', noticed(1, 'n-1'), noticed(2, 'n-2'));
    const ends = [1, 2, 3, 4].flatMap((atMs) =>
      ['n-1', 'n-2'].map((noticeId) =>
        ledger.recordNoticeDelivery({ ...of('racing', noticeId), ...SENT, atMs }),
      ),
    );
    await Promise.all(ends);
    expect(await deliveriesOf('racing')).toMatchObject([SENT, SENT].map(({ outcome }) => ({ outcome })));
    expect((await ledger.verify('racing')).broken).toEqual([]);
  });
});
