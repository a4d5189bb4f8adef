// The shape of a customer's state: plain JSON, for it travels through continue-as-new and the ledger's snapshot.
import type { Charge, FailedCharge } from './charge.ts';
import type { Enrolment, Mandate } from './enrolment.ts';
import type { Fact } from './facts.ts';
import type { Policy } from './policy.ts';

/** One time that a card was asked without success: when (epoch ms), and for how much in minor units. As short as it may be. */
export type BudgetedAttempt = readonly [atMs: number, amount: number, currency: string];

/** How often a card has been tried, and whether its issuer has forbidden further attempts. */
export interface IssuerBudget {
  readonly fingerprint: string;
  /** The card's brand as Stripe names it, e.g. `visa`; null where no mandate has ever said. */
  readonly network: string | null;
  /** Those that did not succeed and that its network counts, oldest first. */
  readonly attempts: readonly BudgetedAttempt[];
  readonly blocked: boolean;
}

/** A refund or a dispute. It is kept after it was read, so that the same state of it is not put on record twice. */
export interface FollowedObject {
  /** Stripe's id of it. */
  readonly objectId: string;
  /** Stripe's own word when it was last read. */
  readonly status: string | null;
  /** Its state as last put on record, as JSON; null while nothing is on record. */
  readonly onRecord: string | null;
  /** When to read it (again), epoch ms; null once it has been read. */
  readonly nextCheckAtMs: number | null;
  readonly checks: number;
}

/** All that is known of a customer, except what only the ledger keeps. */
export interface CustomerState {
  readonly version: 1;
  readonly customerId: string;
  /** False until the ledger has been asked what it knows: a run may start from nothing. */
  readonly loaded: boolean;
  readonly policy: Policy;
  readonly stripeCustomerId: string | null;
  /** Where the customer lives (IANA, e.g. `Europe/Berlin`); absent: as configured. */
  readonly timeZone?: string;
  /** Of `amountDue`: as enrolled, else of the first charge. */
  readonly currency: string | null;
  readonly cancelled: { readonly atMs: number } | null;
  readonly paused: { readonly atMs: number } | null;
  /** The kill switch stopped an attempt: the next one asks whether it is still on, epoch ms. In the past it means nothing. */
  readonly haltedUntilMs?: number;
  readonly enrolment: Enrolment | null;
  readonly mandate: Mandate | null;
  /** Unfinished SetupIntents to cancel at Stripe, with the time of the next try. */
  readonly abandonedSetups: readonly {
    readonly setupIntentId: string;
    readonly nextCheckAtMs: number;
    readonly checks: number;
  }[];
  /** Open charges, and closed ones until they are recorded; oldest first. */
  readonly charges: readonly Charge[];
  /** Closed as failed and owed still, oldest first, until they are collected after all or waived. */
  readonly failedCharges: readonly FailedCharge[];
  readonly issuerBudgets: readonly IssuerBudget[];
  /** The one with the newest event last. */
  readonly refunds: readonly FollowedObject[];
  readonly disputes: readonly FollowedObject[];
  /** Facts not yet in the ledger. */
  readonly facts: readonly Fact[];
  /** Ids of the newest Stripe events that were taken in. */
  readonly processedEventIds: readonly string[];
  /** Number of the newest fact. */
  readonly sequence: number;
}
