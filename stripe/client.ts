// The only Stripe client that can move money.
import Stripe from 'stripe';
import { isLiveKey } from './api-keys.ts';
import { checkedHttpClient } from './checked-answers.ts';

/** Longer than Stripe usually takes, shorter than an activity's time-out, so that an answer is known before that. */
const TIMEOUT_MS = 25_000;

/**
 * A client for one account. The API version is the one the SDK was made for. Retries are Temporal's, but for one that
 * the SDK cannot be kept from: a connection that was closed is tried once more, under the same key.
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
    telemetry: false,
    appInfo: { name: 'offsession' },
    httpClient: checkedHttpClient(isLiveKey(secretKey)),
    ...(apiBase === null ? {} : hostOf(apiBase)),
  });
}

/** The SDK's settings for a stand-in's origin. */
export function hostOf(apiBase: string): Pick<Stripe.StripeConfig, 'protocol' | 'host' | 'port'> {
  const { protocol, hostname, port } = new URL(apiBase);
  const isPlain = protocol === 'http:';
  return { protocol: isPlain ? 'http' : 'https', host: hostname, port: port || (isPlain ? '80' : '443') };
}
