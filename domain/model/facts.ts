// The shapes of facts for the ledger and of notices for people outside.

/** What the record is to keep. `sequence` is unique for the customer, so writing twice is harmless. */
export interface Fact {
  readonly sequence: number;
  /** The workflow's clock, epoch ms. */
  readonly atMs: number;
  readonly kind: FactKind;
  readonly chargeId?: string;
  readonly actor?: string;
  readonly reason?: string;
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
  | 'card_updated'
  | 'charge_opened'
  | 'payment_intent_created'
  | 'payment_intent_differs'
  | 'attempt'
  | 'step_up_started'
  | 'step_up_reminded'
  | 'step_up_failed'
  | 'step_up_ended'
  | 'charge_closed'
  | 'charge_awaiting_card'
  | 'charge_refused'
  | 'charge_corrected'
  | 'amount_differs'
  | 'charge_retry_requested'
  | 'charge_reopened'
  | 'charge_waived'
  | 'charge_cancel_requested'
  | 'refund'
  | 'dispute'
  | 'notice'
  | 'paused'
  | 'resumed'
  | 'cancelled'
  | 'recovered'
  /** Facts before it were written by a release that decided otherwise, or by an attempt given up: those after it count. */
  | 'facts_superseded';

export type NoticeKind =
  | 'customer.enrolled'
  | 'customer.enrolment_waiting'
  | 'charge.succeeded'
  | 'charge.step_up_required'
  | 'charge.failed'
  | 'charge.declined'
  | 'charge.awaiting_card'
  | 'charge.amount_differs';

/**
 * One message to somebody outside: what a fact of kind `notice` says. `noticeId` is its id for good. There is no personal
 * data and no link in it.
 */
export interface Notice {
  readonly noticeId: string;
  readonly kind: NoticeKind;
  readonly atMs: number;
  readonly chargeId?: string;
  readonly data: { readonly [key: string]: string | number | null };
}
