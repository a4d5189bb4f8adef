// What the record of a customer brings back, and what the worker says when it cannot take a fact.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRecordActivities } from '../../activities/record.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { inMemory } from '../support/databases.ts';

test('another fact in the place of one is an error in the log with ids only, and is thrown by its name', async () => {
  const ledger = await openLedger(await inMemory());
  onTestFinished(() => ledger.close());
  const logged: LogEntry[] = [];
  const environment = new MockActivityEnvironment(undefined, {
    logger: new DefaultLogger('INFO', (line) => logged.push(line)),
  });
  const { record } = createRecordActivities({ ledger, amountLimits: {}, searchAttributesLeftOut: [] });
  const first = entry('ada', { facts: [fact(1, 'paused', { actor: 'shop' })] });
  expect(await environment.run(record, first)).toMatchObject({ through: 1 });

  const forged = entry('ada', { facts: [fact(1, 'paused', { actor: 'mallory@example.com' })] });
  await expect(environment.run(record, forged)).rejects.toMatchObject({ name: 'EvidenceConflict' });
  expect(logged.filter(({ level }) => level === 'ERROR').map(({ message }) => message)).toEqual([
    'the record of customer ada holds another fact 1; "Evidence" in docs/operations.md says what to do',
  ]);
  expect(JSON.stringify(logged.map(({ message, meta }) => [message, meta]))).not.toContain('mallory');
});

describe('the policy', () => {
  const amountLimits = { eur: 500_000 };
  const policy = { ...DEFAULT_POLICY, amountLimits };

  test('comes to a run as the worker is configured, and again only when it has changed', async () => {
    const ledger = await openLedger(await inMemory());
    onTestFinished(() => ledger.close());
    const { load, record } = createRecordActivities({ ledger, amountLimits, searchAttributesLeftOut: [] });
    expect(await load({ customerId: 'new' })).toMatchObject({ kind: 'loaded', snapshot: null, policy });

    const first = entry('ada', { facts: [fact(1, 'paused', { actor: 'shop' })] });
    const earlier = { ...first, snapshot: { ...first.snapshot, policy: DEFAULT_POLICY } };
    expect(await record(earlier)).toMatchObject({ through: 1, policy });
    const current = { ...first, snapshot: { ...first.snapshot, policy } };
    expect(await record(current)).toEqual({ kind: 'recorded', through: 1, alreadyClosed: [] });
  });
});
