// A request that comes with a task Temporal drops: it is made again, and answered as if nothing had been.
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { BILLING_QUEUE, workflowIdOf } from '../../workflows/messages.ts';
import { startSampleWorkflows } from '../support/sample-workflows.ts';
import { CustomerBilling, leave, turnOver } from './sample-workflows.ts';

let client: Client;
/** Called while the worker's answer to a task is on its way: a signal that Temporal gets meanwhile makes it drop the task. */
let meanwhile: () => Promise<unknown> = async () => {};
let stop: () => Promise<unknown>;

beforeAll(async () => {
  const encode = async <Payloads>(payloads: Payloads) => {
    await meanwhile();
    return payloads;
  };
  const dataConverter = {
    payloadCodecs: [{ encode, decode: async <Payloads>(payloads: Payloads) => payloads }],
  };
  ({ client, stop } = await startSampleWorkflows({ taskQueue: BILLING_QUEUE, dataConverter }));
});
afterAll(() => stop());

test.for(['ask', 'askOrStart'] as const)(
  'an update that meets a continue-as-new and a signal at once is answered by the next run: %s',
  async (how) => {
    const workflowId = workflowIdOf(how);
    if (how === 'ask') await client.workflow.start(CustomerBilling, { workflowId, taskQueue: BILLING_QUEUE });
    let tasks = 0;
    meanwhile = async () => {
      tasks += 1;
      if (tasks === 1) await client.workflow.getHandle(workflowId).signal(leave);
    };
    expect(await createCustomerWorkflows(client)[how](how, turnOver, {})).toBe(1);
    const { runId } = await client.workflow.getHandle(workflowId).describe();
    expect(runId).not.toBe(await firstRunOf(workflowId));
    expect(await failedTasks(workflowId, await firstRunOf(workflowId))).toBe(1);
    await client.workflow.getHandle(workflowId).terminate();
  },
);

async function firstRunOf(workflowId: string): Promise<string> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? '';
}

async function failedTasks(workflowId: string, runId: string): Promise<number> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return events?.filter(({ workflowTaskFailedEventAttributes: failed }) => failed).length ?? 0;
}
