// Lets no activity run but for a workflow, except the one that sends a notice.

import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { SEND_NOTICE } from './notice-starter.ts';

/**
 * An activity interceptor. Temporal also starts activities by themselves, for anybody who reaches it; such a one would
 * create and confirm an intent past mandate, limits and record, which only the workflow minds. Sending a notice minds the
 * ledger itself.
 * @throws ApplicationFailure `NoWorkflow`, not retried
 */
export function onlyInWorkflows(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        if (!context.info.inWorkflow && context.info.activityType !== SEND_NOTICE)
          throw ApplicationFailure.nonRetryable('this activity runs for a workflow only', 'NoWorkflow');
        return next(input);
      },
    },
  };
}
