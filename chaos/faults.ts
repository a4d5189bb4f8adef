// Breaks a running system as planned, each deed once its time has come, and counts. It decides nothing by itself.
import type { Action, PlannedAction } from './plan.ts';
import type { System } from './system.ts';

export interface Trouble {
  /** So many charges are over: does what is planned until then. */
  advance(over: number): void;
  /** Waits for what is under way, and makes everything whole: nothing breaks any more. */
  end(): Promise<void>;
  /** How often each kind of deed has been done: a kill counts once what it killed was dead and is back. */
  readonly counts: () => ReadonlyMap<string, number>;
  /** When something was killed for certain, epoch milliseconds. */
  readonly killedAt: () => readonly number[];
}

/** @param onFailure hears of each deed that could not be done: which one, and why */
export function createTrouble(
  actions: readonly PlannedAction[],
  system: Pick<System, 'lines' | 'processes' | 'emulatorUrl'>,
  onFailure: (what: string) => void,
): Trouble {
  const left = [...actions];
  const counts = new Map<string, number>();
  const killedAt: number[] = [];
  /** What is to be killed must be up again first: one after the other for each. */
  const busy = new Map<string, Promise<void>>();
  let webhooksNormal: NodeJS.Timeout | undefined;

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

  /** @param whose deeds wait for each other */
  function afterOthers(whose: string, name: string, act: () => Promise<void>): void {
    const before = busy.get(whose) ?? Promise.resolve();
    const done = before.then(act).catch((error) => onFailure(`${name} failed: ${error}`));
    busy.set(whose, done);
  }

  function kill({ what, which, downMs }: Extract<Action, { do: 'kill' }>): void {
    afterOthers(`${what} ${which}`, `kill ${what} ${which}`, async () => {
      const victim = system.processes[what][which];
      if (!victim) throw new Error('there is none');
      const atMs = Date.now();
      await victim.kill(downMs);
      killedAt.push(atMs);
      count(`kill ${what}`);
    });
  }

  function steer(whose: string, name: string, body: object): void {
    afterOthers(whose, name, async () => {
      await control('POST', whose, body);
      count(name);
    });
  }

  function start(action: Action): void {
    switch (action.do) {
      case 'kill':
        kill(action);
        break;
      case 'cut':
        system.lines[action.line].cut(action.ms);
        count(`cut ${action.line}`);
        break;
      case 'freeze':
        system.lines[action.line].freeze(action.ms);
        count(`freeze ${action.line}`);
        break;
      case 'slow':
        system.lines[action.line].slow(action.ms, action.delayMs);
        count(`slow ${action.line}`);
        break;
      case 'stripe_fault':
        steer('faults', `stripe ${action.fault.kind} ${action.fault.when}`, action.fault);
        break;
      case 'webhooks':
        clearTimeout(webhooksNormal);
        steer('webhooks', `webhooks ${action.mode}`, { mode: action.mode });
        webhooksNormal = setTimeout(endWebhookSpell, action.ms);
    }
  }

  function endWebhookSpell(): void {
    const normal = { mode: 'normal' };
    afterOthers('webhooks', 'end the webhook spell', () => control('POST', 'webhooks', normal));
  }

  return {
    advance(over) {
      while (left[0] && left[0].after <= over) {
        start((left.shift() as PlannedAction).action);
      }
    },
    async end() {
      left.length = 0;
      clearTimeout(webhooksNormal);
      for (const line of Object.values(system.lines)) line.heal();
      await Promise.all(busy.values());
      await control('DELETE', 'faults');
      await control('POST', 'webhooks', { mode: 'normal' });
    },
    counts: () => counts,
    killedAt: () => killedAt,
  };
}
