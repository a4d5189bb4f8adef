// An event as it is sent: the exact body, and the headers that go with it.
import { createHmac } from 'node:crypto';
import type Stripe from 'stripe';

export interface WebhookMessage {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Signed at this moment by wall time, whatever the emulator's clock says: receivers check it. */
export function signedMessage(event: Stripe.EventBase, secret: string): WebhookMessage {
  const body = JSON.stringify({ ...event, pending_webhooks: 1 }, null, 2);
  const time = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': `t=${time},v1=${signature}`,
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    },
  };
}
