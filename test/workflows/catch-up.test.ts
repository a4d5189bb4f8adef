// The catch-up's position: it moves only once every event has reached its customer, or was kept as nobody's.
import { beforeAll, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../domain/shared/time.ts';
import {
  type Command,
  initializeJob,
  loadWorkflows,
  resolveActivityJob,
  scheduledIn,
  type WorkflowByHand,
} from '../support/workflow-by-hand.ts';

const START_MS = Date.UTC(2027, 0, 1);
const RUN = { workflowType: 'CatchUp', workflowId: 'catch-up', startMs: START_MS };

let workflows: Awaited<ReturnType<typeof loadWorkflows>>;
beforeAll(async () => {
  workflows = await loadWorkflows();
});

const event = (eventId: string, customerId: string) => ({
  eventId,
  type: 'payment_intent.succeeded',
  objectId: 'pi_1',
  customerId,
  mayStart: false,
});

async function answer(run: WorkflowByHand, commands: readonly Command[], type: string, result: unknown) {
  const [activity] = scheduledIn(commands);
  expect(activity?.activityType).toBe(type);
  const jobs = [resolveActivityJob(activity?.seq ?? 0, result)];
  return { input: activity?.input, commands: await run.activate({ jobs, afterMs: 10, events: 5 }) };
}

const signalsIn = (commands: readonly Command[]) =>
  commands.flatMap(({ signalExternalWorkflowExecution: signal }) => signal ?? []);

test('every page is read and every event delivered before the position moves', async () => {
  const run = await workflows.start(RUN);
  const begun = await run.activate({ jobs: [initializeJob(RUN)], afterMs: 0, events: 3 });
  // The sweep of notices comes first, and takes ten milliseconds.
  const swept = await answer(run, begun, 'sweepNotices', 0);
  const asked = await answer(run, swept.commands, 'caughtUpThrough', START_MS - HOUR);
  const page = { events: [event('evt_1', 'ada'), event('evt_2', 'bob')], next: 'evt_2' };
  const first = await answer(run, asked.commands, 'listUndeliveredEvents', page);
  expect(first.input).toEqual({ sinceMs: START_MS - HOUR - 10 * MINUTE, after: null });
  const signals = signalsIn(first.commands);
  expect(signals.map(({ workflowExecution }) => workflowExecution.workflowId)).toEqual([
    'billing/ada',
    'billing/bob',
  ]);
  expect(scheduledIn(first.commands)).toEqual([]);

  const [ada, bob] = signals.map(({ seq }) => seq);
  const failure = { message: 'not found', applicationFailureInfo: { type: 'NotFound' } };
  const delivered = await run.activate({
    jobs: [
      { resolveSignalExternalWorkflow: { seq: ada } },
      { resolveSignalExternalWorkflow: { seq: bob, failure } },
    ],
    afterMs: 10,
    events: 3,
  });
  const kept = await answer(run, delivered, 'keepUnclaimed', null);
  expect(kept.input).toMatchObject([{ eventId: 'evt_2' }]);
  const second = await answer(run, kept.commands, 'listUndeliveredEvents', { events: [], next: null });
  expect(second.input).toMatchObject({ after: 'evt_2' });
  const moved = await answer(run, second.commands, 'setCaughtUp', 1);
  expect(moved.input).toEqual({ throughMs: START_MS + 10 });
  expect(moved.commands.some(({ completeWorkflowExecution }) => completeWorkflowExecution)).toBe(true);
});

test('notices that cannot be looked at hold up no event', async () => {
  const run = await workflows.start(RUN);
  const begun = await run.activate({ jobs: [initializeJob(RUN)], afterMs: 0, events: 3 });
  const [sweep] = scheduledIn(begun);
  const failure = {
    message: 'activity',
    activityFailureInfo: { activityType: { name: 'sweepNotices' } },
    cause: { message: 'no ledger', applicationFailureInfo: { type: 'Error' } },
  };
  const job = { resolveActivity: { seq: sweep?.seq, result: { failed: { failure } } } };
  const commands = await run.activate({ jobs: [job], afterMs: 10, events: 3 });
  expect(scheduledIn(commands).map(({ activityType }) => activityType)).toEqual(['caughtUpThrough']);
});
