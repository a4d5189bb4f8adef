// Carries out the planned actions against a running system, each when its time has come, and counts them.
import type { Action, PlannedAction } from './plan.ts';
import type { System } from './system.ts';

export interface FaultInjector {
  /** Starts every action planned for up to this many ended charges. */
  advance(endedCharges: number): void;
  /** Waits for the actions in progress and heals everything; no action starts after that. */
  heal(): Promise<void>;
  /** How often each kind of action was done. A kill counts once the process was dead and has been started again. */
  readonly counts: () => ReadonlyMap<string, number>;
  /** When each kill that counts happened, epoch milliseconds. */
  readonly killedAt: () => readonly number[];
}

/** @param onFailure is told of each action that failed, and why */
export function createFaultInjector(
  actions: readonly PlannedAction[],
  system: Pick<System, 'proxies' | 'processes' | 'emulatorUrl'>,
  onFailure: (what: string) => void,
): FaultInjector {
  const remaining = [...actions];
  const counts = new Map<string, number>();
  const killedAt: number[] = [];
  /** Actions on the same target run one after the other: a process must be up again before it is killed again. */
  const lastActionOf = new Map<string, Promise<void>>();
  let webhookFaultTimer: NodeJS.Timeout | undefined;

  async function control(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${system.emulatorUrl}/_emulator/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  function count(name: string): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** @param target whose actions wait for each other */
  function queue(target: string, name: string, act: () => Promise<void>): void {
    const previous = lastActionOf.get(target) ?? Promise.resolve();
    const done = previous.then(act).catch((error) => onFailure(`${name} failed: ${error}`));
    lastActionOf.set(target, done);
  }

  function kill({ what, which, downMs }: Extract<Action, { do: 'kill' }>): void {
    queue(`${what} ${which}`, `kill ${what} ${which}`, async () => {
      const victim = system.processes[what][which];
      if (!victim) throw new Error('there is no such process');
      const atMs = Date.now();
      await victim.kill(downMs);
      killedAt.push(atMs);
      count(`kill ${what}`);
    });
  }

  function order(target: string, name: string, body: object): void {
    queue(target, name, async () => {
      await control('POST', target, body);
      count(name);
    });
  }

  function start(action: Action): void {
    switch (action.do) {
      case 'kill':
        kill(action);
        break;
      case 'cut':
        system.proxies[action.proxy].cut(action.ms);
        count(`cut ${action.proxy}`);
        break;
      case 'freeze':
        system.proxies[action.proxy].freeze(action.ms);
        count(`freeze ${action.proxy}`);
        break;
      case 'slow':
        system.proxies[action.proxy].slow(action.ms, action.delayMs);
        count(`slow ${action.proxy}`);
        break;
      case 'stripe_fault':
        order('faults', `stripe ${action.fault.kind} ${action.fault.when}`, action.fault);
        break;
      case 'webhooks':
        clearTimeout(webhookFaultTimer);
        order('webhooks', `webhooks ${action.mode}`, { mode: action.mode });
        webhookFaultTimer = setTimeout(endWebhookFault, action.ms);
    }
  }

  function endWebhookFault(): void {
    const normal = { mode: 'normal' };
    queue('webhooks', 'end the webhook fault', () => control('POST', 'webhooks', normal));
  }

  return {
    advance(endedCharges) {
      while (remaining[0] && remaining[0].after <= endedCharges) {
        start((remaining.shift() as PlannedAction).action);
      }
    },
    async heal() {
      remaining.length = 0;
      clearTimeout(webhookFaultTimer);
      for (const proxy of Object.values(system.proxies)) proxy.heal();
      await Promise.all(lastActionOf.values());
      await control('DELETE', 'faults');
      await control('POST', 'webhooks', { mode: 'normal' });
    },
    counts: () => counts,
    killedAt: () => killedAt,
  };
}
