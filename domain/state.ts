// The shapes of a customer's life: plain JSON, for it travels through continue-as-new and the ledger's snapshot.
// It decides nothing. Only ever add optional fields, or raise `version` and extend `upgrade`.

/** A card as it may be shown and reasoned about. `fingerprint` is the same for the same number. */
export interface Card {
  readonly brand: string;
  readonly last4: string;
  readonly expMonth: number;
  readonly expYear: number;
  /** ISO 3166 alpha-2 of the issuer, or null where Stripe does not know. */
  readonly country: string | null;
  readonly fingerprint: string | null;
}

/** What the customer agreed to. IP and user agent sit in the ledger's erasable rows, under `consentId`. */
export interface Consent {
  readonly consentId: string;
  readonly termsVersion: string;
  /** Epoch milliseconds UTC. */
  readonly acceptedAtMs: number;
  /** In the caller's own flow, or on our page. */
  readonly way: 'request' | 'page';
}

/** Limits agreed with the customer. `maxAmount` is in minor units of `currency`, for each charge; `every` is the issuer's to hold. */
export interface MandateTerms {
  readonly maxAmount: number;
  readonly currency: string;
  readonly every?: { readonly unit: 'day' | 'week' | 'month' | 'year'; readonly count: number };
}

/** 3-D Secure as the SetupAttempt tells it (docs.stripe.com/api/setup_attempts). */
export interface ThreeDSecure {
  readonly result: string | null;
  readonly resultReason: string | null;
  readonly version: string | null;
  readonly authenticationFlow: string | null;
  readonly electronicCommerceIndicator: string | null;
  readonly transactionId: string | null;
}

/** Why Stripe or the issuer said no; codes only, never the message. */
export interface Decline {
  readonly code: string;
  readonly declineCode: string | null;
  readonly adviceCode: string | null;
  readonly networkDeclineCode: string | null;
  readonly networkAdviceCode: string | null;
}

export type MandateStatus = 'pending' | 'active' | 'inactive';

/** The permission to charge. Never dropped while a charge may refer to it. */
export interface Mandate {
  readonly status: MandateStatus;
  /** Stripe makes one for India-issued cards only. */
  readonly stripeMandateId: string | null;
  readonly setupIntentId: string;
  readonly setupAttemptId: string | null;
  readonly paymentMethodId: string;
  readonly card: Card;
  readonly threeDSecure: ThreeDSecure | null;
  readonly consent: Consent;
  readonly terms: MandateTerms | null;
  /** When to read the mandate again because Stripe rang for it; null while nobody did. */
  readonly lookAtMs: number | null;
}

export type EnrolmentStatus =
  | 'pending'
  | 'awaiting_customer'
  | 'processing'
  | 'succeeded'
  | 'failed'
  | 'expired';

/** The customer gives a card. One at a time; a newer one replaces an unfinished one. */
export interface Enrolment {
  /** 1, 2, 3 … over the customer's life. */
  readonly number: number;
  /** The request that asked for it; also where the ledger keeps its return URL. */
  readonly requestId: string;
  readonly status: EnrolmentStatus;
  /** Card given with the request: confirmed at once, on the server. */
  readonly paymentMethodId: string | null;
  readonly consent: Consent | null;
  readonly terms: MandateTerms | null;
  readonly openedAtMs: number;
  /** SetupIntents made for this enrolment, 1-based; the current one's number. */
  readonly setupNumber: number;
  readonly setupIntentId: string | null;
  readonly setupOpenedAtMs: number | null;
  /** Of the card given with the request: to be sent to Stripe, sent without an answer, or none (left) to send. */
  readonly confirm: 'due' | 'unanswered' | 'done';
  /** No more is done for it; `status` says how it ended. An open one may be `failed`: the customer may try again. */
  readonly closed: boolean;
  readonly failures: number;
  /** The newest SetupAttempt accounted for: another id is another try. */
  readonly setupAttemptId: string | null;
  readonly decline: Decline | null;
  /** Next question to Stripe, whatever it is; epoch ms. */
  readonly lookAtMs: number;
  readonly looks: number;
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
  | { readonly is: 'opening' }
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
  readonly intentId: string | null;
  /** The newest Stripe charge (`ch_…`) accounted for: another id means the issuer was asked again. */
  readonly stripeChargeId: string | null;
  readonly attempts: readonly Attempt[];
  /** Attempts ever made; the list above keeps the newest. */
  readonly attemptCount: number;
  readonly decline: Decline | null;
  /** Next question to Stripe about its intent, epoch ms; null while nothing is open there. */
  readonly lookAtMs: number | null;
  /** Questions asked in this phase that changed nothing. */
  readonly looks: number;
}

export type ReversalKind = 'refund' | 'dispute';

/** Money of ours on its way back; kept after it was read so that the same news is not noted twice. */
export interface Reversal {
  readonly kind: ReversalKind;
  /** Stripe's id of the refund or dispute. */
  readonly objectId: string;
  /** What was noted of it last; null while nothing was. */
  readonly seen: string | null;
  /** When to read it (again), epoch ms; null once it has been read. */
  readonly lookAtMs: number | null;
  readonly looks: number;
}

/** What the record is to keep. `sequence` is unique for the customer, so writing twice is harmless. */
export interface Fact {
  readonly sequence: number;
  /** The workflow's clock, epoch ms. */
  readonly atMs: number;
  readonly kind: FactKind;
  readonly chargeId?: string;
  readonly who?: string;
  readonly why?: string;
  readonly data: { readonly [key: string]: unknown };
}

export type FactKind =
  | 'enrolment_opened'
  | 'consent'
  | 'setup_intent_created'
  | 'setup_failed'
  | 'enrolment_closed'
  | 'mandate'
  | 'mandate_status'
  | 'charge_opened'
  | 'payment_intent_created'
  | 'attempt'
  | 'step_up_started'
  | 'step_up_reminded'
  | 'step_up_failed'
  | 'step_up_ended'
  | 'charge_closed'
  | 'charge_waits_for_card'
  | 'charge_refused'
  | 'charge_retry'
  | 'charge_cancel'
  | 'refund'
  | 'dispute'
  | 'notice'
  | 'paused'
  | 'resumed'
  | 'cancelled'
  | 'recovered';

export type NoticeKind =
  | 'customer.enrolled'
  | 'customer.enrolment_waiting'
  | 'charge.succeeded'
  | 'charge.step_up_required'
  | 'charge.failed'
  | 'charge.awaiting_card';

/** One message to somebody outside; `noticeId` names it for ever. No personal data and no link in it. */
export interface Notice {
  readonly noticeId: string;
  readonly kind: NoticeKind;
  readonly atMs: number;
  readonly chargeId?: string;
  readonly data: { readonly [key: string]: string | number | null };
  /** It was on its way when its run was lost: it may have arrived, and goes out only after Stripe has been asked. */
  readonly again?: true;
}

/** How often a card was asked, and whether its issuer said never again. */
export interface CardUse {
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
  readonly brakedUntilMs?: number;
  readonly enrolment: Enrolment | null;
  readonly mandate: Mandate | null;
  /** Unfinished SetupIntents to cancel at Stripe, with the time of the next try. */
  readonly staleSetups: readonly {
    readonly setupIntentId: string;
    readonly lookAtMs: number;
    readonly looks: number;
  }[];
  /** Open charges, and closed ones until they are recorded; oldest first. */
  readonly charges: readonly Charge[];
  readonly cards: readonly CardUse[];
  /** Refunds and disputes, oldest news first. */
  readonly reversals: readonly Reversal[];
  /** Facts not yet in the ledger. */
  readonly facts: readonly Fact[];
  readonly notices: readonly Notice[];
  /** Ids of Stripe events already heard. */
  readonly heard: readonly string[];
  /** Number of the newest fact. */
  readonly sequence: number;
}
