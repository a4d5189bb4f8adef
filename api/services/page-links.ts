// What both of the customer's pages need: opening their link, and saying that it opens nothing (any more).
import { Problem } from '../http/problems.ts';

/** Who acted, in the evidence, when it was somebody who had the link: who that was, nobody can know. */
export const LINK_ACTOR = 'link';

/** Where a browser's Stripe.js finds its account and its code. */
export interface BrowserStripe {
  readonly publishableKey: string;
  readonly stripeJsUrl: string;
}

/** @throws Problem 404 `link_not_found` for a token that is forged, expired or of another purpose */
export async function openLink<Link>(opened: Promise<Link | null>): Promise<Link> {
  const link = await opened;
  if (link === null) throw new Problem(404, 'link_not_found', 'This link is not valid, or no longer.');
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
