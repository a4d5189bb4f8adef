// What the worker says when the record of a customer cannot take a fact.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { expect, onTestFinished, test } from 'vitest';
import { createRecordActivities } from '../../activities/record.ts';
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
  const { record } = createRecordActivities({ ledger, amountLimits: {} });
  const first = entry('ada', { facts: [fact(1, 'paused', { actor: 'shop' })] });
  expect(await environment.run(record, first)).toMatchObject({ through: 1 });

  const forged = entry('ada', { facts: [fact(1, 'paused', { actor: 'mallory@example.com' })] });
  await expect(environment.run(record, forged)).rejects.toMatchObject({ name: 'EvidenceConflict' });
  expect(logged.filter(({ level }) => level === 'ERROR').map(({ message }) => message)).toEqual([
    'the record of customer ada holds another fact 1; "Evidence" in docs/operations.md says what to do',
  ]);
  expect(JSON.stringify(logged.map(({ message, meta }) => [message, meta]))).not.toContain('mallory');
});
