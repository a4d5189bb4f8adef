// What becomes of a PaymentIntent once the bank has spoken: paid, processing, open again, or cancelled.
import type Stripe from 'stripe';
import type { Verdict } from '../bank/bank.ts';
import type { Decline } from '../bank/declines.ts';
import type { ErrorBody } from '../http/errors.ts';
import { attach } from '../objects/attachment.ts';
import { recordCharge } from '../objects/charge.ts';
import { announce } from '../objects/events.ts';
import { customerIdOf } from '../objects/intents.ts';
import { keepPaymentIntent } from '../objects/payment-intent.ts';
import { declinedError } from '../objects/payment-method.ts';
import type { PaymentIntentRecord, PaymentMethodRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';

/** How long India's rules give a notified customer before the debit, docs.stripe.com/india-recurring-payments. */
const NOTIFICATION_MS = 26 * 60 * 60 * 1000;

/** Above this the customer has to approve each debit, in paise: 15,000 rupees. */
const APPROVAL_ABOVE = 1_500_000;

/** Carries out a final verdict; a decline is returned as the error the caller gets to see. */
export function conclude(
  call: Call,
  record: PaymentIntentRecord,
  method: PaymentMethodRecord,
  verdict: Verdict,
  {
    mandateId,
    customerPresent,
    authenticated = false,
  }: { mandateId: string | null; customerPresent: boolean; authenticated?: boolean },
): ErrorBody | null {
  const { wire } = record;
  const bankMissedCustomer =
    verdict.kind === 'decline' && verdict.decline.declineCode === 'authentication_required';
  const details = {
    flow: verdict.kind === 'approve' ? verdict.flow : authenticated ? ('challenge' as const) : null,
    mandateId,
    exempted: !customerPresent && method.setUp && !bankMissedCustomer,
  };
  if (verdict.kind === 'decline') {
    const handled = verdict.decline.declineCode !== 'authentication_not_handled';
    const charge = handled
      ? recordCharge(call, wire, method, details, { kind: 'failed', decline: verdict.decline })
      : null;
    return failPayment(call, record, method, verdict.decline, charge?.wire.id ?? null);
  }
  if (verdict.kind === 'process') {
    const charge = recordCharge(call, wire, method, details, { kind: 'pending' });
    wire.status = 'processing';
    wire.latest_charge = charge.wire.id;
    wire.processing = { type: 'card', card: {} };
    if (mandateId) notifyCustomer(call, record, mandateId);
    keepPaymentIntent(call, record);
    announce(call, 'payment_intent.processing', wire);
    return null;
  }
  const charge = recordCharge(call, wire, method, details, { kind: 'succeeded' });
  succeedPayment(call, record, method, charge.wire.id);
  return null;
}

/** India: the customer is told of the debit and has a day to object. */
function notifyCustomer(call: Call, record: PaymentIntentRecord, mandateId: string): void {
  const { wire } = record;
  const agreed = call.world.store.mandates.get(mandateId)?.amount ?? 0;
  wire.processing = {
    type: 'card',
    card: {
      customer_notification: {
        approval_requested: wire.amount > Math.min(APPROVAL_ABOVE, agreed),
        completes_at: Math.floor((call.world.nowMs() + NOTIFICATION_MS) / 1000),
      },
    },
  };
  schedule(call.world, 'payment', wire.id, NOTIFICATION_MS);
}

export function succeedPayment(
  call: Call,
  record: PaymentIntentRecord,
  method: PaymentMethodRecord,
  chargeId: string,
): void {
  const { wire } = record;
  record.challenge = null;
  record.bankWantsCustomerOf = null;
  wire.status = 'succeeded';
  wire.amount_received = wire.amount;
  wire.latest_charge = chargeId;
  wire.next_action = null;
  wire.processing = null;
  wire.last_payment_error = null;
  saveMethod(call, wire, method);
  keepPaymentIntent(call, record);
  announce(call, 'payment_intent.succeeded', wire);
}

/** A card used without being saved can be used no more; one the intent was to save is saved. */
function saveMethod(call: Call, wire: Stripe.PaymentIntent, method: PaymentMethodRecord): void {
  const customerId = customerIdOf(wire);
  if (wire.setup_future_usage && customerId) {
    attach(call, method, customerId);
    if (wire.setup_future_usage === 'off_session') method.setUp = true;
  }
  if (method.wire.customer === null) method.spent = true;
  call.world.store.paymentMethods.put(method.wire.id, method);
}

/** @returns the error the caller gets to see */
export function failPayment(
  call: Call,
  record: PaymentIntentRecord,
  method: PaymentMethodRecord,
  decline: Decline,
  chargeId: string | null,
): ErrorBody {
  const error = { ...declinedError(decline, method.wire), ...(chargeId ? { charge: chargeId } : {}) };
  if (chargeId) record.wire.latest_charge = chargeId;
  returnToStart(call, record, error);
  return error;
}

/** The intent wants a payment method again, and keeps why. */
export function returnToStart(call: Call, record: PaymentIntentRecord, error: ErrorBody): void {
  const { wire } = record;
  record.challenge = null;
  wire.status = 'requires_payment_method';
  wire.payment_method = null;
  wire.next_action = null;
  wire.processing = null;
  wire.last_payment_error = error;
  keepPaymentIntent(call, record);
  announce(call, 'payment_intent.payment_failed', wire);
}

export function cancelPayment(
  call: Call,
  record: PaymentIntentRecord,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): void {
  const { wire } = record;
  record.challenge = null;
  wire.status = 'canceled';
  wire.canceled_at = call.world.now();
  wire.cancellation_reason = reason;
  wire.next_action = null;
  keepPaymentIntent(call, record);
  announce(call, 'payment_intent.canceled', wire);
}
