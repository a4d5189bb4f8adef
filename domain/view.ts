// What people are shown of a customer's life. Derived from the state; it holds nothing of its own.
import type { AttemptOutcome, Card, EnrolmentStatus, MandateStatus } from './state.ts';

export type CustomerStatus =
  | 'cancelled'
  | 'paused'
  | 'awaiting_mandate'
  | 'awaiting_step_up'
  | 'past_due'
  | 'active';

export type ChargeStatus =
  | 'scheduled'
  | 'held'
  | 'attempting'
  | 'processing'
  | 'awaiting_step_up'
  | 'retrying'
  | 'awaiting_card'
  | 'unknown'
  | 'refused'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

/** All times are epoch milliseconds UTC; amounts are minor units. */
export interface ChargeView {
  readonly chargeId: string;
  readonly status: ChargeStatus;
  readonly amount: number;
  readonly currency: string;
  readonly attempts: readonly {
    readonly number: number;
    readonly atMs: number;
    readonly outcome: AttemptOutcome;
    readonly declineCode?: string;
    readonly adviceCode?: string;
  }[];
  readonly paymentIntentId?: string;
  /** Of the last decline; `reason` says why a charge that ended ended (e.g. `step_up_expired`). */
  readonly decline?: { readonly code: string; readonly declineCode?: string; readonly adviceCode?: string };
  readonly reason?: string;
  readonly stepUp?: { readonly deadlineMs: number; readonly reminders: number; readonly failures: number };
  readonly dueAtMs: number;
  readonly nextAttemptAtMs?: number;
}

export interface EnrolmentView {
  readonly number: number;
  readonly requestId: string;
  readonly setupIntentId?: string;
  readonly status: EnrolmentStatus;
  /** False: our page collects it first, and the client secret is not given out before. */
  readonly hasConsent: boolean;
  readonly decline?: { readonly code: string; readonly declineCode?: string };
}

export interface CustomerView {
  readonly customerId: string;
  readonly stripeCustomerId: string | null;
  readonly status: CustomerStatus;
  readonly enrolment?: EnrolmentView;
  readonly card?: Omit<Card, 'fingerprint'>;
  readonly mandate?: {
    readonly status: MandateStatus;
    readonly stripeMandateId: string | null;
    readonly setupIntentId: string;
    readonly paymentMethodId: string;
    readonly acceptedAtMs: number;
  };
  /** Sum of what is due and not yet collected, in `currency`. */
  readonly amountDue: number;
  readonly currency: string | null;
  readonly nextActionAtMs?: number;
  /** Open charges only; closed ones are the ledger's. */
  readonly charges: readonly ChargeView[];
}
