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
import { executeStep } from './execute-step.ts';
import { handleMessages, type LiveCustomer } from './message-handlers.ts';
import { workflowIdOf } from './messages.ts';
import { showDetails } from './operator-view.ts';
import { failWhenAdvancedByQuery } from './query-guard.ts';
import { upsertChangedAttributes } from './search-attributes.ts';

/** A run lasts no longer, so that its history stays short and new code is reached. */
const LONGEST_RUN = 30 * DAY;

/**
 * @param carried the state to go on with, or `newCustomer(id)`
 * Temporal's own request to cancel ends nothing here (docs/decisions/0020).
 */
export async function CustomerBilling(carried: CustomerState): Promise<void> {
  const cancellationRequested = CancellationScope.current().cancelRequested;
  await CancellationScope.nonCancellable(() => bill(customerFrom(carried), cancellationRequested));
}

async function bill(customer: LiveCustomer, cancellationRequested: Promise<never>): Promise<void> {
  const startedAtMs = Date.now();
  failWhenAdvancedByQuery();
  const refreshDetails = () => showDetails(customer, nextStep(customer.state, Date.now()));
  handleMessages(customer, refreshDetails);
  void cancellationRequested.catch(() => {
    customer.cancellationRefusedAtMs = Date.now();
    refreshDetails();
  });

  for (;;) {
    takeInbox(customer);
    const step = nextStep(customer.state, Date.now());
    // Before each step: a customer who is always busy would otherwise never get there.
    if (step.do !== 'end' && mayContinueAsNew(customer, startedAtMs)) await continueAsNew(customer.state);
    showDetails(customer, step);
    switch (step.do) {
      case 'end':
        upsertChangedAttributes(customer.state);
        if (allHandlersFinished()) return;
        await condition(() => customer.inbox.length > 0 || allHandlersFinished());
        break;
      case 'wait':
        upsertChangedAttributes(customer.state);
        await condition(
          () => customer.inbox.length > 0 || mayContinueAsNew(customer, startedAtMs),
          Math.max(1, step.untilMs - Date.now()),
          { summary: 'until something is due' },
        );
        break;
      case 'decide':
        customer.state = advance(customer.state, step.event, Date.now());
        break;
      default: {
        if (step.do === 'confirmPaymentIntent')
          customer.state = advance(customer.state, { kind: 'attemptStarted', step }, Date.now());
        const isWithdrawn = () => customer.inbox.some((event) => withdraws(event, step));
        const answer = await executeStep(step, customer.state, isWithdrawn);
        customer.state = advance(customer.state, answer, Date.now());
      }
    }
  }
}

/** @throws ApplicationFailure where somebody started this workflow with what is no state of its customer */
function customerFrom(carried: CustomerState): LiveCustomer {
  const { workflowId } = workflowInfo();
  if (!isState(carried) || workflowId !== workflowIdOf(carried.customerId))
    throw ApplicationFailure.create({
      type: 'InvalidInput',
      message:
        'This workflow begins with the state of the customer whom its id names, and was given another input.',
      nonRetryable: true,
    });
  return { state: carried, inbox: [], droppedSignals: 0, cancellationRefusedAtMs: null };
}

/** Whether it has the fields of a state, each of its kind. */
function isState(carried: unknown): carried is CustomerState {
  if (typeof carried !== 'object' || carried === null) return false;
  const found = new Map<string, unknown>(Object.entries(carried));
  const kindOf = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value);
  return Object.entries(newCustomer('')).every(([field, value]) => {
    const kind = kindOf(found.get(field));
    return value === null ? kind === 'string' || kind === 'object' : kind === kindOf(value);
  });
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
