// Sends heartbeats while an activity runs, so that Temporal misses a killed worker soon.
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** Milliseconds; well below the heartbeat time-out in workflows/execute-step.ts. */
export const HEARTBEAT_INTERVAL_MS = 3_000;

/**
 * An activity interceptor; it changes neither input nor answer. Temporal counts its time-out from the start of the
 * activity, so one that is soon over sends none: each is a write of Temporal's to its database, and billed.
 */
export function heartbeat(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
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
