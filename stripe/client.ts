// The only Stripe client that can move money.
import Stripe from 'stripe';
import { connectionTo } from './connection.ts';
import { endpointOf, type Pace } from './pace.ts';

/** Longer than Stripe usually takes, shorter than an activity's time-out, so that an answer is known before that. */
const TIMEOUT_MS = 25_000;

const TOO_MANY = 429;

/** Its requests wait for their turn, but for the confirm of a PaymentIntent: whoever asks for it takes its turn first. */
export interface StripeClient extends Stripe {
  /** Resolves when a PaymentIntent may be confirmed: whether it still may be, is asked after that. */
  readonly turnToConfirm: () => Promise<void>;
}

/** The one endpoint whose requests do not wait by themselves. */
const CONFIRM = 'POST /v1/payment_intents/:id/confirm';

/**
 * A client for one account. Retries are Temporal's, but for one that the SDK cannot be kept from: a connection that was
 * closed is tried once more, under the same key.
 * @param apiBase origin of a stand-in, e.g. `http://127.0.0.1:8420`; null for Stripe itself
 * @param timeoutMs until a call counts as unanswered; tests have less patience
 * @param pace absent: nobody waits
 */
export function createStripeClient(
  secretKey: string,
  apiBase: string | null,
  timeoutMs: number = TIMEOUT_MS,
  pace?: Pace,
): StripeClient {
  const connection = connectionTo(secretKey, apiBase);
  if (pace) keepPace(connection.httpClient, pace);
  const stripe = new Stripe(secretKey, {
    maxNetworkRetries: 0,
    timeout: timeoutMs,
    appInfo: { name: 'offsession' },
    ...connection,
  });
  return Object.assign(stripe, { turnToConfirm: async () => pace?.turn(CONFIRM) });
}

/** Waiting is not part of the time-out: that counts from when a request is sent. */
function keepPace(client: Stripe.HttpClient, pace: Pace): void {
  const send = client.makeRequest.bind(client);
  client.makeRequest = async (...request) => {
    const [, , path, method] = request;
    const endpoint = endpointOf(method, path);
    if (endpoint !== CONFIRM) await pace.turn(endpoint);
    const response = await send(...request);
    if (response.getStatusCode() === TOO_MANY && !isAboutOneObject(response)) pace.slowDown();
    return response;
  };
}

/** Two requests for one object at once get the same status (docs.stripe.com/rate-limits#object-lock-timeouts). */
function isAboutOneObject(response: Stripe.HttpClientResponse): boolean {
  const headers = response.getHeaders() as { readonly [name: string]: unknown };
  return headers['stripe-rate-limited-reason'] === 'resource-specific';
}
