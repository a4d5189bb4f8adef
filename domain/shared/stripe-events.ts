// The table of Stripe's events that matter, and what each is about.

/** What an event is about; the object itself is read at Stripe before anything is believed. */
export type StripeEventSubject =
  | 'setup_intent'
  | 'payment_intent'
  | 'mandate'
  | 'payment_method'
  | 'customer'
  | 'refund'
  | 'dispute';

/**
 * At most 20 types, for Stripe lists no more at once (docs.stripe.com/api/events/list).
 * `payment_intent.created` and `payment_method.attached` are left out: they tell of our own calls only.
 */
export const STRIPE_EVENTS = {
  'setup_intent.requires_action': 'setup_intent',
  'setup_intent.succeeded': 'setup_intent',
  'setup_intent.setup_failed': 'setup_intent',
  'setup_intent.canceled': 'setup_intent',
  'payment_intent.processing': 'payment_intent',
  'payment_intent.requires_action': 'payment_intent',
  'payment_intent.succeeded': 'payment_intent',
  'payment_intent.payment_failed': 'payment_intent',
  'payment_intent.canceled': 'payment_intent',
  'mandate.updated': 'mandate',
  'payment_method.detached': 'payment_method',
  'payment_method.updated': 'payment_method',
  'payment_method.automatically_updated': 'payment_method',
  'customer.deleted': 'customer',
  'refund.created': 'refund',
  'refund.updated': 'refund',
  'refund.failed': 'refund',
  'charge.dispute.created': 'dispute',
  'charge.dispute.updated': 'dispute',
  'charge.dispute.closed': 'dispute',
} as const satisfies { readonly [type: string]: StripeEventSubject };

/** Whether it can concern a customer who was cancelled long ago: a run of theirs is started for it. */
export function isAboutMoneyBack(type: string): boolean {
  const subject = subjectOf(type);
  return subject === 'refund' || subject === 'dispute';
}

/** Null for a type that can change nothing here. */
export function subjectOf(type: string): StripeEventSubject | null {
  return Object.hasOwn(STRIPE_EVENTS, type) ? STRIPE_EVENTS[type as keyof typeof STRIPE_EVENTS] : null;
}
