// The merchant’s endpoint over a real socket: receives notices, checks their signatures, and answers as it is told.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { MERCHANT_SECRET } from './stack.ts';

export interface ReceivedNotice {
  /** `webhook-id`: the same for every try of one notice. */
  readonly id: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the body is what the endpoint gets
  readonly data: any;
}

export interface Merchant {
  readonly url: string;
  readonly received: ReceivedNotice[];
  /** Statuses to answer next, or none at all; 200 when there are none. */
  readonly answers: (number | 'silence')[];
  /** What failed to verify. */
  readonly forged: unknown[];
  /** Empties what was received, and the answers to come. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startMerchant(): Promise<Merchant> {
  const webhook = new Webhook(MERCHANT_SECRET);
  const received: ReceivedNotice[] = [];
  const answers: Merchant['answers'] = [];
  const forged: unknown[] = [];
  const endpoint = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray()).toString();
    try {
      const headers = request.headers as Record<string, string>;
      const { type, data } = webhook.verify(raw, headers) as ReceivedNotice;
      received.push({ id: String(headers['webhook-id']), type, data });
    } catch (error) {
      forged.push(error);
    }
    const status = answers.shift() ?? 200;
    if (status !== 'silence') response.writeHead(status).end();
  });
  await new Promise<void>((listening) => endpoint.listen(0, '127.0.0.1', listening));
  const { port } = endpoint.address() as AddressInfo;
  const stop = async () => {
    endpoint.closeAllConnections();
    await new Promise((closed) => endpoint.close(closed));
  };
  const reset = () => {
    for (const list of [received, answers, forged]) list.length = 0;
  };
  return { url: `http://127.0.0.1:${port}/`, received, answers, forged, reset, stop };
}
