// Lets no activity run but for the workflow it belongs to, except the one that sends a notice.

import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { CATCH_UP, CUSTOMER_BILLING, workflowIdOf } from '../workflows/messages.ts';
import { SEND_NOTICE } from './notice-starter.ts';

/**
 * An activity interceptor. Temporal also starts activities by themselves, and for workflows of other people's workers;
 * such a one would create and confirm an intent past mandate, limits and record, which only a customer's own workflow
 * minds. Sending a notice minds the ledger itself. It does not keep out a worker of somebody else's that runs a workflow
 * under our names in the place of the true one: whoever may do that at Temporal is a worker of ours (docs/threat-model.md).
 * @throws ApplicationFailure `NoWorkflow`, not retried
 */
export function onlyInWorkflows({ info }: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const isNotice = !info.inWorkflow && info.activityType === SEND_NOTICE;
        if (!isNotice && !isForItsWorkflow(info, input.args[0]))
          throw ApplicationFailure.nonRetryable('this activity runs for its own workflow only', 'NoWorkflow');
        return next(input);
      },
    },
  };
}

/** What names a customer belongs to that customer's workflow, and all else to the catch-up. */
function isForItsWorkflow(
  { workflowType, workflowExecution }: Pick<Context['info'], 'workflowType' | 'workflowExecution'>,
  input: unknown,
): boolean {
  const customerId = customerIn(input);
  if (customerId === undefined) return workflowType === CATCH_UP;
  return workflowType === CUSTOMER_BILLING && workflowExecution?.workflowId === workflowIdOf(customerId);
}

/** Activities are given the customer's id, or their state. */
function customerIn(input: unknown): string | undefined {
  const { customerId, state } = (input ?? {}) as { customerId?: unknown; state?: { customerId?: unknown } };
  const named = customerId ?? state?.customerId;
  return named === undefined ? undefined : String(named);
}
