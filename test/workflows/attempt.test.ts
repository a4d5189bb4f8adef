// How a customer's workflow asks for money: what it has noted before, for how long, and how it takes a call-off meanwhile.
import proto from '@temporalio/proto';
import { beforeAll, expect, test } from 'vitest';
import type { CustomerState } from '../../domain/model/state.ts';
import { charge, enrolled, reading, setupDone, T0 } from '../domain/fixtures.ts';
import {
  billingOf,
  fromPayload,
  initializeJob,
  loadWorkflows,
  resolveActivityJob,
  type ScheduledActivity,
  scheduledIn,
  updateJob,
  type WorkflowByHand,
} from '../support/workflow-by-hand.ts';

const { ActivityCancellationType } = proto.coresdk.workflow_commands;
const ATTEMPT = 'attemptCharge';

let workflows: Awaited<ReturnType<typeof loadWorkflows>>;
beforeAll(async () => {
  workflows = await loadWorkflows();
});

const snapshot: CustomerState = enrolled({ charges: [charge()], sequence: 3 });
const remembered = {
  chargeId: 'one',
  amount: 4900,
  currency: 'eur',
  openedAtMs: T0,
  dueAtMs: T0,
  paymentIntentId: 'pi_1',
};
const card = { paymentMethodId: 'pm_1', card: snapshot.mandate?.card ?? null };

/** As long as nothing has happened at Stripe since the snapshot. */
const ANSWERS: { readonly [activity: string]: object } = {
  load: { kind: 'loaded', snapshot, charges: [remembered] },
  record: { kind: 'recorded', through: Number.MAX_SAFE_INTEGER, alreadyClosed: [] },
  readPaymentIntent: { kind: 'paymentIntentRead', chargeId: 'one', reading: reading() },
  readSetupIntent: { kind: 'setupIntentRead', reading: setupDone(card) },
};

/** A run of a customer whose charge is due, up to the moment at which the money is asked for. */
async function untilAttempt(): Promise<{ run: WorkflowByHand; attempt: ScheduledActivity }> {
  const run = await workflows.start(billingOf('alice', T0));
  let commands = await run.activate({
    jobs: [initializeJob(billingOf('alice', T0), { customerId: 'alice' })],
    afterMs: 0,
    events: 3,
  });
  for (let steps = 0; steps < 20; steps++) {
    const [next] = scheduledIn(commands);
    if (!next) throw new Error(`nothing is asked: ${JSON.stringify(commands)}`);
    if (next.activityType === ATTEMPT) return { run, attempt: next };
    const answer = ANSWERS[next.activityType];
    if (!answer) throw new Error(`nobody answers ${next.activityType}`);
    commands = await run.activate({ jobs: [resolveActivityJob(next.seq, answer)], afterMs: 10, events: 5 });
  }
  throw new Error('no attempt was made');
}

const statusOf = async (run: WorkflowByHand) => {
  const query = { queryWorkflow: { queryId: 'q', queryType: 'view', arguments: [] } };
  const [answer] = await run.activate({ jobs: [query], afterMs: 0, events: 0 });
  return fromPayload(answer?.respondToQuery.succeeded.response).charges[0].status;
};

/** What its activity answers when it could not put this on record. */
const answerOf = (over: object) => {
  const event = { kind: 'paymentIntentRead', chargeId: 'one', reading: reading(over) };
  return { kind: 'chargeAttempted', chargeId: 'one', events: [{ event, atMs: T0 + 50 }], recorded: null };
};

test('it is asked for three times at most, and never after half the life of its key', async () => {
  const { attempt } = await untilAttempt();
  expect(attempt.options).toMatchObject({
    taskQueue: 'stripe',
    retryPolicy: { maximumAttempts: 3 },
    scheduleToCloseTimeout: { seconds: expect.objectContaining({ low: 12 * 3600 }) },
  });
});

test('that it is being asked for is noted before', async () => {
  const { run } = await untilAttempt();
  expect(await statusOf(run)).toBe('attempting');
});

test('called off meanwhile: a call under way comes to its end, and what came of it counts', async () => {
  const { run, attempt } = await untilAttempt();
  expect(attempt.options.cancellationType).toBe(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED);
  const cancel = updateJob('cancelCharge', { chargeId: 'one', actor: 'shop' });
  const commands = await run.activate({ jobs: [cancel], afterMs: 10, events: 4 });
  expect(commands.flatMap(({ requestCancelActivity }) => requestCancelActivity?.seq ?? [])).toEqual([
    attempt.seq,
  ]);
  expect(scheduledIn(commands)).toEqual([]);
  const paid = answerOf({ status: 'succeeded', stripeChargeId: 'ch_1' });
  const after = await run.activate({ jobs: [resolveActivityJob(attempt.seq, paid)], afterMs: 10, events: 4 });
  const [record] = scheduledIn(after);
  expect(record?.activityType).toBe('record');
  expect(JSON.stringify(record?.input)).toContain('"as":"succeeded"');
});

test.each(['StripeUnavailable', 'StripeRateLimited', 'KillSwitchOn', 'Unexpected'])(
  'failed as %s: nobody knows what came of it, and Stripe is asked',
  async (type) => {
    const { run, attempt } = await untilAttempt();
    const cause = { message: type, applicationFailureInfo: { type } };
    const failure = { message: 'activity', activityFailureInfo: { activityType: { name: ATTEMPT } }, cause };
    const job = { resolveActivity: { seq: attempt.seq, result: { failed: { failure } } } };
    const [record] = scheduledIn(await run.activate({ jobs: [job], afterMs: 10, events: 4 }));
    expect(record?.activityType).toBe('record');
    expect(JSON.stringify(record?.input)).toContain('"outcome":"unknown"');
    expect(await statusOf(run)).toBe('unknown');
  },
);
