// Requests that the control API has made late: each is held for its time, whether its client waits or not.

/** A request that is held. */
export interface LateRequest {
  readonly method: string;
  readonly path: string;
  /** Whether it is still to take effect, or has and is only to be answered. */
  readonly when: 'before' | 'after';
  /** Of the fault that holds it. */
  readonly customerId?: string;
  /** RFC 3339. Wall time: moving the emulator's clock hurries no connection. */
  readonly until: string;
}

export class LateRequests {
  private readonly timers = new Map<LateRequest, NodeJS.Timeout>();

  /** Resolves when the time is up; never where the emulator closes before, as if its process had died. */
  hold(request: Omit<LateRequest, 'until'>, seconds: number): Promise<void> {
    const ms = seconds * 1000;
    const held = { ...request, until: new Date(Date.now() + ms).toISOString() };
    return new Promise((resolve) => {
      const timeIsUp = () => {
        this.timers.delete(held);
        resolve();
      };
      this.timers.set(held, setTimeout(timeIsUp, ms));
    });
  }

  /** Longest held first. */
  list(): LateRequest[] {
    return [...this.timers.keys()];
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }
}
