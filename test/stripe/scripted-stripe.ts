// A server that answers Stripe's SDK as told, and keeps what it was asked.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createStripeClient, type StripeClient } from '../../stripe/client.ts';
import type { Pace } from '../../stripe/pace.ts';

export interface StripeRequest {
  readonly method: string;
  readonly path: string;
  /** Its form, decoded; the query of a GET. */
  readonly params: { readonly [name: string]: string };
  readonly idempotencyKey: string | null;
}

/** A status and a body; `'drop'` closes the connection, `'silence'` never answers. */
export type ScriptedAnswer = readonly [status: number, body: object] | 'drop' | 'silence';

/** @param answer for each request; a test that asks for more than it has told fails */
export async function scriptedStripe(
  answer: (request: StripeRequest) => ScriptedAnswer | Promise<ScriptedAnswer>,
  pace?: Pace,
): Promise<{ readonly stripe: StripeClient; readonly requests: StripeRequest[] }> {
  const requests: StripeRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const { pathname, search } = new URL(incoming.url ?? '', 'http://stripe.example');
    const form = new URLSearchParams(Buffer.concat(parts).toString() || search);
    const request = {
      method: incoming.method ?? '',
      path: pathname,
      params: Object.fromEntries(form),
      idempotencyKey: incoming.headers['idempotency-key']?.toString() ?? null,
    };
    requests.push(request);
    const scripted = await answer(request);
    if (scripted === 'drop') return void incoming.destroy();
    if (scripted === 'silence') return;
    const [status, body] = scripted;
    const headers = { 'content-type': 'application/json', 'request-id': `req_${requests.length}` };
    response.writeHead(status, headers).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { stripe: createStripeClient('sk_test_scripted', url, 500, pace), requests };
}
