// Sends heartbeats while an activity runs, so that Temporal misses a killed worker soon.
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** Milliseconds; well below the heartbeat time-out in workflows/execute-step.ts. */
export const HEARTBEAT_INTERVAL_MS = 3_000;

/** An activity interceptor; it changes neither input nor answer. */
export function heartbeat(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        context.heartbeat();
        const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
        try {
          return await next(input);
        } finally {
          clearInterval(timer);
        }
      },
    },
  };
}
