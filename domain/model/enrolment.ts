// The shapes of an enrolment and of the mandate that comes of it.
import type { Decline } from './charge.ts';

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

/** What the customer agreed to. IP address and user agent are in the ledger's erasable rows, under `consentId`. */
export interface Consent {
  readonly consentId: string;
  readonly termsVersion: string;
  /** Epoch milliseconds UTC. */
  readonly acceptedAtMs: number;
  /** In the caller's own flow, or on our page by whoever has its link. */
  readonly source: 'request' | 'page';
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
  /** When Stripe was last asked about it, epoch ms. */
  readonly readAtMs: number;
  /** When to read it because there was an event, or a refusal; null while there was none. */
  readonly nextCheckAtMs: number | null;
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
  /** 1, 2, 3 …, for as long as the customer is known. */
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
  /** When to ask Stripe next, whatever the question is; epoch ms. */
  readonly nextCheckAtMs: number;
  readonly checks: number;
}
