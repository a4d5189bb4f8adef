// What is taken from Stripe’s objects when they are read.
import type { Decline } from './charge.ts';
import type { Card, MandateStatus, ThreeDSecure } from './enrolment.ts';

/** A SetupIntent as Stripe has it now, with its newest attempt, card and mandate. */
export interface SetupIntentReading {
  readonly setupIntentId: string;
  /** Stripe's own word; unknown words are treated as still open. */
  readonly status: string;
  readonly paymentMethodId: string | null;
  /** False once somebody detached the card from the customer. */
  readonly attached: boolean;
  readonly card: Card | null;
  readonly setupAttemptId: string | null;
  readonly threeDSecure: ThreeDSecure | null;
  readonly stripeMandateId: string | null;
  readonly stripeMandateStatus: MandateStatus | null;
  readonly decline: Decline | null;
  readonly requestId: string | null;
}

/** What the issuer said when it was asked, once for each charge (`ch_…`) of an intent. */
export interface IssuerAnswer {
  readonly stripeChargeId: string | null;
  readonly decline: Decline | null;
  /** The card that was asked, and the fingerprint of its number; null where Stripe does not say. */
  readonly paymentMethodId: string | null;
  readonly fingerprint: string | null;
  readonly networkTransactionId: string | null;
  readonly exemption: string | null;
  readonly electronicCommerceIndicator: string | null;
  readonly threeDSecureResult: string | null;
  /** The network that was asked, e.g. `mastercard`; absent where none was. */
  readonly network?: string;
  /** `outcome.reason` of what Stripe itself blocked; absent where it did not. */
  readonly blockedFor?: string;
}

/** A PaymentIntent as Stripe has it now, with the newest answer: another charge's id means that the issuer was asked again. */
export interface PaymentIntentReading extends IssuerAnswer {
  readonly paymentIntentId: string;
  /** Stripe's own word; unknown words are treated as still open. */
  readonly status: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly amountReceived: number;
  /** Of what was received, what has gone back already. */
  readonly amountRefunded: number;
  readonly currency: string;
  /** Null where the intent belongs to no customer at Stripe. */
  readonly stripeCustomerId: string | null;
  readonly cancellationReason: string | null;
  /** India: when the bank's notice to the cardholder is over, epoch ms. */
  readonly processingUntilMs: number | null;
  readonly requestId: string | null;
  /** Answers that the newest one hides, oldest first: the customer tried more than once between two checks. */
  readonly unrecordedAnswers?: readonly IssuerAnswer[];
}

/** What a refund and a dispute have in common. */
interface MoneyBackReading {
  /** The charge of ours whose money it is; null where the Stripe object index does not know. */
  readonly chargeId: string | null;
  /** Stripe's own word. */
  readonly status: string | null;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly paymentIntentId: string | null;
  readonly stripeChargeId: string | null;
  readonly requestId: string | null;
}

/** A refund as Stripe has it now. */
export interface RefundReading extends MoneyBackReading {
  readonly refundId: string;
  /** Why it did not arrive. */
  readonly failureReason: string | null;
}

/** A dispute as Stripe has it now. Nothing of what either side has written is in it. */
export interface DisputeReading extends MoneyBackReading {
  readonly disputeId: string;
  /** The card network's code for the reason. */
  readonly networkReasonCode: string | null;
  /** Until when it can be contested, epoch ms. */
  readonly respondByMs: number | null;
}
