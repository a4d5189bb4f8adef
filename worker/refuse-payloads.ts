// Lets no activity run on an input that the payload codec has refused.

import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { REFUSED_PAYLOAD } from '../workflows/messages.ts';

/** An activity interceptor. @throws ApplicationFailure `RefusedPayload`, not retried */
export function refusePayloads(): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        for (const argument of input.args)
          if (typeof argument === 'object' && argument !== null && REFUSED_PAYLOAD in argument)
            throw ApplicationFailure.nonRetryable(
              'what this activity was given is not encrypted, was changed, or belongs to another workflow',
              'RefusedPayload',
            );
        return next(input);
      },
    },
  };
}
