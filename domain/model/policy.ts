// The shapes of the policy that a customer's decisions are made by.

/** Largest amounts in minor units by lower-case currency; `default` counts for every currency that is not named. */
export interface AmountLimits {
  readonly [currencyOrDefault: string]: number;
}

/** On which days a declined charge is tried again. */
export interface DayCalendar {
  /** Whole days after our first attempt on this card, ascending. After the last of them the charge has failed. */
  readonly days: readonly number[];
  /** At which time of the day, as `HH:MM` in the customer's time zone; absent: at that of the first attempt, 24 hours a day. */
  readonly at?: string;
}

/** How a charge is collected after a decline. It is frozen into a charge as that is opened. */
export interface CollectionPolicy {
  /** What may be better another day. */
  readonly soft: DayCalendar;
  /** A decline that nobody has documented. */
  readonly unknown: DayCalendar;
  /** Hours from each decline of an issuer that could not be reached; after the last of them it counts as soft. */
  readonly transient: { readonly hours: readonly number[] };
  /** Attempts of ours for one charge, on whatever cards; what never reached the issuer does not count. */
  readonly attempts: number;
  readonly stepUp: {
    /** How long a customer may take to authenticate a charge. */
    readonly deadlineDays: number;
    /** When a customer who has not authenticated is reminded, counted from the first notice. */
    readonly reminderDays: readonly number[];
    /** Failed authentications in one wait before the charge is given up; how often the bank had asked before is counted in. */
    readonly failures: number;
  };
  /** How long a charge waits for another card before it fails. */
  readonly card: { readonly waitDays: number };
  /** Which declines that are followed by another attempt the merchant gets a notice of. */
  readonly declineNotices: 'none' | 'first' | 'each';
  /** What becomes of the customer when the charge has failed. */
  readonly end: 'fail' | 'pause' | 'cancel';
  /** Whether another card is asked for a charge that has failed before, or it waits until somebody retries or waives it. */
  readonly failedCharges: 'wait' | 'collect_on_new_card';
}

/** A place's distance from UTC, as it was known when it was written down: new zone data changes no history. */
export interface Zone {
  readonly timeZone: string;
  /** Minutes east of UTC, each from its time (epoch ms) until the next one's, oldest first; the first one also before. */
  readonly offsets: readonly (readonly [fromMs: number, minutes: number])[];
}

/** What is frozen into a charge: the name of its policy, and where that differs from the default. */
export interface ChargePolicy extends Partial<CollectionPolicy> {
  readonly name: string;
  /** There where the policy names a time of the day. */
  readonly zone?: Zone;
}

/**
 * How often a card may be asked without success, as its network counts: what the customer tried at the bank is part of
 * it except with Visa, which counts that apart.
 */
export interface Budgets {
  readonly visa: { readonly perAmountIn30Days: number; readonly perCardIn30Days: number };
  readonly mastercard: { readonly perCardIn24Hours: number; readonly perCardIn30Days: number };
  readonly other: { readonly perCardIn30Days: number };
}

/** Every number that is a choice of ours and not one charge's. Names that end in `Ms` are milliseconds. */
export interface Policy {
  /** For charges that have no policy of their own. */
  readonly collection: CollectionPolicy;
  /** Over all of a customer's charges. */
  readonly budgets: Budgets;
  /** A charge waits so long for its card's budget; before it waits longer, it asks for another card. */
  readonly budgetWaitMs: number;
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
  /** Open charges of one customer: their state, view and snapshot travel in one message (docs/decisions/0016). */
  readonly openCharges: number;
  /** The merchant's own maximum for a charge, beside Stripe's. */
  readonly amountLimits: AmountLimits;
  /** Names of Temporal's search attributes that are not written: an installation may want nobody there to read them. */
  readonly searchAttributesLeftOut: readonly string[];
}
