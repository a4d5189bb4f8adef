// Which customer of ours an object of Stripe's belongs to, and whether that customer has been cancelled.
import type { Ledger } from '../ledger/ledger.ts';
import { idOf } from './object-id.ts';

export type Owner =
  | { readonly customerId: string }
  /** `made_elsewhere`: an intent of our customer's that we did not make, or an object that belongs to one. */
  | { readonly customerId: null; readonly reason: 'unknown_object' | 'made_elsewhere' };

type StripeObject = { readonly [key: string]: unknown };

/**
 * The index of Stripe's objects first. Metadata speaks for an object that is not in it yet, if this installation wrote
 * it. The Stripe customer speaks only for what belongs to no intent: every intent of ours is in the index or carries our
 * metadata, so any other was made by hand or by another system. Nothing else that an object says is believed.
 */
export async function ownerOf(object: StripeObject, ledger: Ledger): Promise<Owner> {
  const intents = [idOf(object.payment_intent), idOf(object.setup_intent)];
  for (const stripeId of [idOf(object), ...intents]) {
    const found = stripeId === null ? null : await ledger.findStripeObject(stripeId);
    if (found) return { customerId: found.customerId };
  }
  const { customerId, installationId } = (object.metadata ?? {}) as StripeObject;
  if (typeof customerId === 'string' && installationId === ledger.installationId) return { customerId };
  const stripeCustomerId = idOf(object.customer);
  const found = stripeCustomerId === null ? null : await ledger.findStripeObject(stripeCustomerId);
  if (!found) return { customerId: null, reason: 'unknown_object' };
  const isIntent = object.object === 'payment_intent' || object.object === 'setup_intent';
  return isIntent || intents.some((id) => id !== null)
    ? { customerId: null, reason: 'made_elsewhere' }
    : found;
}

/** As last recorded: no run of a cancelled customer is missing. */
export async function isCancelled(customerId: string, ledger: Ledger): Promise<boolean> {
  return (await ledger.getCustomer(customerId))?.view?.status === 'cancelled';
}
