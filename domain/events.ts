// What can happen to a customer (CustomerEvent) and what the life asks the world for (Step). Shapes only.
import type {
  Card,
  Consent,
  CustomerState,
  Decline,
  MandateStatus,
  MandateTerms,
  Notice,
  ReversalKind,
  ThreeDSecure,
} from './state.ts';

/** Who asked, and why; over HTTP `who` is the API key's name. */
export interface Asked {
  readonly who: string;
  readonly why?: string;
}

/** A SetupIntent as Stripe has it now, with its newest attempt, card and mandate. */
export interface SetupReading {
  readonly setupIntentId: string;
  /** Stripe's own word; unknown words are treated as still open. */
  readonly status: string;
  readonly paymentMethodId: string | null;
  /** False once somebody detached the card from the customer. */
  readonly attached: boolean;
  readonly card: Card | null;
  readonly setupAttemptId: string | null;
  readonly threeDSecure: ThreeDSecure | null;
  readonly stripeMandateId: string | null;
  readonly stripeMandateStatus: MandateStatus | null;
  readonly decline: Decline | null;
  readonly requestId: string | null;
}

/** What the issuer said when it was asked, once for each charge (`ch_…`) of an intent. */
export interface IssuerAnswer {
  readonly stripeChargeId: string | null;
  readonly decline: Decline | null;
  readonly networkTransactionId: string | null;
  readonly exemption: string | null;
  readonly electronicCommerceIndicator: string | null;
  readonly threeDSecureResult: string | null;
}

/**
 * A PaymentIntent as Stripe has it now, with the newest answer: another charge's id means that the issuer was asked
 * again. Amount and secrets are left out on purpose.
 */
export interface IntentReading extends IssuerAnswer {
  readonly intentId: string;
  /** Stripe's own word; unknown words are treated as still open. */
  readonly status: string;
  readonly cancellationReason: string | null;
  /** India: when the bank's notice to the cardholder is over, epoch ms. */
  readonly processingUntilMs: number | null;
  readonly requestId: string | null;
  /** Answers that the newest one hides, oldest first: the customer tried more than once between two looks. */
  readonly missed?: readonly IssuerAnswer[];
}

/** A refund or a dispute as Stripe has it now. Nothing of what either side has written is in it. */
export interface ReversalReading {
  readonly reversal: ReversalKind;
  readonly objectId: string;
  /** Of ours, whose money it is; null where the address book does not know. */
  readonly chargeId: string | null;
  /** Stripe's own word. */
  readonly status: string | null;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  /** Why a refund did not arrive. */
  readonly failureReason: string | null;
  /** The card network's code for a dispute's reason. */
  readonly networkReasonCode: string | null;
  /** Until when a dispute can be contested, epoch ms. */
  readonly respondByMs: number | null;
  readonly paymentIntentId: string | null;
  readonly stripeChargeId: string | null;
  readonly requestId: string | null;
}

/** A charge as the ledger remembers it, for a run that starts from nothing. */
export interface RememberedCharge {
  readonly chargeId: string;
  readonly amount: number;
  readonly currency: string;
  readonly openedAtMs: number;
  readonly dueAtMs: number | null;
  readonly intentId: string | null;
}

export type CustomerEvent =
  // — people —
  | (Asked & {
      readonly kind: 'enrol';
      readonly requestId: string;
      readonly stripeCustomerId?: string;
      readonly currency?: string;
      readonly paymentMethodId?: string;
      readonly consent?: Consent;
      readonly terms?: MandateTerms;
    })
  | (Asked & { readonly kind: 'giveConsent'; readonly enrolmentNumber: number; readonly consent: Consent })
  | (Asked & {
      readonly kind: 'openCharge';
      readonly chargeId: string;
      readonly amount: number;
      readonly currency: string;
      readonly dueAtMs?: number;
    })
  | (Asked & { readonly kind: 'cancelCharge'; readonly chargeId: string })
  | (Asked & { readonly kind: 'retryCharge'; readonly chargeId: string })
  | (Asked & { readonly kind: 'pause' })
  | (Asked & { readonly kind: 'resume' })
  | (Asked & { readonly kind: 'cancelCustomer' })
  // — the world —
  | {
      readonly kind: 'stripeRang';
      readonly eventId: string;
      readonly type: string;
      readonly objectId: string;
    }
  | { readonly kind: 'customerSteppedUp'; readonly chargeId: string }
  // — answers to steps —
  | { readonly kind: 'began'; readonly step: Step }
  | {
      readonly kind: 'loaded';
      readonly snapshot: CustomerState | null;
      readonly charges: readonly RememberedCharge[];
    }
  | { readonly kind: 'recorded'; readonly through: number; readonly alreadyClosed: readonly string[] }
  | { readonly kind: 'noticeHandedOver'; readonly noticeId: string }
  | { readonly kind: 'stripeCustomerOpened'; readonly stripeCustomerId: string }
  | { readonly kind: 'setupOpened'; readonly enrolmentNumber: number; readonly setupIntentId: string }
  | { readonly kind: 'setupSeen'; readonly reading: SetupReading }
  | { readonly kind: 'intentOpened'; readonly chargeId: string; readonly intentId: string }
  /** Asked for an intent whose creation nobody saw end: null when Stripe has none. */
  | { readonly kind: 'intentLookedUp'; readonly chargeId: string; readonly intentId: string | null }
  | { readonly kind: 'intentSeen'; readonly chargeId: string; readonly reading: IntentReading }
  | { readonly kind: 'reversalSeen'; readonly reading: ReversalReading }
  /** The emergency brake is on, and for certain nothing was sent to Stripe. */
  | { readonly kind: 'braked'; readonly chargeId: string }
  /** Stripe had too many requests, and for certain has done nothing with this one. */
  | { readonly kind: 'rateLimited'; readonly chargeId: string }
  /** A 4xx that is our fault or the account's. `code` is Stripe's. */
  | {
      readonly kind: 'refused';
      readonly step: Step;
      readonly code: string;
      readonly requestId?: string;
    }
  /** No answer, and none can be assumed: the step may have happened. */
  | { readonly kind: 'unanswered'; readonly step: Step; readonly requestId?: string }
  // — time —
  | { readonly kind: 'cardMissing'; readonly chargeId: string }
  | { readonly kind: 'stepUpExpired'; readonly chargeId: string }
  | { readonly kind: 'stepUpReminderDue'; readonly chargeId: string }
  | { readonly kind: 'cardWaitExpired'; readonly chargeId: string };

export type EventOf<Kind extends CustomerEvent['kind']> = Extract<CustomerEvent, { readonly kind: Kind }>;

/** What is asked about an intent: its state, and all that its issuer has said since. */
interface IntentQuestion {
  readonly chargeId: string;
  readonly intentId: string;
  /** The newest of Stripe's charges whose end is accounted for; null: all of the intent's are wanted. */
  readonly known: string | null;
}

/** One thing to do now. Each carries all that its activity needs, frozen by the state it was decided from. */
export type Step =
  | { readonly do: 'load' }
  | { readonly do: 'record' }
  | { readonly do: 'notify'; readonly notice: Notice }
  | {
      readonly do: 'openStripeCustomer';
      readonly enrolmentNumber: number;
      readonly tries: number;
      readonly openedAtMs: number;
    }
  | {
      readonly do: 'openSetup';
      readonly enrolmentNumber: number;
      readonly setupNumber: number;
      readonly tries: number;
      readonly stripeCustomerId: string;
      readonly terms: MandateTerms | null;
      readonly openedAtMs: number;
    }
  | {
      readonly do: 'confirmSetup';
      readonly enrolmentNumber: number;
      readonly setupNumber: number;
      readonly tries: number;
      readonly setupIntentId: string;
      readonly paymentMethodId: string;
    }
  | { readonly do: 'readSetup'; readonly setupIntentId: string }
  | { readonly do: 'cancelSetup'; readonly setupIntentId: string }
  | {
      readonly do: 'openIntent';
      readonly chargeId: string;
      readonly intentNumber: number;
      readonly amount: number;
      readonly currency: string;
      readonly stripeCustomerId: string;
    }
  | {
      readonly do: 'lookUpIntent';
      readonly chargeId: string;
      readonly intentNumber: number;
      readonly amount: number;
      readonly currency: string;
      readonly stripeCustomerId: string;
      readonly openedAtMs: number;
    }
  | {
      readonly do: 'confirmIntent';
      readonly chargeId: string;
      readonly intentId: string;
      readonly intentNumber: number;
      readonly attemptNumber: number;
      readonly paymentMethodId: string;
      readonly stripeMandateId: string | null;
      readonly fingerprint: string | null;
      readonly known: string | null;
    }
  | ({ readonly do: 'readIntent' } & IntentQuestion)
  | ({ readonly do: 'cancelIntent' } & IntentQuestion)
  | { readonly do: 'readReversal'; readonly reversal: ReversalKind; readonly objectId: string }
  /** Nothing to ask the world: time alone has made this happen. */
  | { readonly do: 'decide'; readonly event: CustomerEvent }
  | { readonly do: 'wait'; readonly untilMs: number }
  | { readonly do: 'end' };

export type StepOf<Do extends Step['do']> = Extract<Step, { readonly do: Do }>;
