// Whose an object of Stripe's is: by the address book, and by metadata that this installation wrote; and whether that
// customer has gone. It believes nothing else an object says.
import type { Ledger } from '../ledger/ledger.ts';

export type Owner =
  | { readonly customerId: string }
  /** `made_elsewhere`: an intent of our customer's that we did not make, or what hangs on one. */
  | { readonly customerId: null; readonly reason: 'unknown_object' | 'made_elsewhere' };

type StripeObject = { readonly [key: string]: unknown };

/**
 * The address book first. Metadata speaks for an object that is not in it yet, if this installation wrote it. The
 * Stripe customer speaks only for what belongs to no intent: every intent of ours is in the book or carries our
 * metadata, so another one was made by hand or by another system, and is none of our business.
 */
export async function ownerOf(object: StripeObject, ledger: Ledger): Promise<Owner> {
  const intents = [idIn(object.payment_intent), idIn(object.setup_intent)];
  for (const stripeId of [idIn(object), ...intents]) {
    const found = stripeId === null ? null : await ledger.findStripeObject(stripeId);
    if (found) return { customerId: found.customerId };
  }
  const { customerId, installationId } = (object.metadata ?? {}) as StripeObject;
  if (typeof customerId === 'string' && installationId === ledger.installationId) return { customerId };
  const stripeCustomerId = idIn(object.customer);
  const found = stripeCustomerId === null ? null : await ledger.findStripeObject(stripeCustomerId);
  if (!found) return { customerId: null, reason: 'unknown_object' };
  const isIntent = object.object === 'payment_intent' || object.object === 'setup_intent';
  return isIntent || intents.some((id) => id !== null)
    ? { customerId: null, reason: 'made_elsewhere' }
    : found;
}

/** Whether the customer was cancelled, as last recorded: then no run of theirs is missing. */
export async function hasGone(customerId: string, ledger: Ledger): Promise<boolean> {
  return (await ledger.getCustomer(customerId))?.view?.status === 'cancelled';
}

/** An id, or the id of an expanded object. */
export function idIn(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const { id } = (value ?? {}) as { id?: unknown };
  return typeof id === 'string' ? id : null;
}
