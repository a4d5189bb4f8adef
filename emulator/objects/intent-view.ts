// What a caller may see of an intent: a browser needs the client secret, and sees less than a server.
import type Stripe from 'stripe';
import { type ErrorBody, resourceMissing } from '../http/errors.ts';
import { asRecord, missingParam } from '../http/params.ts';
import type { Call } from '../store/world.ts';

/**
 * With a publishable key, the client secret is the proof that the browser may see this intent.
 * @throws StripeProblem 400 without it, 404 with a wrong one
 */
export function checkClientSecret(
  call: Call,
  raw: unknown,
  wire: { client_secret: string | null },
  kind: string,
): void {
  const secret = asRecord(raw).client_secret;
  if (secret === undefined && !call.publishable) return;
  if (typeof secret !== 'string') throw missingParam('client_secret');
  if (secret !== wire.client_secret) throw resourceMissing(kind, secret, 'client_secret');
}

const SERVER_ONLY = [
  'amount_capturable',
  'amount_received',
  'application',
  'application_fee_amount',
  'customer',
  'customer_account',
  'latest_attempt',
  'latest_charge',
  'mandate',
  'metadata',
  'on_behalf_of',
  'payment_record',
  'review',
  'single_use_mandate',
  'statement_descriptor',
  'statement_descriptor_suffix',
  'transfer_group',
];

/** The intent as the caller may see it. */
export function viewFor<T extends Stripe.PaymentIntent | Stripe.SetupIntent>(call: Call, wire: T): object {
  if (!call.publishable) return wire;
  return Object.fromEntries(Object.entries(wire).filter(([name]) => !SERVER_ONLY.includes(name)));
}

/** An error as the caller may see it: the intent inside is cut to their view. */
export function errorFor(call: Call, body: ErrorBody): object {
  const { payment_intent, setup_intent, ...rest } = body;
  return {
    ...rest,
    ...(payment_intent ? { payment_intent: viewFor(call, payment_intent) } : {}),
    ...(setup_intent ? { setup_intent: viewFor(call, setup_intent) } : {}),
  };
}
