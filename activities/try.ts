// One try of an activity: whether it is the first, whether anybody still waits for it, and what time it is.
import { ApplicationFailure, activityInfo, cancellationSignal } from '@temporalio/activity';

export interface Try {
  /** No earlier one can have sent anything. */
  readonly isFirst: boolean;
  /** By the workflow's clock, epoch ms. */
  nowMs(): number;
  /**
   * A process that stood still (a frozen machine, a suspended container) wakes up in the middle of a try that was given
   * up long ago.
   * @throws ApplicationFailure `GivenUp`
   */
  failUnlessWanted(): void;
}

/** @param scheduledAtMs by the workflow's clock, epoch ms: it may be ahead of every other clock */
export function currentTry(scheduledAtMs: number): Try {
  const { attempt, scheduledTimestampMs, startToCloseTimeoutMs } = activityInfo();
  const signal = cancellationSignal();
  const startedAtMs = Date.now();
  return {
    isFirst: attempt === 1,
    nowMs: () => scheduledAtMs + Math.max(0, Date.now() - scheduledTimestampMs),
    failUnlessWanted() {
      if (signal.aborted || Date.now() - startedAtMs >= startToCloseTimeoutMs)
        throw ApplicationFailure.retryable('this try was given up before it could ask', 'GivenUp');
    },
  };
}
