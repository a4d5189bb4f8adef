// Which card may pay a charge, and from when on; or why none may.
import type { Charge } from '../model/charge.ts';
import type { Mandate } from '../model/enrolment.ts';
import type { CustomerState } from '../model/state.ts';
import { isSpent } from './charges.ts';
import { budgetFreeFrom } from './issuer-budgets.ts';
import { collectionOf, policyOf } from './policy.ts';

/** All that a confirm has to name. */
export interface ChargeableCard {
  readonly paymentMethodId: string;
  readonly stripeMandateId: string | null;
  readonly stripeCustomerId: string;
  readonly fingerprint: string | null;
  /** Epoch ms: `nowMs`, or when its budget allows another attempt. */
  readonly fromMs: number;
}

export type NoCardReason =
  /** The customer has given none, has withdrawn the permission, or the card was deleted at Stripe. */
  | 'no_mandate'
  | 'currency_not_agreed'
  | 'mandate_limit_exceeded'
  /** Its issuer has forbidden further attempts. */
  | 'blocked'
  /** Asking it once more would break its network's limit, and it will be long before it does not. */
  | 'budget_used'
  /** Issuers were asked for this charge as often as we allow. */
  | 'attempts_used';

/** What of a charge decides which card may pay it. */
export type Chargeable = Pick<Charge, 'amount' | 'currency' | 'attempts' | 'policy'>;

export type CardDecision =
  | { readonly card: ChargeableCard; readonly reason?: never }
  | { readonly card: null; readonly reason: NoCardReason };

/** Which card may pay this charge, as of `nowMs` (epoch ms). There is one mandate, and so one card, at most. */
export function chargeableCard(state: CustomerState, charge: Chargeable, nowMs: number): CardDecision {
  const { mandate, stripeCustomerId } = state;
  if (isSpent(charge, collectionOf(state, charge))) return { card: null, reason: 'attempts_used' };
  if (mandate?.status !== 'active' || stripeCustomerId === null) return { card: null, reason: 'no_mandate' };
  const beyond = beyondMandate(mandate, charge);
  if (beyond) return { card: null, reason: beyond };
  const { paymentMethodId, stripeMandateId, card } = mandate;
  const fromMs = budgetFreeFrom(state, card, charge, nowMs);
  if (fromMs === null) return { card: null, reason: 'blocked' };
  if (fromMs > nowMs + policyOf(state).budgetWaitMs) return { card: null, reason: 'budget_used' };
  return {
    card: { paymentMethodId, stripeMandateId, stripeCustomerId, fingerprint: card.fingerprint, fromMs },
  };
}

/** What of the customer's terms this sum exceeds: a charge may be older than the mandate it would be made under. */
export function beyondMandate(
  { terms }: Mandate,
  { amount, currency }: Pick<Charge, 'amount' | 'currency'>,
): 'currency_not_agreed' | 'mandate_limit_exceeded' | null {
  if (terms === null) return null;
  if (currency !== terms.currency) return 'currency_not_agreed';
  return amount <= terms.maxAmount ? null : 'mandate_limit_exceeded';
}
