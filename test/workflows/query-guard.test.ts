// What a query brings along of a history is never taken in before its own task has begun (docs/decisions/0018).
import { beforeAll, expect, test } from 'vitest';
import {
  billingOf,
  initializeJob,
  loadWorkflows,
  resolveActivityJob,
  signalJob,
} from '../support/workflow-by-hand.ts';

const START_MS = Date.UTC(2027, 0, 1);

let workflows: Awaited<ReturnType<typeof loadWorkflows>>;
beforeAll(async () => {
  workflows = await loadWorkflows();
});

/** A run whose first task has asked the ledger for the customer. */
async function begun() {
  const run = await workflows.start(billingOf('ada', START_MS));
  const jobs = [initializeJob(billingOf('ada', START_MS), { customerId: 'ada' })];
  const commands = await run.activate({ jobs, afterMs: 0, events: 3 });
  const [seq] = commands.flatMap(({ scheduleActivity }) => scheduleActivity?.seq ?? []);
  return { run, answer: resolveActivityJob(seq, { kind: 'loaded', snapshot: null, charges: [] }) };
}

const signal = signalJob('stripeEventReceived', {
  eventId: 'evt_1',
  type: 'payment_intent.succeeded',
  objectId: 'pi_1',
});

test('a task of its own takes in what has happened', async () => {
  const { run, answer } = await begun();
  await run.activate({ jobs: [signal, answer], afterMs: 20, events: 5 });
});

test.each([
  ['a signal', () => [signal]],
  ['the answer of an activity', (answer: object) => [answer]],
])(
  '%s that came with a query, although no task has begun: it fails, and is taken in by the task',
  async (_what, jobs) => {
    const { run, answer } = await begun();
    const brought = { jobs: jobs(answer), afterMs: 0, events: 2 };
    await expect(run.activate(brought)).rejects.toThrow(
      'cannot be queried while it has something to take in',
    );
  },
);
