// What the record of a customer brings back, and what the worker says when it cannot take a fact.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRecordActivities } from '../../activities/record.ts';
import { advance } from '../../domain/advance.ts';
import type { Fact } from '../../domain/model/facts.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { chargeView, viewOf } from '../../domain/view.ts';
import type { NoticeRef } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { fact, unrecorded } from '../support/customers.ts';
import { inMemory } from '../support/databases.ts';

test('another fact in the place of one is an error in the log with ids only, and is thrown by its name', async () => {
  const ledger = await openLedger(await inMemory());
  onTestFinished(() => ledger.close());
  const logged: LogEntry[] = [];
  const environment = new MockActivityEnvironment(undefined, {
    logger: new DefaultLogger('INFO', (line) => logged.push(line)),
  });
  const { record } = createRecordActivities({ ledger, policy: DEFAULT_POLICY, notices: null });
  const first = unrecorded('ada', fact(1, 'paused', { actor: 'shop' }));
  expect(await environment.run(record, first)).toMatchObject({ through: 1 });

  const forged = unrecorded('ada', fact(1, 'paused', { actor: 'mallory@example.com' }));
  await expect(environment.run(record, forged)).rejects.toMatchObject({ name: 'EvidenceConflict' });
  expect(logged.filter(({ level }) => level === 'ERROR').map(({ message }) => message)).toEqual([
    'the record of customer ada holds another fact 1; "Evidence" in docs/operations.md says what to do',
  ]);
  expect(JSON.stringify(logged.map(({ message, meta }) => [message, meta]))).not.toContain('mallory');
});

test('what the facts changed is written with them, as of the workflow’s clock', async () => {
  const ledger = await openLedger(await inMemory());
  onTestFinished(() => ledger.close());
  const { record } = createRecordActivities({ ledger, policy: DEFAULT_POLICY, notices: null });
  const atMs = Date.UTC(2031, 0, 1);
  const request = {
    kind: 'openCharge',
    chargeId: 'ch1',
    amount: 900,
    currency: 'eur',
    actor: 'shop',
  } as const;
  const later = { ...request, chargeId: 'ch2', dueAtMs: atMs + 1 };
  const { state } = unrecorded('ada');
  const opened = advance(advance(state, request, atMs - 1), later, atMs - 1);
  expect(await record({ state: opened, nowMs: atMs })).toMatchObject({ through: 2 });

  const { snapshot, charges } = await ledger.loadCustomer('ada');
  expect(snapshot).toEqual({ ...opened, facts: [] });
  expect(charges.map(({ view }) => view)).toEqual(opened.charges.map((c) => chargeView(opened, c, atMs)));
  expect((await ledger.getCustomer('ada'))?.view).toEqual(viewOf(opened, atMs));
  expect((await ledger.listEvidence('ada')).items.map(({ kind }) => kind)).toEqual(
    opened.facts.map(({ kind }) => kind),
  );

  // A charge that no fact is about is left as it is.
  const retried = advance({ ...opened, facts: [] }, { kind: 'pause', actor: 'shop' }, atMs);
  await record({ state: retried, nowMs: atMs + 10 });
  expect((await ledger.getCharge('ada', 'ch2'))?.view).toEqual(charges[1]?.view);
});

describe('the policy', () => {
  const amountLimits = { eur: 500_000 };
  const budgets = { ...DEFAULT_POLICY.budgets, other: { perCardIn30Days: 4 } };
  const policy = { ...DEFAULT_POLICY, amountLimits, budgets };

  test('comes to a run as the worker is configured, and again only when it has changed', async () => {
    const ledger = await openLedger(await inMemory());
    onTestFinished(() => ledger.close());
    const { load, record } = createRecordActivities({ ledger, policy, notices: null });
    expect(await load({ customerId: 'new' })).toMatchObject({ kind: 'loaded', snapshot: null, policy });

    const first = unrecorded('ada', fact(1, 'paused', { actor: 'shop' }));
    const earlier = { ...first, state: { ...first.state, policy: DEFAULT_POLICY } };
    expect(await record(earlier)).toMatchObject({ through: 1, policy });
    const current = { ...first, state: { ...first.state, policy } };
    expect(await record(current)).toEqual({ kind: 'recorded', through: 1, alreadyClosed: [] });
  });
});

describe('the notices among the facts', () => {
  const noticed = (sequence: number, noticeId: string) =>
    fact(sequence, 'notice', { data: { noticeId, notice: 'charge.succeeded', amount: 900 } });

  async function recorder(start: (notice: NoticeRef) => Promise<boolean>, isTold = true) {
    const ledger = await openLedger(await inMemory());
    onTestFinished(() => ledger.close());
    const notices = { start, startAgain: async () => {}, endOf: async () => null };
    const dependencies = { ledger, policy: DEFAULT_POLICY };
    const environment = new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') });
    const activities = createRecordActivities({ ...dependencies, notices: isTold ? notices : null });
    return {
      ledger,
      record: (...facts: Fact[]) => environment.run(activities.record, unrecorded('ada', ...facts)),
      load: () => environment.run(activities.load, { customerId: 'ada' }),
    };
  }

  test('are on record before they are started, each once, and again by a try that comes after a death', async () => {
    const started: string[] = [];
    const { ledger, record } = await recorder(async (notice) => {
      expect(await ledger.findNotice(notice)).toMatchObject({ end: null });
      started.push(notice.noticeId);
      return true;
    });
    const facts = [noticed(1, 'n-1'), fact(2, 'paused'), noticed(3, 'n-2')];
    await record(...facts);
    expect(started).toEqual(['n-1', 'n-2']);
    await record(...facts);
    expect(started).toEqual(['n-1', 'n-2', 'n-1', 'n-2']);
    expect(await ledger.openNotices('ada')).toEqual(['n-1', 'n-2']);
  });

  test('wait in the outbox where Temporal cannot start them, and the record stands', async () => {
    const { ledger, record } = await recorder(async () => {
      throw new Error('Temporal does not answer');
    });
    expect(await record(noticed(1, 'n-1'), noticed(2, 'n-2'))).toMatchObject({ through: 2 });
    expect(await ledger.openNotices('ada')).toEqual(['n-1', 'n-2']);
    expect(await ledger.noticesToCheck()).toHaveLength(2);
  });

  test('are started again for a run that begins from nothing, but for those that have ended', async () => {
    const started: string[] = [];
    const { ledger, record, load } = await recorder(async ({ noticeId }) => started.push(noticeId) > 0);
    await record(noticed(1, 'n-1'), noticed(2, 'n-2'));
    await ledger.recordNoticeDelivery({
      customerId: 'ada',
      noticeId: 'n-1',
      atMs: 1,
      outcome: 'sent',
      status: 200,
    });
    await load();
    expect(started).toEqual(['n-1', 'n-2', 'n-2']);
  });

  test('are nobody’s business where there is no endpoint', async () => {
    const { ledger, record, load } = await recorder(
      () => Promise.reject(new Error('not to be started')),
      false,
    );
    await record(noticed(1, 'n-1'));
    await load();
    expect(await ledger.openNotices('ada')).toEqual([]);
  });
});
