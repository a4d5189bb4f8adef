// What can happen to a customer.
import type { Consent, MandateTerms } from './enrolment.ts';
import type { ChargePolicy, Policy } from './policy.ts';
import type { CustomerState } from './state.ts';
import type { Step, StepOf, TimeEvent } from './steps.ts';
import type {
  DisputeReading,
  PaymentIntentReading,
  RefundReading,
  SetupIntentReading,
} from './stripe-objects.ts';

/** Who asked, and for what reason; over HTTP `actor` is the API key's name, or `link` where a page was opened by a link. */
export interface Attribution {
  readonly actor: string;
  readonly reason?: string;
}

/** A charge as the ledger remembers it, for a run that starts from nothing. */
export interface RememberedCharge {
  readonly chargeId: string;
  readonly amount: number;
  readonly currency: string;
  readonly openedAtMs: number;
  readonly dueAtMs: number | null;
  readonly paymentIntentId: string | null;
  readonly policy?: ChargePolicy;
  /** Who asked for it; absent where only a workflow knew. */
  readonly actor?: string;
}

export type CustomerEvent =
  // — people —
  | (Attribution & {
      readonly kind: 'enrol';
      readonly requestId: string;
      readonly stripeCustomerId?: string;
      readonly currency?: string;
      readonly paymentMethodId?: string;
      readonly consent?: Consent;
      readonly terms?: MandateTerms;
    })
  | (Attribution & {
      readonly kind: 'giveConsent';
      readonly enrolmentNumber: number;
      readonly consent: Consent;
    })
  | (Attribution & {
      readonly kind: 'openCharge';
      readonly chargeId: string;
      readonly amount: number;
      readonly currency: string;
      readonly dueAtMs?: number;
      /** As configured when it was asked for; absent: the default. Other terms of a refused charge leave it as it was. */
      readonly policy?: ChargePolicy;
      /**
       * The ledger has taken corrected terms for a charge that Stripe refused: 1, 2, 3 … What was corrected may be kept
       * in the ledger only.
       */
      readonly correction?: number;
      /**
       * `claimed`: the ledger has it, with who asked and when, so a lost run brings it back. `accepted`: the same, and the
       * caller knows: what is refused is opened and closed as failed.
       */
      readonly inLedger?: 'claimed' | 'accepted';
    })
  | (Attribution & { readonly kind: 'cancelCharge'; readonly chargeId: string })
  | (Attribution & { readonly kind: 'retryCharge'; readonly chargeId: string })
  /** What has failed is owed no longer. */
  | (Attribution & { readonly kind: 'waiveCharge'; readonly chargeId: string })
  | (Attribution & { readonly kind: 'pause' })
  | (Attribution & { readonly kind: 'resume' })
  | (Attribution & { readonly kind: 'cancelCustomer' })
  // — the world —
  | {
      readonly kind: 'stripeEventReceived';
      readonly eventId: string;
      readonly type: string;
      readonly objectId: string;
    }
  | { readonly kind: 'stepUpCompleted'; readonly chargeId: string }
  // — answers to steps —
  | { readonly kind: 'attemptStarted'; readonly step: StepOf<'attemptCharge'> }
  | ChargeAttempted
  | {
      readonly kind: 'loaded';
      readonly snapshot: CustomerState | null;
      readonly charges: readonly RememberedCharge[];
      /** As the worker is configured; absent: the snapshot's, else the default. */
      readonly policy?: Policy;
    }
  | {
      readonly kind: 'recorded';
      readonly through: number;
      readonly alreadyClosed: readonly string[];
      /** As the worker is configured: from here on it counts. Absent: nothing changes. */
      readonly policy?: Policy;
    }
  /** The ledger has facts after number `after`, up to `through`, that an attempt wrote whose answer never arrived. */
  | {
      readonly kind: 'overtaken';
      readonly chargeId: string;
      readonly after: number;
      readonly through: number;
    }
  | { readonly kind: 'stripeCustomerCreated'; readonly stripeCustomerId: string }
  | { readonly kind: 'setupIntentCreated'; readonly enrolmentNumber: number; readonly setupIntentId: string }
  | { readonly kind: 'setupIntentRead'; readonly reading: SetupIntentReading }
  | { readonly kind: 'paymentIntentCreated'; readonly chargeId: string; readonly paymentIntentId: string }
  /** The answer about an intent whose creation nobody saw end: null when Stripe has none that is certainly ours. */
  | {
      readonly kind: 'paymentIntentSearched';
      readonly chargeId: string;
      readonly paymentIntentId: string | null;
      /** One was found that could be ours and does not fit what is owed or what we wrote: an operator has to look. */
      readonly ambiguous?: boolean;
    }
  /** The charge has been over in the ledger for long, and a late message had opened it again: nothing was asked. */
  | { readonly kind: 'alreadyClosed'; readonly chargeId: string }
  /**
   * Another intent is the charge's, or with null this number may not be used any more: nothing was confirmed, and nothing
   * will be on the intent that was just made.
   */
  | { readonly kind: 'claimRefused'; readonly chargeId: string; readonly paymentIntentId: string | null }
  | { readonly kind: 'paymentIntentRead'; readonly chargeId: string; readonly reading: PaymentIntentReading }
  | { readonly kind: 'refundRead'; readonly reading: RefundReading }
  | { readonly kind: 'disputeRead'; readonly reading: DisputeReading }
  /** The kill switch is on, and for certain nothing was sent to Stripe. */
  | { readonly kind: 'halted'; readonly chargeId: string }
  /** Stripe had too many requests, and for certain has done nothing with this one. */
  | { readonly kind: 'rateLimited'; readonly chargeId: string }
  /** A 4xx that is our fault or the account's. `code` and `param` (the field it is about) are Stripe's. */
  | {
      readonly kind: 'refused';
      readonly step: Step;
      /** Of an attempt, which makes two: the request that was refused. */
      readonly request?: 'create' | 'confirm';
      readonly code: string;
      readonly param?: string;
      readonly requestId?: string;
    }
  /** No answer, and none can be assumed: the step may have happened. */
  | { readonly kind: 'unanswered'; readonly step: Step; readonly requestId?: string }
  | TimeEvent;

/** What an attempt's activity has learnt, and what of it is on record. */
interface ChargeAttempted {
  readonly kind: 'chargeAttempted';
  readonly chargeId: string;
  /** In the order in which they happened. */
  readonly events: readonly TimedEvent[];
  /** Null: nothing of it had to be on record before anything else happens. */
  readonly recorded: RecordedAttempt | null;
}

export interface TimedEvent {
  readonly event: CustomerEvent;
  /** By the workflow's clock, epoch ms. */
  readonly atMs: number;
}

/** What the activity has put on record of an attempt, in one transaction. */
export interface RecordedAttempt {
  /** Number of the newest fact written. */
  readonly through: number;
  /** Of the state as the activity has advanced it (domain/shared/digest.ts). */
  readonly digest: string;
  readonly alreadyClosed: readonly string[];
  readonly policy?: Policy;
}

export type EventOf<Kind extends CustomerEvent['kind']> = Extract<CustomerEvent, { readonly kind: Kind }>;
