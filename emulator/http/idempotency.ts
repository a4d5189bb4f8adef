// The idempotency keys: the first answer under a key is the answer for 24 hours.
import { createHash } from 'node:crypto';
import type { IdempotencyRecord } from '../store/records.ts';
import type { World } from '../store/world.ts';
import { StripeProblem } from './errors.ts';

const KEPT_MS = 24 * 60 * 60 * 1000;

/** What makes two requests the same request: method, path and parameters. */
export function fingerprint(method: string, path: string, params: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([method, path, sorted(params)]))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

export class IdempotencyKeys {
  private readonly inUse = new Set<string>();
  private readonly world: World;
  constructor(world: World) {
    this.world = world;
    for (const [key, stored] of world.store.idempotency.entries()) {
      if (this.isOld(stored)) world.store.idempotency.delete(key);
    }
  }

  /**
   * Claims `key` for one request; `release` must follow.
   * @returns the stored answer to replay, or null when the request is new
   * @throws StripeProblem 400 `idempotency_error` for other parameters or another endpoint, 409 while in use
   */
  claim(key: string, print: string): IdempotencyRecord | null {
    if (key.length > 255) {
      throw new StripeProblem(400, {
        type: 'idempotency_error',
        message: 'Keys for idempotent requests can have up to 255 characters.',
      });
    }
    if (this.inUse.has(key)) throw keyInUse(key);
    const stored = this.world.store.idempotency.get(key);
    if (stored && this.isOld(stored)) {
      this.world.store.idempotency.delete(key);
    } else if (stored) {
      if (stored.fingerprint !== print) throw usedOtherwise(key);
      return stored;
    }
    this.inUse.add(key);
    return null;
  }

  /** Keeps the first answer. */
  store(key: string, answer: Omit<IdempotencyRecord, 'at'>): void {
    this.world.store.idempotency.put(key, { ...answer, at: this.world.nowMs() });
  }

  release(key: string): void {
    this.inUse.delete(key);
  }

  private isOld(stored: IdempotencyRecord): boolean {
    return this.world.nowMs() - stored.at >= KEPT_MS;
  }
}

/** 409 while another request uses the key. */
export function keyInUse(key: string): StripeProblem {
  return new StripeProblem(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
  });
}

function usedOtherwise(key: string): StripeProblem {
  return new StripeProblem(400, {
    type: 'idempotency_error',
    message: `Keys for idempotent requests can only be used with the same endpoint and the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  });
}
