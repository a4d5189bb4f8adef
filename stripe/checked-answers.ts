// Refuses HTTP answers that are not Stripe's, or not of the key's mode.
import Stripe from 'stripe';

/** Stripe's own code for an object of the other mode is `resource_missing`; this one says what is wrong. */
export const LIVEMODE_MISMATCH = 'livemode_mismatch';

interface Body {
  readonly error?: unknown;
  readonly object?: unknown;
  readonly livemode?: unknown;
  readonly data?: unknown;
}

/**
 * The SDK's HTTP client, with every answer checked. The SDK takes any JSON without `error` for the object that was asked
 * for, whatever its status: a gateway's 502 would pass for an intent. Such an answer is an error, and so unknown.
 * @param isLive the mode of the key
 */
export function checkedHttpClient(isLive: boolean): Stripe.HttpClient {
  const client = Stripe.createNodeHttpClient();
  const send = client.makeRequest.bind(client);
  client.makeRequest = async (...request) => {
    const response = await send(...request);
    const parse = response.toJSON.bind(response);
    response.toJSON = async () => checked(await parse(), response.getStatusCode(), isLive);
    return response;
  };
  return client;
}

/** @throws Error for an answer that is not Stripe's; the SDK makes a StripeAPIError of it */
function checked(body: Body, status: number, isLive: boolean): Body {
  if (body?.error) return body;
  if (status >= 400 || typeof body?.object !== 'string') throw new Error('not an answer of Stripe’s');
  return fitsLivemode(body, isLive) ? body : { error: { code: LIVEMODE_MISMATCH, message: '' } };
}

/** Whether an object or event is of the key's mode; a list, whether all that it holds is. */
export function fitsLivemode({ livemode, data }: Body, isLive: boolean): boolean {
  if (Array.isArray(data)) return data.every((object) => fitsLivemode(object ?? {}, isLive));
  return livemode === undefined || livemode === isLive;
}
