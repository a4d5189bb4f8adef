// What every part of the emulator stands on: the store, the clock, and who is calling.
import { newId } from './ids.ts';
import type { DueRecord, SettingsRecord } from './records.ts';
import type { Store } from './store.ts';

/** The one version whose shapes the emulator speaks. */
export const API_VERSION = '2026-10-28.endive';

export interface World {
  readonly store: Store;
  /** The emulator's clock, epoch milliseconds: wall time plus what the control API has added. */
  nowMs(): number;
  /** The same in whole seconds, as Stripe writes times. */
  now(): number;
  settings(): SettingsRecord;
  changeSettings(change: Partial<SettingsRecord>): void;
  /** Ids of events that nobody has begun to deliver yet. */
  readonly announced: string[];
}

/** One request, or something that happens by itself. */
export interface Call {
  readonly world: World;
  /** null when nobody asked: a webhook caused by time alone names no request. */
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
  /** Where this server is reached, e.g. `http://127.0.0.1:8420`. */
  readonly origin: string;
  /** Made with a publishable key, that is from a browser. */
  readonly publishable: boolean;
}

const SETTINGS = 'all';

export function createWorld(store: Store): World {
  const settings = (): SettingsRecord =>
    store.settings.get(SETTINGS) ?? { clockAheadMs: 0, webhookMode: 'normal', rateLimits: null };
  const nowMs = () => Date.now() + settings().clockAheadMs;
  return {
    store,
    announced: [],
    nowMs,
    now: () => Math.floor(nowMs() / 1000),
    settings,
    changeSettings: (change) => store.settings.put(SETTINGS, { ...settings(), ...change }),
  };
}

/** Puts something on the list of what happens by itself `afterMs` from now, on the emulator's clock. */
export function schedule(world: World, what: DueRecord['what'], id: string, afterMs: number) {
  world.store.due.put(newId('due'), { what, id, at: world.nowMs() + afterMs });
}
