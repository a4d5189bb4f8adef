// The merchant's endpoint of a run: takes every notice that is signed, and counts how often each arrives.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Merchant {
  readonly url: string;
  /** What notices are signed with. */
  readonly secret: string;
  /** How often each notice has arrived, by its `webhook-id`. */
  readonly arrivals: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** One that is not signed is answered 400, and so never counts. */
export async function startMerchant(): Promise<Merchant> {
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const webhook = new Webhook(secret);
  const arrivals = new Map<string, number>();
  const server = createServer(async (request, response) => {
    try {
      const body = Buffer.concat(await request.toArray()).toString();
      webhook.verify(body, request.headers as Record<string, string>);
      const id = String(request.headers['webhook-id']);
      arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
      response.writeHead(204).end();
    } catch {
      response.writeHead(400).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  };
  return { url: `http://127.0.0.1:${port}/`, secret, arrivals, stop };
}
