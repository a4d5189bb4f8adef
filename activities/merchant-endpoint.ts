// Posts to the merchant's endpoint.
import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { ApplicationFailure } from '@temporalio/activity';
import { isPrivateAddress, isPrivateHost } from './private-address.ts';

/** An endpoint that takes longer is asked again. */
const TIME_OUT_MS = 15_000;

const PRIVATE_ADDRESS = 'PRIVATE_ADDRESS';

/** Where the merchant wants notices to be sent, and how they are signed. */
export interface MerchantWebhook {
  readonly url: string;
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  readonly secret: string;
  /** Real money moves: an endpoint whose name resolves to a private address is not called. */
  readonly publicOnly: boolean;
}

export interface Post {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
  /** No private address is called, whatever the endpoint's name resolves to at this moment. */
  readonly publicOnly: boolean;
}

/**
 * Redirects are not followed: what is signed for one endpoint goes to no other.
 * @returns the status of the answer; its body is not read
 * @throws ApplicationFailure `EndpointUnavailable`, to be tried again, when there is no answer. It names the kind of
 * fault only, for an endpoint's words and address may hold secrets.
 */
export async function postToMerchant({ url, headers, body, publicOnly }: Post): Promise<number> {
  const { protocol, hostname } = new URL(url);
  if (publicOnly && isPrivateHost(hostname)) throw unavailable(PRIVATE_ADDRESS);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  return await new Promise<number>((resolve, reject) => {
    const signal = AbortSignal.timeout(TIME_OUT_MS);
    const lookupOf = publicOnly ? { lookup: publicLookup(lookup) } : {};
    request(url, { method: 'POST', headers, signal, ...lookupOf }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    })
      .on('error', (error) => reject(unavailable(reasonOf(error))))
      .end(body);
  });
}

/**
 * Resolves a name for a connection, and gives none of its addresses if one is private. The check is part of the
 * connection's own look-up, so that no second one can give another answer.
 */
export function publicLookup(resolve: typeof lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, options, (error, found, family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      const isPrivate = error === null && addresses.some(isPrivateAddress);
      callback(isPrivate ? Object.assign(new Error(), { code: PRIVATE_ADDRESS }) : error, found, family);
    });
  };
}

/** A system error's code (`ECONNREFUSED`) or the kind of fault, never its words: they name hosts. */
function reasonOf(error: Error): string {
  if (error.cause instanceof DOMException) return error.cause.name;
  return 'code' in error ? String(error.code) : error.name;
}

function unavailable(reason: string): ApplicationFailure {
  return ApplicationFailure.retryable(`the endpoint gave no answer: ${reason}`, 'EndpointUnavailable');
}
