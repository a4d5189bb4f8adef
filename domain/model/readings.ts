// What is taken from Stripe’s objects when they are read.
import type { Decline, ReversalKind } from './charge.ts';
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
  readonly networkTransactionId: string | null;
  readonly exemption: string | null;
  readonly electronicCommerceIndicator: string | null;
  readonly threeDSecureResult: string | null;
}

/**
 * A PaymentIntent as Stripe has it now, with the newest answer: another charge's id means that the issuer was asked
 * again. Amount and secrets are left out on purpose.
 */
export interface PaymentIntentReading extends IssuerAnswer {
  readonly paymentIntentId: string;
  /** Stripe's own word; unknown words are treated as still open. */
  readonly status: string;
  readonly cancellationReason: string | null;
  /** India: when the bank's notice to the cardholder is over, epoch ms. */
  readonly processingUntilMs: number | null;
  readonly requestId: string | null;
  /** Answers that the newest one hides, oldest first: the customer tried more than once between two looks. */
  readonly unrecordedAnswers?: readonly IssuerAnswer[];
}

/** A refund or a dispute as Stripe has it now. Nothing of what either side has written is in it. */
export interface ReversalReading {
  readonly reversal: ReversalKind;
  readonly objectId: string;
  /** Of ours, whose money it is; null where the address book does not know. */
  readonly chargeId: string | null;
  /** Stripe's own word. */
  readonly status: string | null;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  /** Why a refund did not arrive. */
  readonly failureReason: string | null;
  /** The card network's code for a dispute's reason. */
  readonly networkReasonCode: string | null;
  /** Until when a dispute can be contested, epoch ms. */
  readonly respondByMs: number | null;
  readonly paymentIntentId: string | null;
  readonly stripeChargeId: string | null;
  readonly requestId: string | null;
}
