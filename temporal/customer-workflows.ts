// The client through which every process asks, starts and notifies the workflows of customers.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Client,
  isGrpcServiceError,
  NamespaceNotFoundError,
  QueryNotRegisteredError,
  ServiceError,
  WithStartWorkflowOperation,
  type Workflow,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, type UpdateDefinition } from '@temporalio/common';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { isRefusalCode, Refusal } from '../domain/shared/refusal.ts';
import { SECOND } from '../domain/shared/time.ts';
import type { CustomerView } from '../domain/view.ts';
import {
  BILLING_QUEUE,
  CUSTOMER_BILLING,
  REFUSAL,
  type StripeEventRef,
  startOf,
  stepUpCompleted,
  stripeEventReceived,
  view,
  workflowIdOf,
} from '../workflows/messages.ts';

/**
 * Milliseconds until an update must have been taken, and done where nothing outside is waited for.
 * While Temporal cannot be reached a call may outlive its deadline by the pause before its next try, 5 s at most.
 */
const UPDATE_DEADLINE = 10_000;
/** Longer than an enrolment, once taken, waits for Stripe. */
const ANSWER_DEADLINE = 25_000;
const SIGNAL_DEADLINE = 5_000;
const QUERY_DEADLINE = 3_000;
const COUNT_DEADLINE = 2_000;
/** Between calls to a run that is not ready for them: at first, and at most. */
const NOT_READY_PAUSE = 100;
const LONGEST_NOT_READY_PAUSE = 2_000;

const FAILED_PRECONDITION = 9;
/** Temporal's number for the kind of task queue that workflows have. */
const WORKFLOW_TASKS = 1;
/** Seconds after which a worker asks for work again at the latest, with some more for clocks that differ. */
const LONGEST_POLL = 75;

/**
 * Temporal, or a worker behind it, did not answer in time. What was asked may still happen: every request here may be
 * repeated, with the same ids.
 */
export class TemporalUnavailable extends Error {
  override readonly name = 'TemporalUnavailable';
  constructor(cause: unknown) {
    super('Billing did not answer in time. What you asked may still happen; ask again, with the same ids.', {
      cause,
    });
  }
}

/** Every method throws `TemporalUnavailable` when Temporal or a worker does not answer in time. */
export interface CustomerWorkflows {
  /** Sends an update. @returns null when the customer has no open workflow. @throws Refusal */
  ask<Answer, Request>(
    customerId: string,
    update: UpdateDefinition<Answer, [Request]>,
    request: Request,
  ): Promise<Answer | null>;
  /**
   * The same, and starts a workflow where there is none: it begins with what the ledger remembers.
   * @param updateId requests with the same one share one update and its answer, as long as the run lasts: a workflow
   * takes ten updates at once
   * @throws Refusal
   */
  askOrStart<Answer, Request>(
    customerId: string,
    update: UpdateDefinition<Answer, [Request]>,
    request: Request,
    updateId?: string,
  ): Promise<Answer>;
  /** As the workflow sees it now. @returns null when Temporal has no workflow of this customer */
  view(customerId: string): Promise<CustomerView | null>;
  /** Something changed at Stripe. @returns false when the customer has no open workflow */
  notify(customerId: string, event: StripeEventRef): Promise<boolean>;
  /** The same, and starts a workflow where there is none: money may go back long after the customer was cancelled. */
  notifyOrStart(customerId: string, event: StripeEventRef): Promise<void>;
  /** The customer has authenticated a charge. @returns false when the customer has no open workflow */
  completeStepUp(customerId: string, chargeId: string): Promise<boolean>;
  /** How many workers have lately asked for workflow tasks. It says at the same time that Temporal answers. */
  countWorkers(): Promise<number>;
}

export function createCustomerWorkflows(client: Client): CustomerWorkflows {
  const handleOf = (customerId: string) => client.workflow.getHandle(workflowIdOf(customerId));

  /**
   * Makes one call until a deadline, and gives every failure one of three meanings: refused, no workflow, unavailable.
   * The call is repeated while the customer's run is not ready for it, so each must be harmless when made twice.
   */
  async function call<Answer>(deadlineMs: number, run: () => Promise<Answer>): Promise<Answer> {
    const deadline = Date.now() + deadlineMs;
    for (let pause = NOT_READY_PAUSE; ; pause = Math.min(pause * 2, LONGEST_NOT_READY_PAUSE)) {
      try {
        return await client.connection.withDeadline(deadline, run);
      } catch (error) {
        if (!isNotReady(error) || Date.now() + pause >= deadline) throw meaningOf(error);
        await sleep(pause);
      }
    }
  }

  return {
    askOrStart: async (customerId, update, request, updateId) => {
      const accepted = await call(UPDATE_DEADLINE, () =>
        client.workflow.startUpdateWithStart(update, {
          args: [request],
          waitForStage: 'ACCEPTED',
          ...omitUndefined({ updateId }),
          startWorkflowOperation: new WithStartWorkflowOperation<Workflow>(CUSTOMER_BILLING, {
            ...startOf({ customerId }),
            workflowIdConflictPolicy: 'USE_EXISTING',
          }),
        }),
      );
      return call(ANSWER_DEADLINE, () => accepted.result());
    },

    ask: (customerId, update, request) =>
      nullWhenNotFound(
        call(UPDATE_DEADLINE, () => handleOf(customerId).executeUpdate(update, { args: [request] })),
      ),

    view: (customerId) => nullWhenNotFound(call(QUERY_DEADLINE, () => handleOf(customerId).query(view))),

    notify: (customerId, event) =>
      falseWhenNotFound(call(SIGNAL_DEADLINE, () => handleOf(customerId).signal(stripeEventReceived, event))),

    notifyOrStart: async (customerId, event) => {
      await call(SIGNAL_DEADLINE, () =>
        client.workflow.signalWithStart<Workflow, [StripeEventRef]>(CUSTOMER_BILLING, {
          ...startOf({ customerId }),
          signal: stripeEventReceived,
          signalArgs: [event],
        }),
      );
    },

    completeStepUp: (customerId, chargeId) =>
      falseWhenNotFound(
        call(SIGNAL_DEADLINE, () => handleOf(customerId).signal(stepUpCompleted, { chargeId })),
      ),

    countWorkers: async () => {
      const { pollers } = await call(COUNT_DEADLINE, () =>
        client.workflowService.describeTaskQueue({
          namespace: client.options.namespace,
          taskQueue: { name: BILLING_QUEUE },
          taskQueueType: WORKFLOW_TASKS,
        }),
      );
      const recently = Date.now() / SECOND - LONGEST_POLL;
      const asking = (pollers ?? []).filter(
        ({ lastAccessTime }) => Number(lastAccessTime?.seconds) >= recently,
      );
      return new Set(asking.map(({ identity }) => identity)).size;
    },
  };
}

/**
 * Temporal's "workflow not ready" mostly passes in a moment: a run younger than its first task cannot be queried, and an
 * update is dropped with the task that carried it, as when a run continues as new and a signal arrives in between. A run
 * whose tasks fail for good answers the same. A query fails when it came at a bad moment (workflows/query-guard.ts).
 */
function isNotReady(error: unknown): boolean {
  if (error instanceof QueryNotRegisteredError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION;
}

function meaningOf(error: unknown): unknown {
  if (error instanceof WorkflowNotFoundError) return error;
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure && cause.type === REFUSAL) {
      const [code] = cause.details ?? [];
      if (isRefusalCode(code)) return new Refusal(code, cause.message);
    }
    // The run ended or continued as new before it had answered an update it accepted; every update may be repeated.
    if (cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow')
      return new TemporalUnavailable(error);
    return error;
  }
  const isUnavailable =
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isNotReady(error) ||
    error instanceof ServiceError ||
    error instanceof NamespaceNotFoundError ||
    isGrpcServiceError(error);
  return isUnavailable ? new TemporalUnavailable(error) : error;
}

async function nullWhenNotFound<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function falseWhenNotFound(notified: Promise<void>): Promise<boolean> {
  return (await nullWhenNotFound(notified.then(() => true))) ?? false;
}
