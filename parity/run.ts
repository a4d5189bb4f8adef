// Plays the script with the real SDK against one address.
import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { type Answer, play } from './script.ts';
import { STEPS } from './steps/index.ts';

/** @param base origin of a stand-in; null for Stripe itself */
export function run(secretKey: string, base: string | null): Promise<Answer[]> {
  const stripe = new Stripe(secretKey, {
    maxNetworkRetries: 0,
    telemetry: false,
    appInfo: { name: 'offsession parity' },
    ...(base === null ? {} : standIn(base)),
  });
  return play(stripe, randomUUID(), STEPS);
}

function standIn(base: string): Stripe.StripeConfig {
  const { protocol, hostname, port } = new URL(base);
  const isPlain = protocol === 'http:';
  return { protocol: isPlain ? 'http' : 'https', host: hostname, port: port || (isPlain ? '80' : '443') };
}
