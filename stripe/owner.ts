// Which customer of ours an object of Stripe's belongs to, and whether that customer has been cancelled.
import type Stripe from 'stripe';
import { isId } from '../domain/shared/ids.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { idOf } from './object-id.ts';
import { bearsItsNonce } from './recognise-intent.ts';

export type Owner =
  | { readonly customerId: string }
  /** `made_elsewhere`: an intent of our customer's that we did not make, or an object that belongs to one. */
  | { readonly customerId: null; readonly reason: 'unknown_object' | 'made_elsewhere' };

type StripeObject = { readonly [key: string]: unknown };

/**
 * The index of Stripe's objects first. Metadata speaks for an object that is not in it yet, if this installation wrote
 * it; for one that money hangs on only with the nonce that nobody can copy before we have made the intent. The Stripe
 * customer speaks only for what belongs to no intent: every intent of ours is in the index or carries our metadata, so
 * any other was made by hand or by another system. Nothing else that an object says is believed.
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

/** Whom the object's metadata name; null where they are not ours to believe. */
function customerNamedBy({ object, metadata }: StripeObject, ledger: Ledger): string | null {
  const named = (metadata ?? {}) as Stripe.Metadata;
  const { customerId, chargeId, installationId } = named;
  if (customerId === undefined || !isId(customerId) || installationId !== ledger.installationId) return null;
  if (object === 'customer' || object === 'setup_intent' || object === 'payment_method') return customerId;
  if (object !== 'payment_intent' || chargeId === undefined) return null;
  const nonceOf = (intentNumber: number) => ledger.intentNonce({ customerId, chargeId, intentNumber });
  return bearsItsNonce(named, { nonceOf }) ? customerId : null;
}

/** As last recorded: no run of a cancelled customer is missing. */
export async function isCancelled(customerId: string, ledger: Ledger): Promise<boolean> {
  return (await ledger.getCustomer(customerId))?.view?.status === 'cancelled';
}
