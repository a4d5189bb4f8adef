// What the emulator remembers of each object, as plain JSON: the wire shape, and beside it what Stripe knows but never
// shows.
import type Stripe from 'stripe';
import type { Decline } from '../bank/declines.ts';

export interface CustomerRecord {
  wire: Stripe.Customer;
  deleted: boolean;
}

export interface PaymentMethodRecord {
  wire: Stripe.PaymentMethod;
  /** The key into the table of cards. */
  number: string;
  /** Set up for use while the customer is away, by a SetupIntent that succeeded. */
  setUp: boolean;
  /** Detached, or used once without a customer: it may never be used again. */
  spent: boolean;
  /** The Mandate of an India-issued card, or null. */
  mandateId: string | null;
}

/** A customer being asked to authenticate; a new confirmation replaces it and the old page is dead. */
export interface Challenge {
  id: string;
  paymentMethodId: string;
  returnUrl: string | null;
  /** The attempt's scripted outcome has been used up by asking for the customer. */
  outcomeUsed: boolean;
}

export interface SetupIntentRecord {
  wire: Stripe.SetupIntent;
  challenge: Challenge | null;
  /** Confirmations so far; Stripe cancels an intent that is confirmed too often. */
  confirmations: number;
}

export interface SetupAttemptRecord {
  wire: Stripe.SetupAttempt;
}

export interface PaymentIntentRecord {
  wire: Stripe.PaymentIntent;
  challenge: Challenge | null;
  /** Confirmations so far; Stripe cancels an intent that is confirmed too often. */
  confirmations: number;
  /** The payment method whose bank has asked for the customer and has not seen them yet, or null. */
  bankWantsCustomerOf: string | null;
}

export interface ChargeRecord {
  wire: Stripe.Charge;
}

export interface MandateRecord {
  wire: Stripe.Mandate;
  setupIntentId: string;
  /** Minor units agreed at most for one charge. */
  amount: number;
  currency: string;
}

export interface RefundRecord {
  wire: Stripe.Refund;
}

export interface DisputeRecord {
  wire: Stripe.Dispute;
}

export interface EarlyFraudWarningRecord {
  wire: Stripe.Radar.EarlyFraudWarning;
}

export interface EventRecord {
  wire: Stripe.EventBase;
}

export type WebhookMode = 'normal' | 'lose' | 'twice' | 'late' | 'shuffle';

/** How the delivery of one event to the webhook URL is going. Times are wall time, epoch milliseconds. */
export interface DeliveryRecord {
  eventId: string;
  mode: WebhookMode;
  /** `unwanted`: there was no webhook URL. `lost`: the control API ordered it. `failed`: tried to the end. */
  status: 'pending' | 'delivered' | 'lost' | 'failed' | 'unwanted';
  tries: number;
  nextAt: number;
}

/** The first answer given under an idempotency key. */
export interface IdempotencyRecord {
  fingerprint: string;
  /** Epoch milliseconds on the emulator's clock. */
  at: number;
  requestId: string;
  status: number;
  /** JSON text, replayed to the letter. */
  body: string;
}

/**
 * `hang`: no answer, and the connection stays open. `409`: the answer for a key that another request is using.
 * `late`: all as it should be, but `delaySeconds` late.
 */
export type FaultKind = '500' | '429' | '409' | 'drop' | 'hang' | 'late';

export interface FaultRecord {
  id: string;
  method: string;
  path: string;
  kind: FaultKind;
  when: 'before' | 'after';
  /** How often it will still strike. */
  times: number;
  /** The merchant's own id, as in `metadata.customerId`: only requests about them. Absent: all. */
  customerId?: string;
  /** Of a `late` one, and of no other. */
  delaySeconds?: number;
}

/** What the bank will say next, instead of what the card's number says. */
export type Outcome = 'succeed' | 'authentication_required' | 'processing' | Decline;

export interface OutcomesRecord {
  outcomes: Outcome[];
}

/** Something that happens by itself later. `at` is epoch milliseconds on the emulator's clock. */
export interface DueRecord {
  what: 'payment' | 'mandate' | 'refund' | 'complaint' | 'fraudWarning' | 'review';
  /** Of what it happens to; for a `complaint` and a `fraudWarning` that is the charge, for a `review` the dispute. */
  id: string;
  at: number;
}

/** Requests a second. */
export interface RateLimits {
  /** To any one endpoint. */
  perEndpoint: number;
  /** To all of them together. */
  total: number;
}

export interface SettingsRecord {
  /** How far the emulator's clock is ahead of wall time, milliseconds. */
  clockAheadMs: number;
  webhookMode: WebhookMode;
  /** Null: as many requests as come. */
  rateLimits: RateLimits | null;
}
