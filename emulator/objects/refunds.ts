// Refunds: money on its way back, at once, a little later, or coming back undelivered.
import type Stripe from 'stripe';
import { invalidRequest, notAllowed, resourceMissing, unknownReference } from '../http/errors.ts';
import { mergeMetadata, metadata } from '../http/metadata.ts';
import { type Params, readParams } from '../http/params.ts';
import { integer, oneOf, text, texts } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { ChargeRecord, RefundRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { cardCharged } from './charge.ts';
import { disputeOf } from './dispute.ts';
import { concludeFraudWarnings } from './early-fraud-warnings.ts';
import { announce, announceChange } from './events.ts';
import { paidCharge } from './payment-intent.ts';

/** How long the refunds that do not end at once take here. */
const LATER_MS = 2_000;

const CREATE = {
  amount: integer,
  charge: text,
  expand: texts,
  metadata,
  payment_intent: text,
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
};

function refundFor(call: Call, id: string): RefundRecord {
  const record = call.world.store.refunds.get(id);
  if (!record) throw resourceMissing('refund', id);
  return record;
}

/** @throws StripeProblem 400 unless exactly one of charge and payment_intent leads to a successful charge */
function chargeToRefund(call: Call, params: { charge?: string; payment_intent?: string }): ChargeRecord {
  const { charges, paymentIntents } = call.world.store;
  if (params.charge !== undefined) {
    const charge = charges.get(params.charge);
    if (!charge) throw unknownReference('charge', params.charge, 'charge');
    return charge;
  }
  if (params.payment_intent === undefined) {
    throw invalidRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  }
  const intent = paymentIntents.get(params.payment_intent);
  if (!intent) throw unknownReference('payment_intent', params.payment_intent, 'payment_intent');
  const charge = paidCharge(call, intent);
  if (charge) return charge;
  throw notAllowed('This PaymentIntent does not have a successful charge to refund.', {
    param: 'payment_intent',
  });
}

function checkRefundable(call: Call, charge: Stripe.Charge, amount: number): void {
  if (charge.status !== 'succeeded') {
    throw notAllowed(`Charge ${charge.id} has not succeeded and cannot be refunded.`, {
      param: 'charge',
    });
  }
  if (charge.refunded) {
    throw notAllowed(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
      param: 'charge',
    });
  }
  if (disputeOf(call, charge.id)?.wire.is_charge_refundable === false) {
    throw notAllowed(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  if (amount <= 0) {
    throw invalidRequest('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  }
  const left = charge.amount - charge.amount_refunded;
  if (amount > left) {
    throw notAllowed(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    });
  }
}

/** A refund that was not finished at once comes to its end. */
export function settleRefund(call: Call, record: RefundRecord): void {
  const { wire } = record;
  const { charges, refunds } = call.world.store;
  if (wire.status === 'pending') {
    const before = structuredClone(wire);
    wire.status = 'succeeded';
    refunds.put(wire.id, record);
    announceChange(call, 'refund.updated', wire, before);
    return;
  }
  wire.status = 'failed';
  wire.failure_reason = 'expired_or_canceled_card';
  wire.failure_balance_transaction = newId('txn');
  const charge = charges.get(String(wire.charge));
  if (!charge) throw new Error(`${wire.id} refunds no charge`);
  charge.wire.amount_refunded -= wire.amount;
  charge.wire.refunded = false;
  charges.put(charge.wire.id, charge);
  refunds.put(wire.id, record);
  announce(call, 'refund.failed', wire);
}

function newRefund(call: Call, charge: Stripe.Charge, params: Params<typeof CREATE>): Stripe.Refund {
  return {
    id: newId('re'),
    object: 'refund',
    amount: params.amount ?? charge.amount - charge.amount_refunded,
    balance_transaction: newId('txn'),
    charge: charge.id,
    created: call.world.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { type: 'card', card: { type: 'refund', reference_status: 'pending' } },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
}

export const createRefund: Handler = (call, raw) => {
  const { charges, refunds } = call.world.store;
  const params = readParams(raw, CREATE);
  const charge = chargeToRefund(call, params);
  const wire = newRefund(call, charge.wire, params);
  checkRefundable(call, charge.wire, wire.amount);
  const { refund: outcome } = cardCharged(call, charge.wire);
  if (outcome === 'pending_first') wire.status = 'pending';
  const before = structuredClone(charge.wire);
  charge.wire.amount_refunded += wire.amount;
  charge.wire.refunded = charge.wire.amount_refunded === charge.wire.amount;
  refunds.put(wire.id, { wire });
  charges.put(charge.wire.id, charge);
  announce(call, 'refund.created', wire);
  announceChange(call, 'charge.refunded', charge.wire, before);
  concludeFraudWarnings(call, charge.wire.id);
  if (outcome !== 'succeeds') schedule(call.world, 'refund', wire.id, LATER_MS);
  return wire;
};

export const readRefund: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  return refundFor(call, id).wire;
};

export const updateRefund: Handler = (call, raw, { id }) => {
  const params = readParams(raw, { metadata, expand: texts });
  const record = refundFor(call, id);
  const before = structuredClone(record.wire);
  record.wire.metadata = mergeMetadata(record.wire.metadata, params.metadata);
  call.world.store.refunds.put(id, record);
  announceChange(call, 'refund.updated', record.wire, before);
  return record.wire;
};

/** Only a refund that waits for the customer can be cancelled, and that of a card never does. */
export const cancelRefund: Handler = (call, raw, { id }) => {
  readParams(raw, { expand: texts });
  const { wire } = refundFor(call, id);
  throw notAllowed(
    `The refund ${id} cannot be canceled because it has a status of ${wire.status}. Only refunds with the status requires_action can be canceled.`,
  );
};
