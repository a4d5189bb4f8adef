// Refunds: money on its way back, at once, a little later, or coming back undelivered.

import type Stripe from 'stripe';
import { invalidRequest, resourceMissing } from '../http/errors.ts';
import { listRoute } from '../http/lists.ts';
import { integer, mergeMetadata, metadata, oneOf, readParams, text, texts } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { ChargeRecord, RefundRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { cardCharged, chargeFor } from './charges.ts';
import { disputeOf } from './disputes.ts';
import { announce } from './events.ts';
import { paidCharge, paymentIntentFor } from './payment-intents.ts';

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
  if (params.charge !== undefined) return chargeFor(call, params.charge, 'charge');
  if (params.payment_intent === undefined) {
    throw invalidRequest(
      'One of the following params should be provided for this request: payment_intent or charge.',
    );
  }
  const charge = paidCharge(call, paymentIntentFor(call, params.payment_intent, 'payment_intent'));
  if (charge) return charge;
  throw invalidRequest('This PaymentIntent does not have a successful charge to refund.', {
    param: 'payment_intent',
  });
}

function checkRefundable(call: Call, charge: Stripe.Charge, amount: number): void {
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} has not succeeded and cannot be refunded.`, {
      param: 'charge',
    });
  }
  if (charge.refunded) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, {
      code: 'charge_already_refunded',
      param: 'charge',
    });
  }
  if (disputeOf(call, charge.id)?.wire.is_charge_refundable === false) {
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  if (amount <= 0) {
    throw invalidRequest('Invalid positive integer', { code: 'parameter_invalid_integer', param: 'amount' });
  }
  const left = charge.amount - charge.amount_refunded;
  if (amount > left) {
    throw invalidRequest(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, {
      param: 'amount',
    });
  }
}

/** A refund that was not finished at once comes to its end. */
export function settleRefund(call: Call, record: RefundRecord): void {
  const { wire } = record;
  if (wire.status === 'pending') {
    wire.status = 'succeeded';
    call.world.store.refunds.put(wire.id, record);
    announce(call, 'refund.updated', wire);
    return;
  }
  wire.status = 'failed';
  wire.failure_reason = 'expired_or_canceled_card';
  wire.failure_balance_transaction = newId('txn');
  const charge = chargeFor(call, String(wire.charge));
  charge.wire.amount_refunded -= wire.amount;
  charge.wire.refunded = false;
  call.world.store.charges.put(charge.wire.id, charge);
  call.world.store.refunds.put(wire.id, record);
  announce(call, 'refund.failed', wire);
}

export const refundRoutes: Route[] = [
  {
    method: 'POST',
    path: '/refunds',
    handle(call, raw) {
      const params = readParams(raw, CREATE);
      const charge = chargeToRefund(call, params);
      const amount = params.amount ?? charge.wire.amount - charge.wire.amount_refunded;
      checkRefundable(call, charge.wire, amount);
      const goes = cardCharged(call, charge.wire).refund;
      const wire: Stripe.Refund = {
        id: newId('re'),
        object: 'refund',
        amount,
        balance_transaction: newId('txn'),
        charge: charge.wire.id,
        created: call.world.now(),
        currency: charge.wire.currency,
        customer: charge.wire.customer,
        customer_account: null,
        destination_details: { type: 'card', card: { type: 'refund', reference_status: 'pending' } },
        metadata: mergeMetadata({}, params.metadata),
        payment_intent: charge.wire.payment_intent,
        payment_method: charge.wire.payment_method,
        reason: params.reason ?? null,
        receipt_number: null,
        source_transfer_reversal: null,
        status: goes === 'pending_first' ? 'pending' : 'succeeded',
        transfer_reversal: null,
      };
      charge.wire.amount_refunded += amount;
      charge.wire.refunded = charge.wire.amount_refunded === charge.wire.amount;
      call.world.store.refunds.put(wire.id, { wire });
      call.world.store.charges.put(charge.wire.id, charge);
      announce(call, 'refund.created', wire);
      announce(call, 'charge.refunded', charge.wire);
      if (goes !== 'succeeds') schedule(call.world, 'refund', wire.id, LATER_MS);
      return wire;
    },
  },
  {
    method: 'GET',
    path: '/refunds/:id',
    handle(call, raw, { id }) {
      readParams(raw, { expand: texts });
      return refundFor(call, id).wire;
    },
  },
  {
    method: 'POST',
    path: '/refunds/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, { metadata, expand: texts });
      const record = refundFor(call, id);
      record.wire.metadata = mergeMetadata(record.wire.metadata, params.metadata);
      call.world.store.refunds.put(id, record);
      announce(call, 'refund.updated', record.wire);
      return record.wire;
    },
  },
  listRoute('/refunds', 'refunds', ['charge', 'payment_intent']),
];
