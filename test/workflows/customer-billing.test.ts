// The loop of a customer's run: what is judged when, and what must survive the turn to the next run.
import { beforeAll, expect, test } from 'vitest';
import { charge, enrolled, T0 } from '../domain/fixtures.ts';
import {
  billingOf,
  type Command,
  fromPayload,
  initializeJob,
  loadWorkflows,
  resolveActivityJob,
  scheduledIn,
  updateJob,
} from '../support/workflow-by-hand.ts';

let workflows: Awaited<ReturnType<typeof loadWorkflows>>;
beforeAll(async () => {
  workflows = await loadWorkflows();
});

const LOADED = {
  kind: 'loaded',
  snapshot: enrolled({ charges: [charge()], sequence: 3 }),
  charges: [
    { chargeId: 'one', amount: 4900, currency: 'eur', openedAtMs: T0, dueAtMs: T0, paymentIntentId: 'pi_1' },
  ],
};

/** A run whose first question, to the ledger, is under way. */
async function loading() {
  const run = await workflows.start(billingOf('alice', T0));
  const jobs = [initializeJob(billingOf('alice', T0), { customerId: 'alice' })];
  const [load] = scheduledIn(await run.activate({ jobs, afterMs: 0, events: 3 }));
  expect(load?.activityType).toBe('load');
  return { run, loaded: resolveActivityJob(load?.seq ?? 0, LOADED) };
}

const cancel = (chargeId: string) => updateJob('cancelCharge', { chargeId, actor: 'shop' });

/** How each update of these commands was answered. */
const answersIn = (commands: readonly Command[]): string[] =>
  commands.flatMap(({ updateResponse }) => {
    if (!updateResponse) return [];
    const { rejected } = updateResponse;
    return [rejected ? `rejected: ${rejected.message}` : updateResponse.completed ? 'completed' : 'accepted'];
  });

test('nothing is judged before the ledger has answered: this run may not know the customer yet', async () => {
  const { run, loaded } = await loading();
  const early = await run.activate({ jobs: [cancel('one')], afterMs: 10, events: 2 });
  expect(answersIn(early)).toEqual(['accepted']);
  const commands = await run.activate({ jobs: [loaded], afterMs: 10, events: 3 });
  expect(answersIn(commands)).toEqual(['completed']);
});

test('what the ledger does not know is refused once it has answered', async () => {
  const { run, loaded } = await loading();
  await run.activate({ jobs: [loaded], afterMs: 10, events: 3 });
  const commands = await run.activate({ jobs: [cancel('two')], afterMs: 10, events: 2 });
  expect(answersIn(commands)).toEqual(['rejected: There is no open charge two.']);
});

test('a request that was accepted just before the run goes on in a new one goes along', async () => {
  const { run, loaded } = await loading();
  const [record] = scheduledIn(await run.activate({ jobs: [loaded], afterMs: 10, events: 3 }));
  expect(record?.activityType).toBe('record');
  const accepted = await run.activate({ jobs: [cancel('one')], afterMs: 10, events: 3 });
  expect(answersIn(accepted)).toEqual(['accepted', 'completed']);
  const written = { kind: 'recorded', through: Number.MAX_SAFE_INTEGER, alreadyClosed: [] };
  const commands = await run.activate({
    jobs: [resolveActivityJob(record?.seq ?? 0, written)],
    afterMs: 10,
    events: 3,
    continueAsNewSuggested: true,
  });
  const [next] = commands.flatMap(({ continueAsNewWorkflowExecution: command }) => command ?? []);
  const [start, state] = next.arguments.map(fromPayload);
  expect(start).toEqual({ customerId: 'alice' });
  expect(state.charges).toMatchObject([{ chargeId: 'one', phase: { is: 'closing', to: 'cancelled' } }]);
});
