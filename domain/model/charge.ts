// The shape of a charge, its attempts and its declines.

/** Why Stripe or the issuer said no; codes only, never the message. */
export interface Decline {
  readonly code: string;
  readonly declineCode: string | null;
  readonly adviceCode: string | null;
  readonly networkDeclineCode: string | null;
  readonly networkAdviceCode: string | null;
}

export type AttemptOutcome = 'succeeded' | 'processing' | 'step_up' | 'declined' | 'refused' | 'unknown';

/** One confirmation of a charge, with an idempotency key of its own (from its number). */
export interface Attempt {
  readonly number: number;
  readonly intentNumber: number;
  readonly atMs: number;
  readonly paymentMethodId: string;
  readonly stripeMandateId: string | null;
  readonly fingerprint: string | null;
  /** Absent while it is under way. */
  readonly outcome: AttemptOutcome | null;
  readonly decline: Decline | null;
  /** The customer confirmed it at the bank; nobody of ours did. */
  readonly onSession: boolean;
  /** The charge (`ch_…`) that it made at Stripe, once that is known. */
  readonly stripeChargeId?: string;
}

/** Where a charge is. `closing` asks Stripe to cancel its intent before it may end. */
export type ChargePhase =
  | { readonly is: 'due'; readonly atMs: number }
  | { readonly is: 'creating_intent' }
  | { readonly is: 'attempting' }
  | { readonly is: 'unknown'; readonly sinceMs: number }
  | { readonly is: 'processing'; readonly sinceMs: number }
  | {
      readonly is: 'awaiting_step_up';
      readonly sinceMs: number;
      readonly deadlineMs: number;
      /** Reminders sent for this wait. */
      readonly reminders: number;
      /**
       * Failed authentications in this wait, and how often the bank had asked before. Those of earlier waits do not count:
       * which of them anybody saw depends on the bells, and how a charge ends must not.
       */
      readonly failures: number;
      /** The customer was last seen at the bank's page: a failure seen next is a new one. */
      readonly authenticating: boolean;
      /** The failure last seen, so that looking again does not count it again. */
      readonly seen: string;
    }
  | { readonly is: 'awaiting_card'; readonly sinceMs: number }
  | { readonly is: 'refused'; readonly code: string }
  | { readonly is: 'closing'; readonly to: 'failed' | 'cancelled'; readonly reason: string }
  | {
      readonly is: 'closed';
      readonly as: 'succeeded' | 'failed' | 'cancelled';
      readonly reason: string | null;
      readonly atMs: number;
    };

/** One amount owed. `amount` in minor units of `currency`. Free text lives in the ledger. */
export interface Charge {
  readonly chargeId: string;
  readonly amount: number;
  readonly currency: string;
  readonly openedAtMs: number;
  readonly dueAtMs: number;
  readonly phase: ChargePhase;
  /** PaymentIntents made for this charge, 1-based; a new one only once Stripe says the old one is canceled. */
  readonly intentNumber: number;
  readonly paymentIntentId: string | null;
  /** The newest Stripe charge (`ch_…`) accounted for: another id means the issuer was asked again. */
  readonly stripeChargeId: string | null;
  readonly attempts: readonly Attempt[];
  /** Attempts ever made; the list above keeps the newest. */
  readonly attemptCount: number;
  readonly decline: Decline | null;
  /** Next question to Stripe about its intent, epoch ms; null while nothing is open there. */
  readonly nextCheckAtMs: number | null;
  /** Questions asked in this phase that changed nothing. */
  readonly checks: number;
}
