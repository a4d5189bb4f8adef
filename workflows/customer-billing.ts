// The workflow of one customer, from the first card to the cancellation.
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  makeContinueAsNewFunc,
  workflowInfo,
} from '@temporalio/workflow';
import { advance } from '../domain/advance.ts';
import { newCustomer } from '../domain/lifecycle.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { nextStep, withdraws } from '../domain/next-step.ts';
import { DAY } from '../domain/shared/time.ts';
import { viewOf } from '../domain/view.ts';
import { createAlarm } from './alarm.ts';
import { executeStep } from './execute-step.ts';
import { handleMessages, type LiveCustomer } from './message-handlers.ts';
import { faultOf } from './message-schemas.ts';
import { REFUSED_PAYLOAD, type StartInput, workflowIdOf } from './messages.ts';
import { showDetails } from './operator-view.ts';
import { failWhenAdvancedByQuery } from './query-guard.ts';
import { upsertChangedAttributes } from './search-attributes.ts';

/** A run lasts no longer, so that its history stays short and new code is reached. */
const LONGEST_RUN = 30 * DAY;

/**
 * Temporal's own request to cancel ends nothing here (docs/decisions/0020).
 * @param carried the state that the run before this one has left, and nothing else
 */
export async function CustomerBilling(start: StartInput, carried?: CustomerState): Promise<void> {
  const customer = customerFrom(start, carried);
  const cancellationRequested = CancellationScope.current().cancelRequested;
  await CancellationScope.nonCancellable(() => bill(customer, cancellationRequested));
}

async function bill(customer: LiveCustomer, cancellationRequested: Promise<never>): Promise<void> {
  const startedAtMs = Date.now();
  failWhenAdvancedByQuery();
  const alarm = createAlarm();
  const refreshDetails = () =>
    showDetails(customer, nextStep(customer.state, Date.now()), viewOf(customer.state, Date.now()));
  handleMessages(customer, refreshDetails);
  void cancellationRequested.catch(() => {
    customer.cancellationRefusedAtMs = Date.now();
    refreshDetails();
  });

  for (;;) {
    takeInbox(customer);
    const step = nextStep(customer.state, Date.now());
    // Before each step: a customer who is always busy would otherwise never get there.
    if (step.do !== 'end' && mayContinueAsNew(customer, startedAtMs))
      await continueAsNew({ customerId: customer.state.customerId }, customer.state);
    if (step.do === 'decide') {
      customer.state = advance(customer.state, step.event, Date.now());
      continue;
    }
    const view = viewOf(customer.state, Date.now());
    showDetails(customer, step, view);
    switch (step.do) {
      case 'end':
        upsertChangedAttributes(customer.state, view);
        if (allHandlersFinished()) return;
        await condition(() => customer.inbox.length > 0 || allHandlersFinished());
        break;
      case 'wait': {
        // Those that waited for this very state are next: a rest in between would be written down for nothing.
        if (customer.waitingRequests > 0) {
          await condition(() => customer.inbox.length > 0 || customer.waitingRequests === 0);
          break;
        }
        upsertChangedAttributes(customer.state, view);
        alarm.setFor(step.untilMs);
        const { rings } = alarm;
        await condition(
          () => customer.inbox.length > 0 || alarm.rings > rings || mayContinueAsNew(customer, startedAtMs),
        );
        break;
      }
      default: {
        if (step.do === 'attemptCharge')
          customer.state = advance(customer.state, { kind: 'attemptStarted', step }, Date.now());
        const isWithdrawn = () => customer.inbox.some((event) => withdraws(event, step));
        const answer = await executeStep(step, customer.state, isWithdrawn);
        customer.state = advance(customer.state, answer, Date.now());
      }
    }
  }
}

/**
 * @throws ApplicationFailure where somebody started this workflow with another input, or under another customer's id
 * @throws Error where the input could not be decrypted: the task is tried again until it can, and nothing is lost
 */
function customerFrom(start: StartInput, carried: CustomerState | undefined): LiveCustomer {
  for (const input of [start, carried] as readonly unknown[])
    if (typeof input === 'object' && input !== null && REFUSED_PAYLOAD in input)
      throw new Error(`what this run begins with is refused: ${input[REFUSED_PAYLOAD]}`);
  const { workflowId, continuedFromExecutionRunId } = workflowInfo();
  const fault = faultOf('start', start);
  if (fault !== null || workflowId !== workflowIdOf(start.customerId))
    throw ApplicationFailure.create({
      type: 'InvalidInput',
      message:
        `This workflow begins with the id of the customer whom its own id names. ${fault ?? ''}`.trim(),
      nonRetryable: true,
    });
  const { customerId, event } = start;
  let state = newCustomer(customerId);
  if (event) state = advance(state, { ...event, kind: 'stripeEventReceived' }, Date.now());
  // Only a run of our own carries a state: whoever starts this workflow by hand cannot bring one along.
  if (carried !== undefined && continuedFromExecutionRunId !== undefined) state = carried;
  return { state, inbox: [], waitingRequests: 0, droppedSignals: 0, cancellationRefusedAtMs: null };
}

/** Nothing is judged by a state that the ledger has not completed: what arrives waits in the inbox until then. */
function takeInbox(customer: LiveCustomer): void {
  if (!customer.state.loaded) return;
  for (const event of customer.inbox.splice(0)) customer.state = advance(customer.state, event, Date.now());
}

/** All in one condition, and nothing is awaited between it and the new run: what arrives later reaches that one. */
function mayContinueAsNew({ state, inbox }: LiveCustomer, startedAtMs: number): boolean {
  const isDue =
    workflowInfo().continueAsNewSuggested ||
    workflowInfo().targetWorkerDeploymentVersionChanged === true ||
    Date.now() - startedAtMs >= LONGEST_RUN;
  return isDue && state.loaded && inbox.length === 0 && allHandlersFinished();
}

/** The next run of one that is pinned to a release would stay with it; that of an unversioned one goes on with any. */
const continueAsNew = makeContinueAsNewFunc<typeof CustomerBilling>({
  initialVersioningBehavior: 'AUTO_UPGRADE',
});
