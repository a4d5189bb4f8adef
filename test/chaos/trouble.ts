// Breaks a running system as planned, each deed once its time has come, and counts. It decides nothing by itself.
import type { Deed, PlannedDeed } from './plan.ts';
import type { System } from './system.ts';

export interface Trouble {
  /** So many charges are over: does what is planned until then. */
  advance(over: number): void;
  /** Waits for what is under way, and makes everything whole: nothing breaks any more. */
  end(): Promise<void>;
  /** How often each kind of deed was done. */
  readonly counts: () => ReadonlyMap<string, number>;
  /** When something was killed, epoch milliseconds. */
  readonly killedAt: () => readonly number[];
}

/** @param onFault hears of a deed that could not be done */
export function createTrouble(
  deeds: readonly PlannedDeed[],
  system: System,
  onFault: (error: unknown) => void,
): Trouble {
  const left = [...deeds];
  const counts = new Map<string, number>();
  const killedAt: number[] = [];
  /** What is to be killed must be up again first: one after the other for each. */
  const busy = new Map<string, Promise<void>>();
  let webhooksNormal: NodeJS.Timeout | undefined;

  async function control(method: string, path: string, body?: object): Promise<void> {
    const response = await fetch(`${system.sandboxUrl}/_sandbox/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  function afterOthers(name: string, act: () => Promise<void>): void {
    const before = busy.get(name) ?? Promise.resolve();
    busy.set(name, before.then(act).catch(onFault));
  }

  function kill({ what, which, downMs }: Extract<Deed, { do: 'kill' }>): void {
    afterOthers(`${what} ${which}`, async () => {
      killedAt.push(Date.now());
      await system.processes[what][which]?.kill(downMs);
    });
  }

  function start(deed: Deed): string {
    switch (deed.do) {
      case 'kill':
        kill(deed);
        return `kill ${deed.what}`;
      case 'cut':
        system.lines[deed.line].cut(deed.ms);
        return `cut ${deed.line}`;
      case 'freeze':
        system.lines[deed.line].freeze(deed.ms);
        return `freeze ${deed.line}`;
      case 'slow':
        system.lines[deed.line].slow(deed.ms, deed.delayMs);
        return `slow ${deed.line}`;
      case 'stripe_fault':
        afterOthers('faults', () => control('POST', 'faults', deed.fault));
        return `stripe ${deed.fault.kind} ${deed.fault.when}`;
      case 'webhooks':
        clearTimeout(webhooksNormal);
        afterOthers('webhooks', () => control('POST', 'webhooks', { mode: deed.mode }));
        webhooksNormal = setTimeout(
          () => afterOthers('webhooks', () => control('POST', 'webhooks', { mode: 'normal' })),
          deed.ms,
        );
        return `webhooks ${deed.mode}`;
    }
  }

  return {
    advance(over) {
      while (left[0] && left[0].after <= over) {
        const { deed } = left.shift() as PlannedDeed;
        const name = start(deed);
        counts.set(name, (counts.get(name) ?? 0) + 1);
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
