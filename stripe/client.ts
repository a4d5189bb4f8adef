// The only Stripe client that can move money.
import Stripe from 'stripe';
import { connectionTo } from './connection.ts';

/** Longer than Stripe usually takes, shorter than an activity's time-out, so that an answer is known before that. */
const TIMEOUT_MS = 25_000;

/**
 * A client for one account. Retries are Temporal's, but for one that the SDK cannot be kept from: a connection that was
 * closed is tried once more, under the same key.
 * @param apiBase origin of a stand-in, e.g. `http://127.0.0.1:8420`; null for Stripe itself
 * @param timeoutMs until a call counts as unanswered; tests have less patience
 */
export function createStripeClient(
  secretKey: string,
  apiBase: string | null,
  timeoutMs: number = TIMEOUT_MS,
): Stripe {
  return new Stripe(secretKey, {
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    appInfo: { name: 'offsession' },
    ...connectionTo(secretKey, apiBase),
  });
}
