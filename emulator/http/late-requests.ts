// Requests on their way that the control table has made late: each is held for its time, whether its client waits or
// not. It carries nothing out, answers nothing, and keeps nothing over a restart.

/** A request that is held now. */
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
  private readonly held = new Map<LateRequest, NodeJS.Timeout>();

  /** Resolves when the time is up; never where the emulator closes before, as if its process had died. */
  hold(request: Omit<LateRequest, 'until'>, seconds: number): Promise<void> {
    const ms = seconds * 1000;
    const held = { ...request, until: new Date(Date.now() + ms).toISOString() };
    return new Promise((resolve) => {
      const timeIsUp = () => {
        this.held.delete(held);
        resolve();
      };
      this.held.set(held, setTimeout(timeIsUp, ms));
    });
  }

  /** Longest held first. */
  list(): LateRequest[] {
    return [...this.held.keys()];
  }

  close(): void {
    for (const timer of this.held.values()) clearTimeout(timer);
    this.held.clear();
  }
}
