// The shape of a charge, its attempts and its declines.
import type { ChargePolicy } from './policy.ts';

/** Why Stripe or the issuer said no; codes only, never the message. */
export interface Decline {
  readonly code: string;
  readonly declineCode: string | null;
  readonly adviceCode: string | null;
  readonly networkDeclineCode: string | null;
  readonly networkAdviceCode: string | null;
  /** The network that was asked, as Stripe names it: each gives its advice codes a meaning of its own. */
  readonly network?: string;
  /** Stripe itself blocked it, for this reason of its own: the issuer was never asked. */
  readonly blockedFor?: string;
}

export type AttemptOutcome = 'succeeded' | 'processing' | 'step_up' | 'declined' | 'refused' | 'unknown';

/** One confirmation of a charge, with an idempotency key of its own, made from its number. */
export interface Attempt {
  readonly number: number;
  readonly intentNumber: number;
  readonly atMs: number;
  readonly paymentMethodId: string;
  readonly stripeMandateId: string | null;
  readonly fingerprint: string | null;
  /** Null while it is under way. */
  readonly outcome: AttemptOutcome | null;
  readonly decline: Decline | null;
  /** The customer confirmed it at the bank; nobody of ours did. */
  readonly onSession: boolean;
  /** The charge (`ch_…`) that it made at Stripe, once that is known. */
  readonly stripeChargeId?: string;
}

/** Where a charge is. */
export type ChargePhase =
  /** To be attempted; in the past means now. */
  | { readonly is: 'due'; readonly atMs: number }
  /** It may have an intent that nobody here knows of: that is searched for. */
  | { readonly is: 'finding_intent' }
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
       * which of them were seen depends on when events came, and how a charge ends must not.
       */
      readonly failures: number;
      /** When it was last read, the customer was at the bank's page: a failure that is read next is a new one. */
      readonly isAtBank: boolean;
      /** Names the failure that was counted last, so that reading it again does not count it again. */
      readonly lastFailure: string;
      /** The customer has authenticated, and the bank has asked for it again: it is for them to call the bank. */
      readonly isBankToBeCalled?: true;
    }
  | { readonly is: 'awaiting_card'; readonly sinceMs: number }
  /** Waits for a person. `code` is Stripe's, or ours where no request was refused; `param` is the field it is about. */
  | { readonly is: 'refused'; readonly code: string; readonly param?: string }
  /** Its unpaid intent differs from what is owed: it is cancelled at Stripe, then the charge goes on with another one. */
  | {
      readonly is: 'replacing_intent';
      readonly sinceMs: number;
      readonly resumeAs: Extract<ChargePhase, { is: 'due' | 'awaiting_card' | 'refused' }>;
    }
  /** Its intent is cancelled at Stripe before it may end. */
  | { readonly is: 'closing'; readonly to: 'failed' | 'cancelled'; readonly reason: string }
  | {
      readonly is: 'closed';
      readonly as: 'succeeded' | 'failed' | 'cancelled' | 'waived';
      readonly reason: string | null;
      readonly atMs: number;
    };

export type PhaseOf<Is extends ChargePhase['is']> = Extract<ChargePhase, { readonly is: Is }>;

/** One amount owed. `amount` in minor units of `currency`. Free text lives in the ledger. */
export interface Charge {
  readonly chargeId: string;
  readonly amount: number;
  readonly currency: string;
  readonly openedAtMs: number;
  readonly dueAtMs: number;
  /** How it is collected, as it stood when it was opened; absent: by the default. */
  readonly policy?: ChargePolicy;
  readonly phase: ChargePhase;
  /** How often its terms were put right; the newest correction that was taken in. */
  readonly corrections?: number;
  /** 1-based. Another number gives another idempotency key: it is taken once Stripe has no intent under this one, or it is canceled. */
  readonly intentNumber: number;
  readonly paymentIntentId: string | null;
  /** The newest Stripe charge (`ch_…`) accounted for: another id means the issuer was asked again. */
  readonly stripeChargeId: string | null;
  readonly attempts: readonly Attempt[];
  /** Attempts ever made; the list above keeps the newest. */
  readonly attemptCount: number;
  /** The newest one. */
  readonly decline: Decline | null;
  /** What Stripe has collected, in minor units; absent until something has been. */
  readonly amountReceived?: number;
  /** When to ask Stripe about its intent next, epoch ms; null while nothing is open there. */
  readonly nextCheckAtMs: number | null;
  /** How often Stripe was asked in this phase without anything changing. */
  readonly checks: number;
}

/** A charge that has failed and is owed still: what is needed to collect it after all. */
export type FailedCharge = Pick<
  Charge,
  | 'chargeId'
  | 'amount'
  | 'currency'
  | 'openedAtMs'
  | 'dueAtMs'
  | 'policy'
  | 'corrections'
  | 'intentNumber'
  | 'paymentIntentId'
  | 'stripeChargeId'
  | 'attemptCount'
> & {
  /** When it failed, epoch ms. */
  readonly atMs: number;
  /** Of its last decline, as short as the issuer's own reason; null where no issuer said no. */
  readonly declineCode: string | null;
};
