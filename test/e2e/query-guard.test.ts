// A query to a run that no worker has in its cache, while a signal is waiting for it, does no harm: the run goes on.
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pause, stepUpCompleted, view, workflowIdOf } from '../../workflows/messages.ts';
import { takeNamespace } from '../support/namespace.ts';
import { startSharedBackends, startTestStack, type TestStack } from '../support/stack.ts';

let backends: Awaited<ReturnType<typeof startSharedBackends>>;
let namespace: string;
let connection: Connection;
let stack: TestStack;

beforeAll(async () => {
  namespace = await takeNamespace();
  backends = await startSharedBackends();
  connection = await Connection.connect({ address: inject('temporalAddress') });
  stack = await startTestStack({ backends, namespace });
});
afterAll(async () => {
  await stack.stop();
  await connection.close();
  await backends.stop();
});

test('a query overtakes the task with the signal, an update comes with that task, and the next worker goes on', async () => {
  const handle = new Client({ connection, namespace }).workflow.getHandle(workflowIdOf('ada'));
  await stack.control('webhooks', { mode: 'lose' });
  const paymentMethod = await stack.enrol('ada');
  await stack.control('outcomes', { paymentMethod, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/ada/charges', { chargeId: 'ada-1', amount: 1000, currency: 'eur' });
  const { paymentIntentId } = await stack.untilCharge('ada', 'ada-1', 'awaiting_step_up');

  await stack.passTime('ada', 0); // until the run is at rest: no task of its own waits

  // No worker runs. The query waits for any worker; then come the signal, and an update that goes with its task.
  await stack.stop();
  const patiently = <Answer>(ask: () => Promise<Answer>) =>
    connection.withDeadline(Date.now() + 60_000, ask).catch((error: unknown) => error);
  const queried = patiently(() => handle.query(view));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await handle.signal(stepUpCompleted, { chargeId: 'ada-1' });
  const paused = patiently(() => handle.executeUpdate(pause, { args: [{ actor: 'olga' }] }));
  await new Promise((resolve) => setTimeout(resolve, 300));
  stack = await startTestStack({ backends, namespace });
  await queried;
  expect(await paused).toMatchObject({ status: 'paused' });
  await stack.post('/v1/customers/ada/resume');

  await stack.stop();
  stack = await startTestStack({ backends, namespace });
  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('ada', 'ada-1', 'succeeded');
  const { events } = await handle.fetchHistory();
  expect(events?.filter(({ workflowTaskFailedEventAttributes: failed }) => failed)).toEqual([]);
  expect(await stack.truth('ada-1')).toMatchObject({ succeeded: 1, attempts: 2 });
});
