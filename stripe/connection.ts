// How every Stripe client of ours reaches Stripe or a stand-in.
import type Stripe from 'stripe';
import { isLiveKey } from './api-keys.ts';
import { checkedHttpClient } from './checked-answers.ts';

/**
 * The SDK's settings for this key and place. The API version is the one the SDK was made for.
 * @param apiBase origin of a stand-in, e.g. `http://127.0.0.1:8420`; null for Stripe itself
 */
export function connectionTo(
  apiKey: string,
  apiBase: string | null,
): Stripe.StripeConfig & { readonly httpClient: Stripe.HttpClient } {
  const settings = { telemetry: false, httpClient: checkedHttpClient(isLiveKey(apiKey)) };
  if (apiBase === null) return settings;
  const { protocol, hostname, port } = new URL(apiBase);
  const isPlain = protocol === 'http:';
  return {
    ...settings,
    protocol: isPlain ? 'http' : 'https',
    host: hostname,
    port: port || (isPlain ? '80' : '443'),
  };
}
