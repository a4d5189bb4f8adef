// Disputes and early fraud warnings, for the test cards that cause them after a charge.
import type Stripe from 'stripe';
import type { Card } from './cards.ts';
import { resourceMissing } from './errors.ts';
import { announce } from './events.ts';
import { newId } from './ids.ts';
import { PAGING, page } from './lists.ts';
import { created, flag, group, mergeMetadata, metadata, readParams, text, texts } from './params.ts';
import type { ChargeRecord, DisputeRecord } from './records.ts';
import type { Route } from './routes.ts';
import type { Call } from './world.ts';

const EVIDENCE_DAYS = 7;

/** Does to a charge that has just succeeded what its card's number says. */
export function openDispute(call: Call, charge: ChargeRecord, what: Card['afterCharge']): void {
  if (what === null) return;
  if (what === 'fraud_warning') {
    warn(call, charge);
    return;
  }
  const inquiry = what === 'inquiry';
  const wire = {
    id: newId('du'),
    object: 'dispute',
    amount: charge.wire.amount,
    balance_transactions: [],
    charge: charge.wire.id,
    created: call.world.now(),
    currency: charge.wire.currency,
    enhanced_eligibility_types: [],
    // Evidence is kept as given; Stripe lists every field it could have.
    evidence: {} as Stripe.Dispute.Evidence,
    evidence_details: {
      due_by: call.world.now() + EVIDENCE_DAYS * 24 * 60 * 60,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: null,
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    payment_intent: charge.wire.payment_intent,
    reason: what === 'dispute_not_received' ? 'product_not_received' : 'fraudulent',
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  } as unknown as Stripe.Dispute;
  charge.wire.disputed = true;
  call.world.store.charges.put(charge.wire.id, charge);
  call.world.store.disputes.put(wire.id, { wire });
  announce(call, 'charge.dispute.created', wire);
  if (!inquiry) announce(call, 'charge.dispute.funds_withdrawn', wire);
}

function warn(call: Call, charge: ChargeRecord): void {
  const wire: Stripe.Radar.EarlyFraudWarning = {
    id: newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: true,
    charge: charge.wire.id,
    created: call.world.now(),
    fraud_type: 'made_with_stolen_card',
    livemode: false,
    ...(typeof charge.wire.payment_intent === 'string' ? { payment_intent: charge.wire.payment_intent } : {}),
  };
  call.world.store.earlyFraudWarnings.put(wire.id, { wire });
  announce(call, 'radar.early_fraud_warning.created', wire);
}

function disputeFor(call: Call, id: string): DisputeRecord {
  const record = call.world.store.disputes.get(id);
  if (!record) throw resourceMissing('dispute', id);
  return record;
}

function close(call: Call, record: DisputeRecord, status: 'won' | 'lost' | 'warning_closed'): void {
  record.wire.status = status;
  call.world.store.disputes.put(record.wire.id, record);
  if (status === 'won') announce(call, 'charge.dispute.funds_reinstated', record.wire);
  announce(call, 'charge.dispute.closed', record.wire);
}

export const disputeRoutes: Route[] = [
  {
    method: 'GET',
    path: '/disputes/:id',
    handle(call, raw, { id }) {
      readParams(raw, { expand: texts });
      return disputeFor(call, id).wire;
    },
  },
  {
    method: 'POST',
    path: '/disputes/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, {
        evidence: group({ uncategorized_text: text }),
        metadata,
        submit: flag,
        expand: texts,
      });
      const record = disputeFor(call, id);
      const { wire } = record;
      wire.metadata = mergeMetadata(wire.metadata, params.metadata);
      const evidence = params.evidence?.uncategorized_text;
      if (evidence !== undefined) {
        wire.evidence.uncategorized_text = evidence;
        wire.evidence_details.has_evidence = true;
        if (params.submit !== false) wire.evidence_details.submission_count += 1;
      }
      call.world.store.disputes.put(id, record);
      announce(call, 'charge.dispute.updated', wire);
      if (params.submit !== false && evidence === 'winning_evidence') close(call, record, 'won');
      if (params.submit !== false && evidence === 'losing_evidence') close(call, record, 'lost');
      return wire;
    },
  },
  {
    method: 'POST',
    path: '/disputes/:id/close',
    handle(call, raw, { id }) {
      readParams(raw, { expand: texts });
      const record = disputeFor(call, id);
      close(call, record, record.wire.status.startsWith('warning') ? 'warning_closed' : 'lost');
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/disputes',
    handle({ world }, raw) {
      const params = readParams(raw, { ...PAGING, created, charge: text, payment_intent: text });
      const matching = world.store.disputes
        .newestFirst()
        .map(({ wire }) => wire)
        .filter((wire) => params.charge === undefined || wire.charge === params.charge)
        .filter(
          (wire) => params.payment_intent === undefined || wire.payment_intent === params.payment_intent,
        )
        .filter((wire) => params.created?.(wire.created) ?? true);
      return page('/v1/disputes', matching, params);
    },
  },
  {
    method: 'GET',
    path: '/radar/early_fraud_warnings/:id',
    handle({ world }, raw, { id }) {
      readParams(raw, { expand: texts });
      const record = world.store.earlyFraudWarnings.get(id);
      if (!record) throw resourceMissing('early_fraud_warning', id);
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/radar/early_fraud_warnings',
    handle({ world }, raw) {
      const params = readParams(raw, { ...PAGING, created, charge: text, payment_intent: text });
      const matching = world.store.earlyFraudWarnings
        .newestFirst()
        .map(({ wire }) => wire)
        .filter((wire) => params.charge === undefined || wire.charge === params.charge)
        .filter(
          (wire) => params.payment_intent === undefined || wire.payment_intent === params.payment_intent,
        )
        .filter((wire) => params.created?.(wire.created) ?? true);
      return page('/v1/radar/early_fraud_warnings', matching, params);
    },
  },
];
