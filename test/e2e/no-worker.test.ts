// An api whose installation has no worker: it takes what it is asked, and says that nobody works.
import { Client, Connection } from '@temporalio/client';
import { expect, inject, test } from 'vitest';
import { createCustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { takeNamespace } from '../support/namespace.ts';

test('no worker is counted where none has asked for work', async () => {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const client = new Client({ connection, namespace: await takeNamespace() });
  expect(await createCustomerWorkflows(client).countWorkers()).toBe(0);
  await connection.close();
});
