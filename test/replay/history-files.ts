// The stack on which customers are recorded, and how a run's history becomes a file.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { findTemporal } from '../../dev/temporal-binary.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, startSharedBackends, startTestStack, type TestStack } from '../support/stack.ts';
import { RECORDED_RUNS, type RecordedName } from './history-names.ts';

const FOLDER = new URL('./histories/', import.meta.url);

let endpoint: Server;
export let backends: Awaited<ReturnType<typeof startSharedBackends>>;
export let stack: TestStack;

/** One stack for all customers of a file, with a merchant who takes all notices. */
export function shareOneStack(): void {
  beforeAll(async () => {
    endpoint = createServer((_request, response) => response.writeHead(200).end());
    await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening));
    const { port } = endpoint.address() as AddressInfo;
    backends = await startSharedBackends();
    stack = await startTestStack({ backends, merchantUrl: `http://127.0.0.1:${port}/` });
  });
  afterAll(async () => {
    await stack.stop();
    await backends.stop();
    endpoint.closeAllConnections();
    endpoint.close();
  });
}

/** Writes the history of every run of this workflow, oldest first; a file that is there already stays. */
export async function keep(name: RecordedName, workflowId: string): Promise<void> {
  const { workflow } = stack.client;
  const { runId: newest } = await workflow.getHandle(workflowId).describe();
  const histories: string[] = [];
  for (let runId: string | undefined = newest; runId; ) {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory();
    histories.unshift(neutral(await show(workflowId, runId)));
    runId =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  expect(histories, `runs of ${name}, as history-names.ts lists them`).toHaveLength(RECORDED_RUNS[name]);
  for (const [index, json] of histories.entries()) {
    const file = new URL(`${name}.${index + 1}.json`, FOLDER);
    if (!existsSync(file)) await writeFile(file, json);
  }
}

/** As Temporal's command line writes it down, which is what its replayers read. */
async function show(workflowId: string, runId: string): Promise<string> {
  const temporal = await findTemporal({ onProgress: () => {} });
  const which = ['--workflow-id', workflowId, '--run-id', runId, '--output', 'json'];
  const where = ['--address', inject('temporalAddress'), '--namespace', stack.client.options.namespace];
  const { stdout } = await promisify(execFile)(temporal, ['workflow', 'show', ...which, ...where], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Without what names this machine: who worked on it, and where its files lie. Replay asks for neither. */
function neutral(json: string): string {
  const withoutMachine = (key: string, value: unknown) =>
    key === 'identity' || key === 'stackTrace' ? undefined : value;
  return `${JSON.stringify(JSON.parse(json, withoutMachine), null, 1)}\n`;
}

export const keepCustomer = (customerId: RecordedName) => keep(customerId, workflowIdOf(customerId));
export const charge = (customerId: string, number: number, more: object = {}) =>
  stack.post(`/v1/customers/${customerId}/charges`, {
    chargeId: `${customerId}-${number}`,
    amount: 1000,
    currency: 'eur',
    ...more,
  });
export const enrolmentOf = async (customerId: string, more: object = { consent: CONSENT }) =>
  (await stack.post('/v1/customers', { customerId, ...more })).body.enrolment;
/** Enrols, and opens a charge to which the bank answers this in turn. */
export async function charged(customerId: string, ...outcomes: unknown[]): Promise<void> {
  const paymentMethod = await stack.enrol(customerId);
  await stack.control('outcomes', { paymentMethod, outcomes });
  await charge(customerId, 1);
}

export async function statusOf(customerId: string): Promise<string> {
  return (await stack.client.workflow.getHandle(workflowIdOf(customerId)).describe()).status.name;
}
