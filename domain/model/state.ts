// The shapes of a customer's life: plain JSON, for it travels through continue-as-new and the ledger's snapshot.
// It decides nothing. Only ever add optional fields, or raise `version` and extend `upgrade`.
import type { Charge, Reversal } from './charge.ts';
import type { Enrolment, Mandate } from './enrolment.ts';
import type { Fact, Notice } from './facts.ts';

/** How often a card was asked, and whether its issuer said never again. */
export interface IssuerBudget {
  readonly fingerprint: string;
  readonly attemptsAtMs: readonly number[];
  readonly dead: boolean;
}

/** A customer's life as a value. */
export interface CustomerState {
  readonly version: 1;
  readonly customerId: string;
  /** False until the ledger has been asked what it knows: a run may start from nothing. */
  readonly loaded: boolean;
  readonly stripeCustomerId: string | null;
  /** Of `amountDue`: as enrolled, else of the first charge. */
  readonly currency: string | null;
  readonly cancelled: { readonly atMs: number } | null;
  readonly paused: { readonly atMs: number } | null;
  /** An attempt met the emergency brake: the next one asks whether it is released, epoch ms. In the past: no matter. */
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
  readonly cards: readonly IssuerBudget[];
  /** Refunds and disputes, oldest news first. */
  readonly reversals: readonly Reversal[];
  /** Facts not yet in the ledger. */
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  /** Ids of Stripe events already heard. */
  readonly processedEventIds: readonly string[];
  /** Number of the newest fact. */
  readonly sequence: number;
}
