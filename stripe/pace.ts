// When the next request may go to Stripe, so that its limits are kept by all workers together.
import { setTimeout as sleep } from 'node:timers/promises';
import type { StripeTurns } from '../ledger/ledger.ts';

/** Requests a second. */
export interface StripeLimits {
  readonly perEndpoint: number;
  /** Of the account, over all endpoints. */
  readonly total: number;
}

export interface Pace {
  /** Resolves when a request to this endpoint may be sent. Never throws. @param endpoint as `endpointOf` names it */
  turn(endpoint: string): Promise<void>;
  /** Stripe has had too many requests: everybody waits for a moment, other processes too. */
  slowDown(): void;
}

/** How much of the limits is used: the api reads at Stripe as well, and so do people. */
const SHARE = 0.96;
/** Turns reserved in one statement where several requests wait, so that a busy ledger holds nobody up. */
const TURNS_AT_ONCE = 4;
/** Milliseconds by which a turn may be late and still be taken: after a quiet moment a few requests may go at once. */
const OVERDUE = 150;
/** Milliseconds for which everybody waits after Stripe has had too many. */
const MOMENT = 1_000;
/**
 * A request is served as if it had come so many milliseconds later for each step of its priority. So a person's goes
 * before a batch's, and yet none waits for ever: what has waited for so long goes before those that come then.
 */
const LATER = 10_000;

interface Waiting {
  /** As if it had come then, by `performance.now()`. */
  readonly sinceMs: number;
  readonly go: () => void;
}

/**
 * Requests wait in line for their endpoint. Where the ledger does not answer, this process keeps the pace by itself.
 * @param onFault gets what the ledger failed with
 * @param priority of the request that asks for its turn just now: 1 is the most urgent
 */
export function createPace(
  turns: StripeTurns,
  limits: StripeLimits,
  onFault: (error: unknown) => void,
  priority: () => number,
): Pace {
  const perEndpoint = limits.perEndpoint * SHARE;
  const total = limits.total * SHARE;
  const lines = new Map<string, Waiting[]>();
  let restUntilMs = 0;

  const untilMs = async (atMs: number) => {
    const waitMs = Math.max(atMs, restUntilMs) - performance.now();
    if (waitMs > 1) await sleep(waitMs);
  };

  async function reserve(endpoint: string, count: number): Promise<number> {
    try {
      const asked = { endpoint, turns: count, perEndpoint, total, overdueMs: OVERDUE };
      return performance.now() + (await turns.reserveStripeTurns(asked));
    } catch (error) {
      onFault(error);
      return performance.now() + 1_000 / perEndpoint;
    }
  }

  async function serve(endpoint: string, line: Waiting[]): Promise<void> {
    while (line.length > 0) {
      const count = Math.min(line.length, TURNS_AT_ONCE);
      const firstAtMs = await reserve(endpoint, count);
      for (let taken = 0; taken < count; taken++) {
        await untilMs(firstAtMs + (taken * 1_000) / perEndpoint);
        line.shift()?.go();
      }
    }
    lines.delete(endpoint);
  }

  return {
    turn: (endpoint) =>
      new Promise((go) => {
        const waiting = { sinceMs: performance.now() + priority() * LATER, go };
        const line = lines.get(endpoint);
        if (line) {
          line.splice(line.findLastIndex(({ sinceMs }) => sinceMs <= waiting.sinceMs) + 1, 0, waiting);
          return;
        }
        const opened = [waiting];
        lines.set(endpoint, opened);
        void serve(endpoint, opened);
      }),
    slowDown() {
      restUntilMs = performance.now() + MOMENT;
      turns.postponeStripeTurns(MOMENT).catch(onFault);
    },
  };
}

/** The name of an endpoint as Stripe's limits count it: method and path, with `:id` for any id. */
export function endpointOf(method: string, path: string): string {
  const [pathname = ''] = path.split('?');
  const parts = pathname.split('/').map((part, index) => (index > 2 && part.includes('_') ? ':id' : part));
  return `${method} ${parts.join('/')}`;
}
