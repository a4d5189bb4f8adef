// What an operator can press and send in the Temporal UI: nothing of it may hurt a customer.
import { randomUUID } from 'node:crypto';
import { defineQuery } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noticeActivityIdOf } from '../../activities/index.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { recoverOne } from '../../ops/commands/recover.ts';
import { view, workflowIdOf } from '../../workflows/messages.ts';
import { CONSENT, startSharedBackends, startTestStack, type TestStack } from '../support/stack.ts';

/** Those of the contract. */
const SIGNALS = ['stripeEventReceived', 'stepUpCompleted'];
/** These are never read; the SDK itself takes names that begin like the second one for its own. */
const UNKNOWN_SIGNALS = ['anything', '__temporal_anything'];

const metadata = defineQuery<{ readonly currentDetails: string }>('__temporal_workflow_metadata');

/** A ledger some of whose answers can be kept waiting, and with them the activities that ask for them. */
function heldUp(ledger: Ledger) {
  const gates = new Map<string, Promise<void>>();
  const open = new Map<string, () => void>();
  const pass = async (customerId: string) => await gates.get(customerId);
  return {
    ledger: {
      ...ledger,
      loadCustomer: async (customerId: string) => {
        await pass(customerId);
        return ledger.loadCustomer(customerId);
      },
      record: async (entry: Parameters<Ledger['record']>[0]) => {
        await pass(entry.customerId);
        return ledger.record(entry);
      },
      recordAttempt: async (...attempt: Parameters<Ledger['recordAttempt']>) => {
        await pass(attempt[0].customerId);
        return ledger.recordAttempt(...attempt);
      },
      isKillSwitchOn: async () => {
        await pass('everybody');
        return ledger.isKillSwitchOn();
      },
    } satisfies Ledger,
    hold: (customerId: string) =>
      void gates.set(customerId, new Promise((resolve) => open.set(customerId, resolve))),
    release: (customerId: string) => {
      open.get(customerId)?.();
      gates.delete(customerId);
    },
  };
}

let backends: Awaited<ReturnType<typeof startSharedBackends>>;
let held: ReturnType<typeof heldUp>;
let stack: TestStack;
beforeAll(async () => {
  backends = await startSharedBackends();
  held = heldUp(backends.ledger);
  stack = await startTestStack({
    backends: { ...backends, ledger: held.ledger },
    merchantUrl: 'http://127.0.0.1:9/', // nobody listens there
  });
});
afterAll(async () => {
  await stack.stop();
  await backends.stop();
});

const handleOf = (customerId: string) => stack.client.workflow.getHandle(workflowIdOf(customerId));
const detailsOf = async (customerId: string) => (await handleOf(customerId).query(metadata)).currentDetails;
const charge = (customerId: string, number: number) =>
  stack.post(`/v1/customers/${customerId}/charges`, {
    chargeId: `${customerId}-${number}`,
    amount: 1000,
    currency: 'eur',
  });

/** The run that was started is still the one that is open, no task of it has failed, and it bills. */
async function expectUnhurt(customerId: string, runId: string, chargeNumber: number): Promise<void> {
  await charge(customerId, chargeNumber);
  await stack.untilCharge(customerId, `${customerId}-${chargeNumber}`, 'succeeded');
  expect(await stack.truth(`${customerId}-${chargeNumber}`)).toMatchObject({ succeeded: 1, attempts: 1 });
  const described = await handleOf(customerId).describe();
  expect(described).toMatchObject({ runId, status: { name: 'RUNNING' } });
  const { events } = await handleOf(customerId).fetchHistory();
  expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
}

test('Request Cancellation of a customer who waits changes nothing, says so, and may be repeated', async () => {
  await stack.enrol('waiting');
  const { runId } = await handleOf('waiting').describe();
  const before = await handleOf('waiting').query(view);
  for (let times = 0; times < 3; times++) await handleOf('waiting').cancel();
  await expect
    .poll(() => detailsOf('waiting'))
    .toMatch(/\*\*Request Cancellation was refused\*\*.*nothing has changed.*`cancelCustomer`/);
  expect(await handleOf('waiting').query(view)).toEqual(before);
  expect((await stack.post('/v1/customers/waiting/pause')).body.status).toBe('paused');
  expect((await stack.post('/v1/customers/waiting/resume')).body.status).toBe('active');
  await expectUnhurt('waiting', runId, 1);
  expect((await stack.post('/v1/customers/waiting/cancel')).body.status).toBe('cancelled');
  await expect.poll(async () => (await handleOf('waiting').describe()).status.name).toBe('COMPLETED');
});

test('Request Cancellation while an activity is under way lets it come to its end', async () => {
  await stack.enrol('busy');
  const { runId } = await handleOf('busy').describe();
  held.hold('busy');
  await charge('busy', 1);
  await handleOf('busy').cancel();
  await charge('busy', 2);
  held.release('busy');
  await stack.untilCharge('busy', 'busy-1', 'succeeded');
  await stack.untilCharge('busy', 'busy-2', 'succeeded');
  await expectUnhurt('busy', runId, 3);
});

test('Request Cancellation of a run that has not loaded: the request that waits is answered', async () => {
  held.hold('loading');
  const enrolling = stack.post('/v1/customers', {
    customerId: 'loading',
    paymentMethod: 'pm_card_visa',
    consent: CONSENT,
  });
  await expect
    .poll(() =>
      handleOf('loading')
        .cancel()
        .then(
          () => true,
          () => false,
        ),
    )
    .toBe(true);
  held.release('loading');
  expect((await enrolling).status).toBe(201);
  await stack.untilCustomer('loading', 'active');
  await expectUnhurt('loading', (await handleOf('loading').describe()).runId, 1);
});

test.each([
  ['no data', []],
  ['null', [null]],
  ['an empty object', [{}]],
  ['a list', [[1]]],
  ['text of 700 kB', ['x'.repeat(700_000)]],
  ['an event id of 700 kB', [{ eventId: 'e'.repeat(700_000), type: 'refund.created', objectId: 're_1' }]],
  ['one field too many', [{ eventId: 'evt_1', type: 'refund.created', objectId: 're_1', more: 1 }]],
  [
    'NUL and half of a surrogate pair',
    [{ eventId: '\u0000\uD800', type: 'refund.created', objectId: 're_1' }],
  ],
])('signals with %s are noted and dropped', async (what, args) => {
  const customerId = `signalled-${what.replaceAll(/\W/g, '-')}`;
  await stack.enrol(customerId);
  const { runId } = await handleOf(customerId).describe();
  for (const name of SIGNALS) await handleOf(customerId).signal(name, ...args);
  await expect
    .poll(() => detailsOf(customerId))
    .toContain('**Dropped signals:** 2 were not understood in this run');
  // Only then: Temporal itself fails a task under way for which 2 MB of events have to wait.
  for (const name of UNKNOWN_SIGNALS) await handleOf(customerId).signal(name, ...args);
  await expectUnhurt(customerId, runId, 1);
});

test.each([
  ['text that is no JSON', 'json/plain', '{not json'],
  ['an encoding that nobody knows', 'of/nobody', 'x'],
  ['an encoding without its schema', 'json/protobuf', '{}'],
])('messages with %s fail no task', async (what, encoding, data) => {
  const customerId = `unreadable-${what.replaceAll(' ', '-')}`;
  await stack.enrol(customerId);
  const { runId } = await handleOf(customerId).describe();
  const input = { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] };
  const { workflowService, options } = stack.client;
  const of = { namespace: options.namespace, workflowExecution: { workflowId: workflowIdOf(customerId) } };
  for (const signalName of [...SIGNALS, ...UNKNOWN_SIGNALS])
    await workflowService.signalWorkflowExecution({ ...of, signalName, input });
  await expect
    .poll(() => detailsOf(customerId))
    .toContain('**Dropped signals:** 2 were not understood in this run');
  const { outcome } = await workflowService.updateWorkflowExecution({
    ...of,
    waitPolicy: { lifecycleStage: 3 }, // completed
    request: { meta: { updateId: randomUUID() }, input: { name: 'pause', args: input } },
  });
  expect(outcome?.failure?.applicationFailureInfo).toMatchObject({ type: 'Refusal' });
  await expectUnhurt(customerId, runId, 1);
});

test('updates with anything are refused with a sentence and a code, and change nothing', async () => {
  await stack.enrol('updated');
  const { runId } = await handleOf('updated').describe();
  const before = await handleOf('updated').query(view);
  const names = [
    ...['enrol', 'giveConsent', 'openCharge', 'cancelCharge', 'retryCharge'],
    ...['pause', 'resume', 'cancelCustomer'],
  ];
  for (const name of names)
    for (const args of [[], [null], [{}], [{ reason: 'nobody asks' }], [[]], ['x'.repeat(700_000)]])
      await expect(handleOf('updated').executeUpdate(name, { args: args as [] }), name).rejects.toMatchObject(
        {
          cause: {
            type: 'Refusal',
            message: expect.stringMatching(new RegExp(`^"${name}" is not understood\\. .{10,200}\\.$`)),
            details: ['invalid_request'],
          },
        },
      );
  await expect(handleOf('updated').executeUpdate('anything')).rejects.toThrow();
  expect(await handleOf('updated').query(view)).toEqual(before);
  expect(await handleOf('updated').query('view', 'x'.repeat(10_000))).toEqual(before);
  await expect(handleOf('updated').query('anything')).rejects.toThrow();
  await expectUnhurt('updated', runId, 1);
});

test('a workflow that is started with anything but the state of its customer fails, and stands in nobody’s way', async () => {
  for (const args of [
    [],
    [null],
    [{}],
    [{ customerId: 'another' }],
    [{ customerId: 'forged', loaded: true }],
    ['x'],
  ]) {
    const started = stack.client.workflow.start('CustomerBilling', {
      workflowId: workflowIdOf('forged'),
      taskQueue: 'billing',
      args,
    });
    await expect((await started).result()).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  }
  await stack.enrol('forged');
});

test.each([
  { press: 'cancel', reason: 'cancelled in Temporal' },
  { press: 'terminate', reason: 'terminated in Temporal' },
] as const)(
  '$press of a notice gives it up, and the catch-up puts that on record',
  async ({ press, reason }) => {
    const notice = { customerId: `notice-${press}`, noticeId: 'enrolled-1' };
    await stack.enrol(notice.customerId);
    const handle = stack.client.activity.getHandle(noticeActivityIdOf(notice));
    await expect.poll(async () => (await handle.describe()).attempt).toBeGreaterThan(1);
    await handle[press]('an operator said so');
    await expect(handle.result()).rejects.toThrow();
    await stack.catchUp();
    await stack.catchUp(); // neither starts it again nor changes what is on record
    expect((await backends.ledger.findNotice(notice))?.end).toMatchObject({ outcome: 'given_up', reason });
    expect((await backends.ledger.verify(notice.customerId)).broken).toEqual([]);
  },
);

test('Terminate and Request Cancellation of the catch-up are made up for by the next one', async () => {
  await stack.enrol('caught');
  for (const stop of ['terminate', 'cancel'] as const) {
    const workflowId = `catch-up-${stop}`;
    const handle = await stack.client.workflow.start('CatchUp', {
      taskQueue: 'billing',
      workflowId,
      args: [],
    });
    await handle[stop]().catch(() => undefined); // it may have ended
    await handle.result().catch(() => undefined);
    await stack.catchUp();
  }
});

/** Resets the open run to the end of the workflow task that `which` chooses, as the UI and the CLI do. */
async function reset(customerId: string, which: 'first' | 'last' | 'before the attempt'): Promise<void> {
  const handle = handleOf(customerId);
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const attempt = events?.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'attemptCharge',
  );
  const ends = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
  const before = ends.filter(({ eventId }) => Number(eventId) < Number(attempt?.eventId));
  const end = { first: ends[0], last: ends.at(-1), 'before the attempt': before.at(-1) }[which];
  await stack.client.workflowService.resetWorkflowExecution({
    namespace: stack.client.options.namespace,
    workflowExecution: { workflowId: workflowIdOf(customerId), runId },
    workflowTaskFinishEventId: end?.eventId ?? null,
    reason: 'somebody pressed Reset',
    requestId: randomUUID(),
  });
}

test('Reset to the first workflow task charges nobody again, and billing goes on', async () => {
  await stack.enrol('reset-to-first');
  await charge('reset-to-first', 1);
  await stack.untilCharge('reset-to-first', 'reset-to-first-1', 'succeeded');
  await reset('reset-to-first', 'first');
  await charge('reset-to-first', 2);
  await stack.untilCharge('reset-to-first', 'reset-to-first-2', 'succeeded');
  for (const number of [1, 2])
    expect(await stack.truth(`reset-to-first-${number}`)).toMatchObject({ succeeded: 1, attempts: 1 });
});

test.each([
  ['reset-to-last', 'last'],
  ['reset-to-middle', 'before the attempt'],
] as const)(
  '%s charges nobody again; after Terminate the ledger brings the customer back',
  async (customerId, which) => {
    await stack.enrol(customerId);
    await charge(customerId, 1);
    await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
    await reset(customerId, which);
    await handleOf(customerId).terminate('as docs/operations.md says');
    expect(await recoverOne(customerId, { ledger: backends.ledger, client: stack.client })).toBe('started');
    await charge(customerId, 2);
    await stack.untilCharge(customerId, `${customerId}-2`, 'succeeded');
    await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded');
    for (const number of [1, 2])
      expect(await stack.truth(`${customerId}-${number}`)).toMatchObject({ succeeded: 1, attempts: 1 });
  },
);

test('an activity that somebody completes with anything is asked again', async () => {
  await stack.enrol('completed');
  held.hold('completed');
  await stack.post('/v1/customers/completed/pause');
  await complete('completed', 'record', { paid: true });
  held.release('completed');
  // Half a minute later the ledger is asked again.
  await stack.untilOnRecord('completed', 'paused');
  await stack.post('/v1/customers/completed/resume');
  await charge('completed', 1);
  await stack.untilCharge('completed', 'completed-1', 'succeeded');
  expect(await stack.truth('completed-1')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('what came of an attempt that somebody completes with an event that nobody knows is read', async () => {
  await stack.enrol('guessed');
  held.hold('everybody');
  await charge('guessed', 1);
  await complete('guessed', 'attemptCharge', { kind: 'chargedTwice' });
  held.release('everybody');
  await stack.untilCharge('guessed', 'guessed-1', 'succeeded');
  expect(await stack.truth('guessed-1')).toMatchObject({ succeeded: 1 });
});

/** Completes the activity of this type, once it is under way, as the Temporal CLI does. */
async function complete(customerId: string, type: string, result: object): Promise<void> {
  const pending = async () => (await handleOf(customerId).describe()).raw.pendingActivities?.[0];
  await expect.poll(async () => (await pending())?.activityType?.name).toBe(type);
  const activityId = (await pending())?.activityId ?? '';
  await stack.client.activity.complete({ workflowId: workflowIdOf(customerId), activityId }, result);
}
