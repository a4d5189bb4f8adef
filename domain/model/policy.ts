// The shape of the policy that a customer's decisions are made by.

/** Largest amounts in minor units by lower-case currency; `default` counts for every currency that is not named. */
export interface AmountLimits {
  readonly [currencyOrDefault: string]: number;
}

/** Every number that is a choice of ours. Names that end in `Ms` are milliseconds. */
export interface Policy {
  /** Days after a card's first decline of a charge on which a soft decline is tried again (docs/decisions/0004). */
  readonly softRetryDays: readonly number[];
  /** Hours after a transient decline; after the last of them it counts as soft. */
  readonly transientRetryHours: readonly number[];
  /** A decline nobody has documented is tried again this often at most. */
  readonly unknownDeclineRetries: number;
  /** Attempts for one charge, on whatever cards; an attempt that never reached the issuer does not count. */
  readonly attemptsPerCharge: number;
  /** Attempts that did not succeed on one card (by fingerprint) within `cardBudgetWindowMs`, over all charges. */
  readonly attemptsPerCard: number;
  readonly cardBudgetWindowMs: number;
  /** How long a customer may take to authenticate a charge. */
  readonly stepUpDeadlineMs: number;
  /** When a customer who has not authenticated is reminded, counted from the decline. */
  readonly stepUpRemindersMs: readonly number[];
  /** Failed authentications in one wait before the charge is given up; how often the bank had asked before is counted in. */
  readonly stepUpFailures: number;
  /** How long a charge waits for another card before it fails. */
  readonly awaitingCardDeadlineMs: number;
  /** A SetupIntent nobody finishes is replaced after this (Stripe advises against keeping old ones). */
  readonly setupRenewalMs: number;
  /** SetupIntents in a row for one enrolment before it is given up. */
  readonly setupsPerEnrolment: number;
  /** Failed cards in one enrolment before it is closed: more is card testing. */
  readonly setupFailures: number;
  /** The mandate's card is read at Stripe this often even when no event asks for it. */
  readonly mandateReadIntervalMs: number;
  /** Waits between two checks of what Stripe holds open, in order; the last one repeats. */
  readonly checkBackoffMs: readonly number[];
  /** The same, while nobody knows what came of a request. */
  readonly unknownCheckBackoffMs: readonly number[];
  /** The same, while a person waits for an enrolment that Stripe has not answered. */
  readonly enrolmentCheckBackoffMs: readonly number[];
  /** An attempt that Stripe turned away for coming too often is sent again after this. */
  readonly rateLimitPauseMs: number;
  /** While the kill switch is on, a customer with something due asks this often whether it is off again. */
  readonly killSwitchCheckMs: number;
  /** Open charges of one customer: their state and its facts travel in one message (docs/decisions/0016). */
  readonly openCharges: number;
  /** The merchant's own maximum for a charge, beside Stripe's. */
  readonly amountLimits: AmountLimits;
  /** Names of Temporal's search attributes that are not written: an installation may want nobody there to read them. */
  readonly searchAttributesLeftOut: readonly string[];
}
