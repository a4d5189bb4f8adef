// Wakes a run at the latest when something is due, with as few timers as that takes.
import { sleep } from '@temporalio/workflow';

export interface Alarm {
  /** How often it has rung in this run. */
  readonly rings: number;
  /** @param atMs epoch ms; in the past means at once */
  setFor(atMs: number): void;
}

/**
 * A timer is an event and an action, and a run that is woken by a message before its time would cancel one and start
 * another. So a timer is left to run, and where one ends early enough none is started. One that ends too early wakes the
 * run for nothing, at most once for each time that something was planned.
 */
export function createAlarm(): Alarm {
  const pending = new Set<number>();
  let rings = 0;
  return {
    get rings() {
      return rings;
    },
    setFor(atMs) {
      if ([...pending].some((earlierMs) => earlierMs <= atMs)) return;
      pending.add(atMs);
      void sleep(Math.max(1, atMs - Date.now()), { summary: 'until something is due' }).then(() => {
        pending.delete(atMs);
        rings += 1;
      });
    },
  };
}
