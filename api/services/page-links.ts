// What both of the customer's pages need: opening their link, and saying that it opens nothing (any more).
import type { Ledger } from '../../ledger/ledger.ts';
import { Problem } from '../http/problems.ts';

/** Who acted, in the evidence, when it was somebody who had the link: who that was, nobody can know. */
export const LINK_ACTOR = 'link';

/** Where a browser's Stripe.js finds its account and its code. */
export interface BrowserStripe {
  readonly publishableKey: string;
  readonly stripeJsUrl: string;
}

/**
 * @param opened null for a token that is forged, expired or of another purpose
 * @throws Problem 404 `link_not_found`; 410 `link_closed` once the customer is cancelled, as last recorded
 */
export async function openLink<Link extends { readonly customerId: string }>(
  opened: Promise<Link | null>,
  ledger: Ledger,
): Promise<Link> {
  const link = await opened;
  const customer = link && (await ledger.getCustomer(link.customerId));
  if (!customer) throw new Problem(404, 'link_not_found', 'This link is not valid, or has expired.');
  if (customer.view?.status === 'cancelled') refuseClosed();
  return link;
}

/** @throws Problem 410 `link_closed` */
export function refuseClosed(): never {
  throw new Problem(410, 'link_closed', 'What this link was for is over.');
}

/** Whether an intent of this status (Stripe's word) waits for somebody with its client secret. */
export function takesClientSecret(status: string): boolean {
  return ['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(status);
}
