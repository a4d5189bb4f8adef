// Tells which of a Stripe customer's PaymentIntents is the one we made for a charge, and when a person has to.
import type Stripe from 'stripe';
import { chargeMetadata, hasMetadata } from './metadata.ts';
import { idOf } from './object-id.ts';

/** What an intent of ours says and is over. */
export interface OwedIntent {
  readonly installationId: string;
  readonly customerId: string;
  readonly chargeId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly stripeCustomerId: string;
  /** The nonce that only our ledger knows before an intent of this number exists. */
  readonly nonceOf: (intentNumber: number) => string;
}

/** `ambiguous`: an operator has to look, and nothing is adopted. */
export interface RecognisedIntent {
  readonly paymentIntentId: string | null;
  readonly ambiguous: boolean;
}

/** Nobody has paid these, and nobody is about to. */
const UNPAID = ['requires_payment_method', 'requires_confirmation', 'canceled'];

const AMBIGUOUS: RecognisedIntent = { paymentIntentId: null, ambiguous: true };

/**
 * Everybody with a key of the account can read our metadata and copy it to an intent of their own. So an intent is ours
 * only by its nonce, which nobody can know before we have made the intent, and only as long as no other one bears it.
 * Of several of ours one that is paid, or about to be, comes first: a ledger that was restored from a backup may not know
 * how many were made.
 * @param intents newest first, whatever their metadata
 */
export function recogniseIntent(
  intents: readonly Stripe.PaymentIntent[],
  owed: OwedIntent,
): RecognisedIntent {
  const { intentNumber: _any, nonce: _its, ...ids } = chargeMetadata({ ...owed, intentNumber: 0, nonce: '' });
  const named = intents.filter(({ metadata }) => hasMetadata(metadata, ids));
  const ours = named.filter(({ metadata }) => bearsItsNonce(metadata, owed));
  const isUnderWay = ({ status }: Stripe.PaymentIntent) => !UNPAID.includes(status);

  if (named.some((intent) => !ours.includes(intent) && isUnderWay(intent))) return AMBIGUOUS;
  if (new Set(ours.map(({ metadata }) => metadata.nonce)).size < ours.length) return AMBIGUOUS;
  const alive = ours.filter(({ status }) => status !== 'canceled');
  const paid = alive.filter(isUnderWay);
  if (paid.length > 1 || !alive.every((intent) => isOver(intent, owed))) return AMBIGUOUS;
  return { paymentIntentId: (paid[0] ?? alive[0])?.id ?? null, ambiguous: false };
}

/** The nonce of the very number that the intent says it has. */
function bearsItsNonce(
  { intentNumber, nonce }: Stripe.Metadata,
  { nonceOf }: Pick<OwedIntent, 'nonceOf'>,
): boolean {
  return nonce !== undefined && nonce === nonceOf(Number(intentNumber));
}

function isOver(intent: Stripe.PaymentIntent, { amount, currency, stripeCustomerId }: OwedIntent): boolean {
  return (
    intent.amount === amount && intent.currency === currency && idOf(intent.customer) === stripeCustomerId
  );
}
