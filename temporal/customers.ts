// The only place that talks to Temporal: asks and rings the workflows of customers. It decides and remembers nothing.
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
import { unavailable } from '../api/http/problems.ts';
import { isRefusalCode } from '../api/http/refusal-status.ts';
import { newCustomer } from '../domain/lifecycle.ts';
import { Refusal } from '../domain/shared/refusal.ts';
import type { CustomerView } from '../domain/view.ts';
import {
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
const PING_DEADLINE = 2_000;
/** Between calls to a run that is not ready for them: at first, and at most. */
const NOT_READY_PAUSE = 100;
const LONGEST_NOT_READY_PAUSE = 2_000;

const FAILED_PRECONDITION = 9;

/** Every method throws a Problem 503 `temporal_unavailable` when Temporal or a worker does not answer in time. */
export interface Billing {
  /** Sends an update. @returns null when the customer has no open workflow. @throws Refusal */
  ask<Answer, Request>(
    customerId: string,
    update: UpdateDefinition<Answer, [Request]>,
    request: Request,
  ): Promise<Answer | null>;
  /** The same, and starts a workflow where there is none: it begins with what the ledger remembers. @throws Refusal */
  askOrStart<Answer, Request>(
    customerId: string,
    update: UpdateDefinition<Answer, [Request]>,
    request: Request,
  ): Promise<Answer>;
  /** As the workflow sees it now. @returns null when Temporal has no workflow of this customer */
  view(customerId: string): Promise<CustomerView | null>;
  /** Stripe has news. @returns false when the customer has no open workflow */
  notify(customerId: string, news: StripeEventRef): Promise<boolean>;
  /** The same, and starts a workflow where there is none: money may go back long after the customer has gone. */
  notifyOrStart(customerId: string, news: StripeEventRef): Promise<void>;
  /** The customer has authenticated. @returns false when the customer has no open workflow */
  steppedUp(customerId: string, chargeId: string): Promise<boolean>;
  /** Whether Temporal answers for our namespace; of the worker it says nothing. */
  ping(): Promise<void>;
}

export function createBilling(client: Client): Billing {
  const handleOf = (customerId: string) => client.workflow.getHandle(workflowIdOf(customerId));

  /**
   * Runs one call until a deadline, and gives every failure one of three meanings: refused, no workflow, away. It is
   * run again while the customer's run is not ready for it, so each must be one that is harmless when done twice.
   */
  async function call<Answer>(deadlineMs: number, run: () => Promise<Answer>): Promise<Answer> {
    const deadline = Date.now() + deadlineMs;
    for (let pause = NOT_READY_PAUSE; ; pause = Math.min(pause * 2, LONGEST_NOT_READY_PAUSE)) {
      try {
        return await client.connection.withDeadline(deadline, run);
      } catch (error) {
        if (!isNotReady(error) || Date.now() + pause >= deadline) throw toApiError(error);
        await sleep(pause);
      }
    }
  }

  return {
    askOrStart: async (customerId, update, request) => {
      const accepted = await call(UPDATE_DEADLINE, () =>
        client.workflow.startUpdateWithStart(update, {
          args: [request],
          waitForStage: 'ACCEPTED',
          startWorkflowOperation: new WithStartWorkflowOperation<Workflow>(CUSTOMER_BILLING, {
            ...startOf(customerId, newCustomer(customerId)),
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

    notify: (customerId, news) =>
      falseWhenNotFound(call(SIGNAL_DEADLINE, () => handleOf(customerId).signal(stripeEventReceived, news))),

    notifyOrStart: async (customerId, news) => {
      await call(SIGNAL_DEADLINE, () =>
        client.workflow.signalWithStart<Workflow, [StripeEventRef]>(CUSTOMER_BILLING, {
          ...startOf(customerId, newCustomer(customerId)),
          signal: stripeEventReceived,
          signalArgs: [news],
        }),
      );
    },

    steppedUp: (customerId, chargeId) =>
      falseWhenNotFound(
        call(SIGNAL_DEADLINE, () => handleOf(customerId).signal(stepUpCompleted, { chargeId })),
      ),

    ping: async () => {
      await call(PING_DEADLINE, () =>
        client.workflowService.describeNamespace({ namespace: client.options.namespace }),
      );
    },
  };
}

/**
 * Temporal's "workflow not ready" mostly passes in a moment: a run younger than its first task cannot be queried, and an
 * update is dropped with the task it came with, as when a run is being cut and a bell comes in between. A run whose
 * tasks fail for good answers the same. A query that fails is one that came at a bad moment (workflows/own-task.ts).
 */
function isNotReady(error: unknown): boolean {
  if (error instanceof QueryNotRegisteredError) return true;
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === FAILED_PRECONDITION;
}

function toApiError(error: unknown): unknown {
  if (error instanceof WorkflowNotFoundError) return error;
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    if (cause instanceof ApplicationFailure && cause.type === REFUSAL) {
      const [code] = cause.details ?? [];
      if (isRefusalCode(code)) return new Refusal(code, cause.message);
    }
    // The run ended or was renewed under an update it had accepted; all updates may be sent again.
    if (cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow')
      return away(error);
    return error;
  }
  const isAway =
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    isNotReady(error) ||
    error instanceof ServiceError ||
    error instanceof NamespaceNotFoundError ||
    isGrpcServiceError(error);
  return isAway ? away(error) : error;
}

function away(cause: unknown) {
  return unavailable(
    'temporal_unavailable',
    'Billing did not answer in time. What you asked may still happen; ask again, with the same ids.',
    cause,
  );
}

async function nullWhenNotFound<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

async function falseWhenNotFound(notified: Promise<void>): Promise<boolean> {
  return (await nullWhenNotFound(notified.then(() => true))) ?? false;
}
