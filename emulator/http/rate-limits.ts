// Stripe's rate limits, where they are switched on, and how often each endpoint was asked.
import type { RateLimits } from '../store/records.ts';

/** As Stripe says it in `Stripe-Rate-Limited-Reason` (docs.stripe.com/rate-limits). */
export type LimitReason = 'endpoint-rate' | 'global-rate';

interface Bucket {
  tokens: number;
  atMs: number;
}

export interface RequestCount {
  /** All that came, the refused ones too. */
  requests: number;
  rateLimited: number;
}

const ACCOUNT = 'account';

/**
 * Counts requests of this process, and holds them to the limits by token buckets (stripe.com/blog/rate-limiters): each
 * holds what one second allows, and at least one request, and is filled at that rate. A request that is refused costs no token.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private readonly counts = new Map<string, RequestCount>();

  /**
   * @param endpoint its name for Stripe's limits: method and path, with `:id` for any id
   * @param limits null: none
   * @param nowMs of a clock that never goes back
   * @returns why the request is to be refused, or null
   */
  admit(endpoint: string, limits: RateLimits | null, nowMs: number): LimitReason | null {
    const count = this.counts.get(endpoint) ?? { requests: 0, rateLimited: 0 };
    this.counts.set(endpoint, count);
    count.requests += 1;
    const reason = limits ? this.take(endpoint, limits, nowMs) : null;
    if (reason !== null) count.rateLimited += 1;
    return reason;
  }

  /** By endpoint, since the process began. */
  counted(): Readonly<Record<string, RequestCount>> {
    return Object.fromEntries(this.counts);
  }

  private take(endpoint: string, { perEndpoint, total }: RateLimits, nowMs: number): LimitReason | null {
    const own = this.filled(endpoint, perEndpoint, nowMs);
    const all = this.filled(ACCOUNT, total, nowMs);
    if (own.tokens < 1) return 'endpoint-rate';
    if (all.tokens < 1) return 'global-rate';
    own.tokens -= 1;
    all.tokens -= 1;
    return null;
  }

  private filled(name: string, perSecond: number, nowMs: number): Bucket {
    const most = Math.max(1, perSecond);
    const bucket = this.buckets.get(name) ?? { tokens: most, atMs: nowMs };
    bucket.tokens = Math.min(most, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    this.buckets.set(name, bucket);
    return bucket;
  }
}
