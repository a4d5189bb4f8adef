// A Temporal cluster that is lost, with customers in every kind of state, and `ops/main.ts recover all` on an empty
// one: everybody goes on to their right end.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openProxy, type TcpProxy } from '../../chaos/proxy.ts';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES, workflowIdOf } from '../../workflows/messages.ts';
import { RUNS_POSTGRES } from '../support/postgres.ts';
import { fromSources, type Processes, startProcesses } from '../support/processes.ts';
import { CONSENT, DAY, HOUR } from '../support/stack.ts';

const NAMESPACE = 'default';
const PAYLOAD_KEYS = `k1:${randomBytes(32).toString('base64')}`;
/** Stripe's SDK asks once more by itself when a connection is dropped, and an activity asks three times. */
const UNTIL_NOBODY_KNOWS = 6;
const LATER = new Date(Date.now() + 10 * DAY).toISOString();

/** How each customer's charge stands when the server is lost. */
const BEFORE = {
  later: 'scheduled',
  waiting: 'awaiting_step_up',
  came: 'awaiting_step_up',
  soft: 'retrying',
  slow: 'processing',
  stopped: 'held',
  cardless: 'awaiting_card',
  closing: 'unknown',
  settled: 'succeeded',
  paid: 'unknown',
  unpaid: 'unknown',
} as const;

let dataDir: string;
let line: TcpProxy;
let server: TemporalServer;
let stack: Processes;
const before: { [customerId: string]: Charge } = {};
const enrolments: { [customerId: string]: { clientSecret: string; setupIntentId: string } } = {};
let said = '';

interface Charge {
  readonly status: string;
  readonly paymentIntentId?: string;
  readonly nextAttemptAt?: string;
  readonly stepUp?: { readonly deadline: string };
}

interface Fact {
  readonly kind: string;
  readonly chargeId?: string;
  readonly data: {
    readonly outcome?: string;
    readonly answer?: { readonly stripeChargeId: string | null } | null;
  };
}

async function newServer(searchAttributes: Parameters<typeof startTemporal>[0]['searchAttributes']) {
  server = await startTemporal({ dataDir, searchAttributes, ui: false, onProgress: () => {} });
  line.forwardTo(Number(server.address.split(':')[1]));
}

async function recoverAll(address: string): Promise<string> {
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: stack.databaseUrl,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    PAYLOAD_KEYS,
  };
  const typed = [...fromSources('ops/main.ts'), 'recover', 'all'];
  return (await promisify(execFile)(process.execPath, typed, { env })).stdout;
}

const owe = (id: string, more: object = {}) =>
  stack.post(`/v1/customers/${id}/charges`, { chargeId: id, amount: 1000, currency: 'eur', ...more });
const chargeOf = (id: string) => stack.get(`/v1/customers/${id}/charges/${id}`);
const untilStatus = (id: string, status: string) => stack.untilCharge(id, id, status);
const fault = (path: string, kind: 500 | 'drop', when: 'before' | 'after', times: number, method = 'POST') =>
  stack.control('faults', { method, path: `/v1/payment_intents/${path}`, kind, when, times });

async function enrolled(id: string, ...outcomes: string[]): Promise<void> {
  const paymentMethod = await stack.enrol(id);
  if (outcomes.length > 0) await stack.control('outcomes', { paymentMethod, outcomes });
}

async function everyKindOfState(): Promise<void> {
  await enrolled('later');
  await owe('later', { dueAt: LATER });
  await enrolled('waiting', 'authentication_required');
  await enrolled('came', 'authentication_required');
  await enrolled('soft', 'insufficient_funds');
  await enrolled('slow', 'processing');
  await enrolled('cardless', 'lost_card');
  await enrolled('closing', 'authentication_required');
  await enrolled('settled');
  for (const id of ['waiting', 'came', 'soft', 'slow', 'cardless', 'closing', 'settled']) await owe(id);
  await enrolled('stopped');
  await stack.post('/v1/customers/stopped/pause');
  await owe('stopped');
  await enrolled('gone');
  await stack.post('/v1/customers/gone/cancel');
  for (const id of ['asked', 'answered']) {
    const { body } = await stack.post('/v1/customers', { customerId: id, consent: CONSENT });
    enrolments[id] = body.enrolment;
  }
  await untilStatus('closing', 'awaiting_step_up');
  await fault('*/cancel', 500, 'before', 1_000);
  await stack.post('/v1/customers/closing/cancel');

  // Nobody knows, and asking brings no answer: of the first the money was taken, of the second it was not.
  await enrolled('paid');
  await enrolled('unpaid');
  for (const [id, status] of Object.entries(BEFORE))
    if (id !== 'paid' && id !== 'unpaid') before[id] = await untilStatus(id, status);
  await fault('*', 500, 'before', 10_000, 'GET');
  await fault('*/confirm', 'drop', 'after', UNTIL_NOBODY_KNOWS);
  await owe('paid');
  before.paid = await untilStatus('paid', BEFORE.paid);
  await fault('*/confirm', 'drop', 'before', UNTIL_NOBODY_KNOWS);
  await owe('unpaid');
  before.unpaid = await untilStatus('unpaid', BEFORE.unpaid);
  expect((await stack.truth('paid')).succeeded).toBe(1);
  expect((await stack.truth('unpaid')).attempts).toBe(0);
}

/** While no Temporal is there: Stripe answers again, and customers do what they were asked to. */
async function theWorldGoesOn(): Promise<void> {
  await fetch(`${stack.emulatorUrl}/_emulator/faults`, { method: 'DELETE' });
  await stack.control(`challenges/${before.came?.paymentIntentId}`, { result: 'succeed' });
  await stack.giveCard(String(enrolments.answered?.clientSecret), '4242424242424242');
}

/** Money moved once, on one intent, and everything the bank ever said is on record once. */
async function expectCollectedOnce(id: string, asked: number) {
  const charge = await untilStatus(id, 'succeeded');
  const truth = await stack.truth(id);
  expect(truth).toMatchObject({ succeeded: 1, attempts: asked });
  expect(truth.intents).toMatchObject([{ paymentIntentId: charge.paymentIntentId, amountReceived: 1000 }]);
  await expectRecordedOnce(id);
}

async function expectRecordedOnce(id: string) {
  const isItsEnd = ({ kind, chargeId }: Fact) => kind === 'charge_closed' && chargeId === id;
  const { items } = await stack.until(`/v1/customers/${id}/evidence`, (page) => page.items.some(isItsEnd));
  const facts: Fact[] = items.filter(({ chargeId }: Fact) => chargeId === id);
  const answers = facts
    .filter(({ kind, data }) => kind === 'attempt' && data.answer?.stripeChargeId)
    .map(({ data }) => `${data.answer?.stripeChargeId} ${data.outcome}`);
  expect(new Set(answers).size, `${id}: ${answers}`).toBe(answers.length);
  const eventIds = new Set(answers.map((answer) => answer.split(' ')[0]));
  const { charges } = await stack.truth(id);
  expect(eventIds).toEqual(
    new Set(charges.map(({ stripeChargeId }: { stripeChargeId: string }) => stripeChargeId)),
  );
  for (const kind of ['charge_opened', 'charge_closed'])
    expect(facts.filter((fact) => fact.kind === kind).length, `${id}: ${kind}`).toBe(1);
}

describe.runIf(RUNS_POSTGRES)('the Temporal database is deleted in the middle of it all', () => {
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'offsession-lost-'));
    line = await openProxy();
    await newServer(Object.values(SEARCH_ATTRIBUTES));
    const address = `127.0.0.1:${line.port}`;
    stack = await startProcesses({ temporal: { address, namespace: NAMESPACE }, payloadKeys: PAYLOAD_KEYS });
    await everyKindOfState();

    await server.kill();
    await rm(dataDir, { recursive: true });
    await theWorldGoesOn();
    await newServer([]);
    await stack.worker.kill(0); // as docs/operations.md says: workers are started against the new cluster
    await stack.untilWorking();
    said = await recoverAll(address);
  }, 300_000);
  afterAll(async () => {
    await stack?.stop();
    await server?.stop();
    await line?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('recover all starts everybody but those who are closed, and shows Temporal nothing in the clear', async () => {
    expect(said).toBe('13 started, 0 running already, 1 over\n');
    const { events } = await stack.client.workflow.getHandle(workflowIdOf('later')).fetchHistory();
    const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    expect(Buffer.from(payload?.metadata?.encoding ?? []).toString()).toBe('binary/encrypted');
  });

  test('a step-up keeps its intent and its deadline, and is paid when the customer comes', async () => {
    await stack.untilCustomer('waiting', 'awaiting_step_up');
    const { paymentIntentId, stepUp } = before.waiting ?? {};
    expect(await chargeOf('waiting')).toMatchObject({ status: 'awaiting_step_up', paymentIntentId });
    expect((await chargeOf('waiting')).stepUp.deadline).toBe(stepUp?.deadline);
    await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
    await expectCollectedOnce('waiting', 2);
  });

  test('who authenticated while Temporal was away has paid, once', async () => {
    await expectCollectedOnce('came', 2);
  });

  test('an unknown outcome is asked about: what was taken is not taken again, what was not is', async () => {
    await expectCollectedOnce('paid', 1);
    expect((await chargeOf('paid')).attempts).toMatchObject([{ number: 1, outcome: 'succeeded' }]);
    await expectCollectedOnce('unpaid', 1);
    // What was made before the loss is what was paid: nobody made another.
    for (const id of ['paid', 'unpaid']) {
      const { paymentIntentId } = await chargeOf(id);
      expect((await stack.truth(id)).intents).toMatchObject([{ paymentIntentId, status: 'succeeded' }]);
    }
  });

  test('a payment under way is waited for, and not attempted again', async () => {
    expect((await untilStatus('slow', 'processing')).paymentIntentId).toBe(before.slow?.paymentIntentId);
    await stack.control(`settle/${before.slow?.paymentIntentId}`, {});
    await expectCollectedOnce('slow', 1);
  });

  test('who was paused stays paused, and pays when resumed', async () => {
    await stack.untilCustomer('stopped', 'paused');
    expect((await stack.truth('stopped')).attempts).toBe(0);
    await stack.post('/v1/customers/stopped/resume');
    await expectCollectedOnce('stopped', 1);
  });

  test('a charge without a card waits on, and the next card pays it', async () => {
    expect(await untilStatus('cardless', 'awaiting_card')).toBeDefined();
    await stack.post('/v1/customers/cardless/enrolments', {
      paymentMethod: 'pm_card_mastercard',
      consent: CONSENT,
    });
    await expectCollectedOnce('cardless', 2);
  });

  test('a cancellation goes on: the open intent is cancelled at Stripe, and the workflow ends', async () => {
    await untilStatus('closing', 'cancelled');
    expect(await stack.truth('closing')).toMatchObject({ succeeded: 0, intents: [{ status: 'canceled' }] });
    await expectRecordedOnce('closing');
    const handle = stack.client.workflow.getHandle(workflowIdOf('closing'));
    await vi.waitFor(async () => expect((await handle.describe()).status.name).toBe('COMPLETED'), 10_000);
    await expect(stack.client.workflow.getHandle(workflowIdOf('gone')).describe()).rejects.toThrow();
  });

  test('an open enrolment keeps its SetupIntent, and a card given meanwhile counts', async () => {
    await stack.untilCustomer('answered', 'active');
    const open = await stack.untilCustomer('asked', 'awaiting_mandate');
    expect(open.enrolment.setupIntentId).toBe(enrolments.asked?.setupIntentId);
    await stack.giveCard(String(enrolments.asked?.clientSecret), '4242424242424242');
    for (const id of ['asked', 'answered']) {
      const { mandate, stripeCustomerId } = await stack.untilCustomer(id, 'active');
      expect(mandate.setupIntentId).toBe(enrolments[id]?.setupIntentId);
      const setups = await stack.stripe('GET', `setup_intents?customer=${stripeCustomerId}`);
      expect(setups.data).toHaveLength(1);
      await owe(id);
      await expectCollectedOnce(id, 1);
    }
  });

  test('what was over is over: the same charge again is the same charge', async () => {
    expect(await owe('settled')).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    await expectCollectedOnce('settled', 1);
  });

  test('a decline keeps its calendar, and is collected on its day', async () => {
    const charge = await untilStatus('soft', 'retrying');
    expect(charge.nextAttemptAt).toBe(before.soft?.nextAttemptAt);
    expect((await stack.truth('soft')).attempts).toBe(1);
    await stack.passTime('soft', DAY + HOUR);
    await expectCollectedOnce('soft', 2);
  });

  test('a charge of the future stays one, and is collected when it is due', async () => {
    expect((await untilStatus('later', 'scheduled')).nextAttemptAt).toBe(before.later?.nextAttemptAt);
    expect((await stack.truth('later')).intents).toEqual([]);
    await stack.passTime('later', 10 * DAY + HOUR);
    await expectCollectedOnce('later', 1);
  });
});
