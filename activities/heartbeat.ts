// A sign of life while a call is under way, so that Temporal misses a killed worker soon. It changes no answer.
import { Context } from '@temporalio/activity';

/** Between two signs, milliseconds; well below the heartbeat time-out in workflows/carry-out.ts. */
export const HEARTBEAT_INTERVAL_MS = 3_000;

/** The same activities, each with a heartbeat for as long as it runs. */
// biome-ignore lint/suspicious/noExplicitAny: whatever they take and give, it is handed on
export function withHeartbeat<Activities extends Record<string, (...given: any[]) => Promise<any>>>(
  activities: Activities,
): Activities {
  const beats = Object.entries(activities).map(([name, activity]) => {
    const run = async (...given: unknown[]): Promise<unknown> => {
      const context = Context.current();
      context.heartbeat();
      const beat = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
      try {
        return await activity(...given);
      } finally {
        clearInterval(beat);
      }
    };
    return [name, run];
  });
  return Object.fromEntries(beats) as Activities;
}
