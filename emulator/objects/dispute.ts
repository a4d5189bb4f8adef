// One dispute: a cardholder has complained to their bank, which asks or takes the money back, and in the end decides.
import type Stripe from 'stripe';
import type { Complaint } from '../bank/cards.ts';
import { newId } from '../store/ids.ts';
import type { ChargeRecord, DisputeRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { cardCharged } from './charge.ts';
import { concludeFraudWarnings } from './early-fraud-warnings.ts';
import { announce, announceChange } from './events.ts';

/** How long the bank reads evidence here. It decides by the evidence of Stripe's tests alone, and holds nobody to a deadline. */
const REVIEW_MS = 2_000;

/** How long the merchant has to answer: to the end of that day, as Stripe counts it. */
const DAYS_TO_RESPOND = 8;
const DAY_SECONDS = 86_400;

/** What Stripe takes for a chargeback and keeps whoever wins, minor units. */
const FEE = 1_500;

/** Visa's codes for Stripe's reasons, docs.stripe.com/disputes/categories. An inquiry has one of its own. */
const VISA_CODES: Readonly<Record<string, string>> = {
  credit_not_processed: '13.6',
  duplicate: '12.6.1',
  fraudulent: '10.4',
  product_not_received: '13.1',
  product_unacceptable: '13.3',
  subscription_canceled: '13.2',
};
const VISA_INQUIRY = '10';

/** The dispute about this charge; Stripe's test cards make at most one, and so does the control API. */
export function disputeOf({ world }: Call, chargeId: string): DisputeRecord | undefined {
  return world.store.disputes.newestFirst().find(({ wire }) => wire.charge === chargeId);
}

/** The cardholder does what is said of their card, unless they have complained of this charge already. */
export function complain(call: Call, charge: ChargeRecord): void {
  const { complaint } = cardCharged(call, charge.wire);
  if (complaint && !charge.wire.disputed) disputeCharge(call, charge, complaint);
}

/** Opens a dispute about a charge that succeeded and has none. */
export function disputeCharge(
  call: Call,
  charge: ChargeRecord,
  { reason, caseType }: Complaint,
): Stripe.Dispute {
  const { store } = call.world;
  const { amount, currency, id, payment_intent } = charge.wire;
  const { brand } = cardCharged(call, charge.wire);
  const wire: Stripe.Dispute = {
    id: newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: id,
    created: call.world.now(),
    currency,
    enhanced_eligibility_types: [],
    evidence: { enhanced_evidence: {} } as Stripe.Dispute.Evidence,
    evidence_details: {
      due_by: dueBy(call),
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: true,
    livemode: false,
    metadata: {},
    payment_intent,
    payment_method_details: {
      type: 'card',
      card: {
        brand,
        case_type: 'inquiry',
        network: brand,
        network_reason_code: brand === 'visa' ? VISA_INQUIRY : null,
      },
    },
    reason,
    status: 'warning_needs_response',
  };
  if (caseType === 'chargeback') chargeBack(call, wire);
  charge.wire.disputed = true;
  store.charges.put(id, charge);
  store.disputes.put(wire.id, { wire });
  announce(call, 'charge.dispute.created', wire);
  concludeFraudWarnings(call, id);
  if (caseType === 'chargeback') announce(call, 'charge.dispute.funds_withdrawn', wire);
  return wire;
}

/** What has only been asked about is taken back. */
function chargeBack(call: Call, wire: Stripe.Dispute): void {
  wire.status = 'needs_response';
  wire.is_charge_refundable = false;
  wire.evidence_details.due_by = dueBy(call);
  wire.balance_transactions.push(movement(call, wire, 'withdrawal'));
  const card = wire.payment_method_details?.card;
  if (card) {
    card.case_type = 'chargeback';
    card.network_reason_code = card.brand === 'visa' ? (VISA_CODES[wire.reason] ?? null) : null;
  }
}

function dueBy({ world }: Call): number {
  const today = Math.floor(world.now() / DAY_SECONDS);
  return (today + DAYS_TO_RESPOND + 1) * DAY_SECONDS - 1;
}

function movement(
  { world }: Call,
  wire: Stripe.Dispute,
  kind: 'withdrawal' | 'reversal',
): Stripe.BalanceTransaction {
  const { currency, id: source } = wire;
  const withdrawn = kind === 'withdrawal';
  const amount = withdrawn ? -wire.amount : wire.amount;
  const fee = withdrawn ? FEE : 0;
  return {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: world.now(),
    balance_type: 'payments',
    created: world.now(),
    currency,
    description: `Chargeback ${kind} for ${wire.charge}`,
    exchange_rate: null,
    fee,
    fee_details: withdrawn
      ? [{ amount: fee, application: null, currency, description: 'Dispute fee', type: 'stripe_fee' }]
      : [],
    net: amount - fee,
    reporting_category: withdrawn ? 'dispute' : 'dispute_reversal',
    source,
    status: 'available',
    type: 'adjustment',
  };
}

/** The evidence goes to the bank. */
export function submit(call: Call, { wire }: DisputeRecord): void {
  const details = wire.evidence_details;
  details.past_due = call.world.now() > (details.due_by ?? 0);
  details.submission_count += 1;
  details.submission_method = 'manual';
  wire.status = isInquiry(wire) ? 'warning_under_review' : 'under_review';
  schedule(call.world, 'review', wire.id, REVIEW_MS);
}

/** The bank has read the evidence. What docs.stripe.com/testing#disputes does not name, it never decides on. */
export function review(call: Call, record: DisputeRecord): void {
  const { wire } = record;
  const inquiry = isInquiry(wire);
  // The merchant may have given in meanwhile, or an earlier answer of theirs may have been decided on.
  if (wire.status !== 'under_review' && wire.status !== 'warning_under_review') return;
  switch (wire.evidence.uncategorized_text) {
    case 'winning_evidence':
      endDispute(call, record, inquiry ? 'warning_closed' : 'won');
      return;
    case 'losing_evidence':
      endDispute(call, record, inquiry ? 'warning_closed' : 'lost');
      return;
    case 'escalate_inquiry_evidence':
      if (!inquiry) return;
      escalate(call, record);
  }
}

function escalate(call: Call, record: DisputeRecord): void {
  const { wire } = record;
  const before = structuredClone(wire);
  chargeBack(call, wire);
  call.world.store.disputes.put(wire.id, record);
  announceChange(call, 'charge.dispute.updated', wire, before);
  announce(call, 'charge.dispute.funds_withdrawn', wire);
}

function isInquiry({ status }: Stripe.Dispute): boolean {
  return status.startsWith('warning_');
}

/** The bank has decided, or the merchant has given in. */
export function endDispute(
  call: Call,
  record: DisputeRecord,
  status: 'won' | 'lost' | 'warning_closed',
): void {
  const { wire } = record;
  wire.status = status;
  if (status === 'won') {
    wire.is_charge_refundable = true;
    wire.balance_transactions.push(movement(call, wire, 'reversal'));
  }
  call.world.store.disputes.put(wire.id, record);
  if (status === 'won') announce(call, 'charge.dispute.funds_reinstated', wire);
  announce(call, 'charge.dispute.closed', wire);
}
