// Which customer of ours an object of Stripe's belongs to, and whether that customer has been cancelled.
import { isId } from '../domain/shared/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { idOf } from './object-id.ts';

export type Owner =
  | { readonly customerId: string }
  /** `made_elsewhere`: an intent of our customer's that we did not make, or an object that belongs to one. */
  | { readonly customerId: null; readonly reason: 'unknown_object' | 'made_elsewhere' };

/** Kinds of objects for which our metadata speak. */
const NAMED_BY_METADATA = ['customer', 'payment_method', 'setup_intent'];

type StripeObject = { readonly [key: string]: unknown };

/**
 * The index of Stripe's objects first. Metadata speaks for an object that is not in it yet, if this installation wrote
 * it, and never for one that money hangs on: everybody with a key of the account can copy it, and a PaymentIntent of
 * ours is in the index before it is confirmed. The Stripe customer speaks only for what belongs to no intent: an intent
 * that is not in the index was made by hand or by another system. Nothing else that an object says is believed.
 */
export async function ownerOf(object: StripeObject, ledger: Ledger): Promise<Owner> {
  const intents = [idOf(object.payment_intent), idOf(object.setup_intent)];
  for (const stripeId of [idOf(object), ...intents]) {
    const found = stripeId === null ? null : await ledger.findStripeObject(stripeId);
    if (found) return { customerId: found.customerId };
  }
  const customerId = customerNamedBy(object, ledger);
  if (customerId !== null) return { customerId };
  const stripeCustomerId = idOf(object.customer);
  const found = stripeCustomerId === null ? null : await ledger.findStripeObject(stripeCustomerId);
  if (!found) return { customerId: null, reason: 'unknown_object' };
  const isIntent = object.object === 'payment_intent' || object.object === 'setup_intent';
  return isIntent || intents.some((id) => id !== null)
    ? { customerId: null, reason: 'made_elsewhere' }
    : found;
}

/** Whom the metadata of an object name on which no money hangs; null where they are not ours. */
function customerNamedBy({ object, metadata }: StripeObject, ledger: Ledger): string | null {
  const { customerId, installationId } = (metadata ?? {}) as StripeObject;
  const isNamed = isId(customerId) && installationId === ledger.installationId;
  return isNamed && NAMED_BY_METADATA.includes(String(object)) ? customerId : null;
}

/** As last recorded: no run of a cancelled customer is missing. */
export async function isCancelled(customerId: string, ledger: Ledger): Promise<boolean> {
  return (await ledger.getCustomer(customerId))?.view?.status === 'cancelled';
}
