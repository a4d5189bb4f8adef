// What the workflow does next, one step at a time.
import type { MandateTerms } from './enrolment.ts';

/** What is asked about an intent: its state, and all that its issuer has said since. */
export interface PaymentIntentQuestion {
  readonly chargeId: string;
  readonly paymentIntentId: string;
  /** The newest of Stripe's charges whose end is accounted for; null: all of the intent's are wanted. */
  readonly known: string | null;
}

/** One thing to do now. Each carries all that its activity needs, frozen by the state it was decided from. */
export type Step =
  | { readonly do: 'load' }
  | { readonly do: 'record' }
  | {
      readonly do: 'createStripeCustomer';
      readonly enrolmentNumber: number;
      readonly tries: number;
      readonly openedAtMs: number;
    }
  | {
      readonly do: 'createSetupIntent';
      readonly enrolmentNumber: number;
      readonly setupNumber: number;
      readonly tries: number;
      readonly stripeCustomerId: string;
      readonly terms: MandateTerms | null;
      readonly openedAtMs: number;
    }
  | {
      readonly do: 'confirmSetupIntent';
      readonly enrolmentNumber: number;
      readonly setupNumber: number;
      readonly tries: number;
      readonly setupIntentId: string;
      readonly paymentMethodId: string;
    }
  | { readonly do: 'readSetupIntent'; readonly setupIntentId: string }
  | { readonly do: 'cancelSetupIntent'; readonly setupIntentId: string }
  | {
      /** Asks for the money: creates the charge's PaymentIntent where there is none, writes it down, confirms it. */
      readonly do: 'attemptCharge';
      readonly chargeId: string;
      /** Null: it has to be created first. */
      readonly paymentIntentId: string | null;
      readonly intentNumber: number;
      readonly attemptNumber: number;
      readonly paymentMethodId: string;
      readonly stripeMandateId: string | null;
      readonly fingerprint: string | null;
      /** The newest of Stripe's charges whose end is accounted for; null: all of the intent's are wanted. */
      readonly known: string | null;
      /** What the intent must be over, in minor units, and whose: one that differs is not confirmed but reported as it is. */
      readonly amount: number;
      readonly currency: string;
      readonly stripeCustomerId: string;
    }
  | {
      readonly do: 'findPaymentIntent';
      readonly chargeId: string;
      readonly intentNumber: number;
      readonly amount: number;
      readonly currency: string;
      /** Null: the customer is gone at Stripe, and only the ledger can be asked. */
      readonly stripeCustomerId: string | null;
      readonly openedAtMs: number;
    }
  | ({ readonly do: 'readPaymentIntent' } & PaymentIntentQuestion)
  | ({ readonly do: 'cancelPaymentIntent' } & PaymentIntentQuestion)
  | { readonly do: 'readRefund'; readonly refundId: string }
  | { readonly do: 'readDispute'; readonly disputeId: string }
  /** Nothing to ask the world: time alone has made this happen. */
  | { readonly do: 'decide'; readonly event: TimeEvent }
  | { readonly do: 'wait'; readonly untilMs: number }
  | { readonly do: 'end' };

/** What time alone brings about: nobody and nothing outside has to be asked. */
export type TimeEvent =
  | { readonly kind: 'cardMissing'; readonly chargeId: string }
  | { readonly kind: 'stepUpExpired'; readonly chargeId: string }
  | { readonly kind: 'stepUpReminderDue'; readonly chargeId: string }
  | { readonly kind: 'cardWaitExpired'; readonly chargeId: string };

export type StepOf<Do extends Step['do']> = Extract<Step, { readonly do: Do }>;
