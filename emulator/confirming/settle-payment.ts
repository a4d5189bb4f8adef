// A payment that was processing comes to its end.
import type Stripe from 'stripe';
import { cardByNumber } from '../bank/cards.ts';
import { type Decline, declineFor } from '../bank/declines.ts';
import { failCharge, succeedCharge } from '../objects/charge.ts';
import { cancelMandate } from '../objects/mandates.ts';
import type { PaymentIntentRecord, PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { failPayment, succeedPayment } from './payment-outcome.ts';

/** @param result absent: what the card's number says */
export function settlePayment(call: Call, record: PaymentIntentRecord, result?: 'succeed' | 'fail'): void {
  const { wire } = record;
  if (wire.status !== 'processing') return;
  const { charges, paymentMethods } = call.world.store;
  const charge = charges.get(String(wire.latest_charge));
  const method = paymentMethods.get(String(wire.payment_method));
  if (!charge || !method) throw new Error(`${wire.id} is processing without a charge or a payment method`);
  const decline = result === 'succeed' ? null : declineAtSettlement(call, method, charge.wire, result);
  if (decline === null) {
    succeedCharge(call, charge);
    succeedPayment(call, record, method, charge.wire.id);
  } else {
    failCharge(call, charge, decline);
    failPayment(call, record, method, decline, charge.wire.id);
  }
}

function declineAtSettlement(
  call: Call,
  method: PaymentMethodRecord,
  charge: Stripe.Charge,
  result: 'fail' | undefined,
): Decline | null {
  const mandateId = charge.payment_method_details?.card?.mandate;
  if (typeof mandateId === 'string') {
    const end = cardByNumber(method.number)?.indianDebit;
    if (end === 'customer_cancels') return declineFor('transaction_not_approved');
    if (end === 'notification_fails') return declineFor('processing_error');
    if (end === 'mandate_cancelled') {
      const mandate = call.world.store.mandates.get(mandateId);
      if (mandate) cancelMandate(call, mandate);
      return { ...declineFor('transaction_not_approved'), code: 'india_recurring_payment_mandate_canceled' };
    }
  }
  return result === 'fail' ? declineFor('generic_decline') : null;
}
