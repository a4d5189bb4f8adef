// Confirming a PaymentIntent: the bank and the customer are asked, and what they say is carried out. No routes here.

import type Stripe from 'stripe';
import { judgeCharge, type Verdict } from '../bank/bank.ts';
import { cardByNumber } from '../bank/cards.ts';
import { type Decline, declineFor } from '../bank/declines.ts';
import { takeOutcome } from '../bank/outcomes.ts';
import { type ErrorBody, invalidRequest, resourceMissing, StripeProblem } from '../http/errors.ts';
import { flag, type Params, type Reader, text, verbatim } from '../http/params.ts';
import { chargeFor, failCharge, recordCharge, succeedCharge } from '../objects/charges.ts';
import { announce } from '../objects/events.ts';
import { customerIdOf, PAYMENT_OPTIONS } from '../objects/intents.ts';
import { cancelMandate } from '../objects/mandates.ts';
import { attach, cardOf, declinedError } from '../objects/payment-methods.ts';
import type { Outcome, PaymentIntentRecord, PaymentMethodRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { authenticationFailed, beginConfirmation, methodToConfirm, sendToBank } from './confirming.ts';

/** How long India's rules give a notified customer before the debit, docs.stripe.com/india-recurring-payments. */
const NOTIFICATION_MS = 26 * 60 * 60 * 1000;

/** Above this the customer has to approve each debit, in paise: 15,000 rupees. */
const APPROVAL_ABOVE = 1_500_000;

const offSession: Reader<boolean> = (value, param) =>
  value === 'recurring' || value === 'one_off' ? true : flag(value, param);

export const HOW_TO_CONFIRM = {
  error_on_requires_action: flag,
  mandate: text,
  mandate_data: verbatim,
  off_session: offSession,
  payment_method: text,
  payment_method_options: PAYMENT_OPTIONS,
  return_url: text,
  use_stripe_sdk: flag,
};

type HowToConfirm = Params<typeof HOW_TO_CONFIRM>;

export function keep(call: Call, record: PaymentIntentRecord): void {
  call.world.store.paymentIntents.put(record.wire.id, record);
}

export function applyOptions(
  wire: Stripe.PaymentIntent,
  options: HowToConfirm['payment_method_options'],
): void {
  if (!options?.card) return;
  wire.payment_method_options = {
    card: {
      installments: null,
      mandate_options: null,
      network: null,
      request_three_d_secure: 'automatic',
      ...wire.payment_method_options?.card,
      ...options.card,
    } as Stripe.PaymentIntent.PaymentMethodOptions.Card,
  };
}

/**
 * Confirms: asks the bank for the money, and the customer where the bank wants that and they are there.
 * @throws StripeProblem 402 when the bank declines, also for want of the customer; 400 in a state that
 *   cannot be confirmed
 */
export function confirmPayment(call: Call, record: PaymentIntentRecord, params: HowToConfirm): void {
  const { wire } = record;
  const method = methodToConfirm(call, record, params.payment_method);
  const mandateId = checkMandate(call, method, params.mandate);
  beginConfirmation(record, method, () => cancel(call, record, 'automatic'));
  applyOptions(wire, params.payment_method_options);
  wire.last_payment_error = null;

  const customerPresent = params.off_session !== true;
  const bankWantsCustomer = record.bankWantsCustomerOf === method.wire.id;
  const askedFirst = customerPresent && bankWantsCustomer;
  const scripted = askedFirst ? null : takeOutcome(call.world, method.wire.id);
  const verdict = judgeCharge(cardOf(method), {
    ...situationOf(record, method, params.mandate),
    authenticated: false,
    customerPresent,
    bankWantsCustomer,
    scripted,
  });
  if (verdict.kind === 'challenge' && customerPresent && params.error_on_requires_action !== true) {
    sendToBank(call, record, method, params, scripted !== null);
    keep(call, record);
    announce(call, 'payment_intent.requires_action', wire);
    return;
  }
  if (verdict.kind === 'challenge' && !customerPresent) record.bankWantsCustomerOf = method.wire.id;
  const decline = conclude(call, record, method, asDecline(verdict, customerPresent), {
    mandateId,
    customerPresent,
  });
  if (decline) throw new StripeProblem(402, { ...decline, payment_intent: wire }, true);
}

/** Where nobody can be asked, the wish to see the customer is a decline. */
function asDecline(verdict: Verdict, customerPresent: boolean): Verdict {
  if (verdict.kind !== 'challenge') return verdict;
  const decline = declineFor('authentication_required');
  return {
    kind: 'decline',
    decline: customerPresent ? { ...decline, declineCode: 'authentication_not_handled' } : decline,
  };
}

function situationOf(record: PaymentIntentRecord, method: PaymentMethodRecord, mandate: string | undefined) {
  const requested = record.wire.payment_method_options?.card?.request_three_d_secure ?? 'automatic';
  return {
    setUp: method.setUp,
    threeDSecureWanted: requested !== 'automatic',
    mandateWanted: false,
    mandate:
      method.mandateId === null ? ('none' as const) : mandate ? ('given' as const) : ('withheld' as const),
  };
}

/** @throws StripeProblem 404 for an unknown mandate, 400 for one that is not this card's or not active */
function checkMandate(call: Call, method: PaymentMethodRecord, given: string | undefined): string | null {
  if (given === undefined) return null;
  const mandate = call.world.store.mandates.get(given);
  if (!mandate) throw resourceMissing('mandate', given, 'mandate');
  if (mandate.wire.id !== method.mandateId || mandate.wire.status !== 'active') {
    throw invalidRequest(
      mandate.wire.status === 'active'
        ? `The provided mandate is not for the payment method ${method.wire.id}.`
        : `The provided mandate has a status of ${mandate.wire.status}; it must be active.`,
      { code: 'payment_intent_mandate_invalid', param: 'mandate' },
    );
  }
  return given;
}

/** Carries out a final verdict; a decline is returned as the error the caller gets to see. */
function conclude(
  call: Call,
  record: PaymentIntentRecord,
  method: PaymentMethodRecord,
  verdict: Verdict,
  { mandateId, customerPresent }: { mandateId: string | null; customerPresent: boolean },
): ErrorBody | null {
  const { wire } = record;
  const isMissed = verdict.kind === 'decline' && verdict.decline.declineCode === 'authentication_required';
  const details = {
    flow: verdict.kind === 'approve' ? verdict.flow : null,
    mandateId,
    customerSpared: !customerPresent && method.setUp && !isMissed,
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
    keep(call, record);
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

function succeedPayment(
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
  keepMethod(call, wire, method);
  keep(call, record);
  announce(call, 'payment_intent.succeeded', wire);
}

/** A card used without being saved can be used no more; one the intent was to save is saved now. */
function keepMethod(call: Call, wire: Stripe.PaymentIntent, method: PaymentMethodRecord): void {
  const customerId = customerIdOf(wire);
  if (wire.setup_future_usage && customerId) {
    attach(call, method, customerId);
    if (wire.setup_future_usage === 'off_session') method.setUp = true;
  }
  if (method.wire.customer === null) method.spent = true;
  call.world.store.paymentMethods.put(method.wire.id, method);
}

function failPayment(
  call: Call,
  record: PaymentIntentRecord,
  method: PaymentMethodRecord,
  decline: Decline,
  chargeId: string | null,
): ErrorBody {
  const error = { ...declinedError(decline, method.wire), ...(chargeId ? { charge: chargeId } : {}) };
  if (chargeId) record.wire.latest_charge = chargeId;
  backToStart(call, record, error);
  return error;
}

function backToStart(call: Call, record: PaymentIntentRecord, error: ErrorBody): void {
  const { wire } = record;
  record.challenge = null;
  wire.status = 'requires_payment_method';
  wire.payment_method = null;
  wire.next_action = null;
  wire.processing = null;
  wire.last_payment_error = error;
  keep(call, record);
  announce(call, 'payment_intent.payment_failed', wire);
}

/** The customer at the bank has answered. The intent must be waiting for them. */
export function answerPaymentChallenge(
  call: Call,
  record: PaymentIntentRecord,
  result: 'succeed' | 'fail',
): void {
  const { challenge } = record;
  const method = call.world.store.paymentMethods.get(challenge?.paymentMethodId ?? '');
  if (!challenge || !method) throw new Error(`${record.wire.id} waits for nobody`);
  if (result === 'fail') {
    backToStart(call, record, authenticationFailed(record.wire, method));
    return;
  }
  record.bankWantsCustomerOf = null;
  const scripted: Outcome | null = challenge.outcomeUsed ? null : takeOutcome(call.world, method.wire.id);
  const verdict = judgeCharge(cardOf(method), {
    ...situationOf(record, method, undefined),
    authenticated: true,
    customerPresent: true,
    bankWantsCustomer: false,
    scripted,
  });
  if (verdict.kind === 'decline' && verdict.decline.declineCode === 'authentication_required') {
    record.bankWantsCustomerOf = method.wire.id;
  }
  conclude(call, record, method, verdict, { mandateId: null, customerPresent: true });
}

/**
 * What was processing comes to its end.
 * @param result absent: what the card's number says
 */
export function settlePayment(call: Call, record: PaymentIntentRecord, result?: 'succeed' | 'fail'): void {
  if (record.wire.status !== 'processing') return;
  const charge = chargeFor(call, String(record.wire.latest_charge));
  const method = call.world.store.paymentMethods.get(String(record.wire.payment_method));
  if (!method) throw new Error(`${record.wire.id} is processing without a payment method`);
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
    const ends = cardByNumber(method.number)?.indianDebit;
    if (ends === 'customer_cancels') return declineFor('transaction_not_approved');
    if (ends === 'notification_fails') return declineFor('processing_error');
    if (ends === 'mandate_cancelled') {
      const mandate = call.world.store.mandates.get(mandateId);
      if (mandate) cancelMandate(call, mandate);
      return { ...declineFor('transaction_not_approved'), code: 'india_recurring_payment_mandate_canceled' };
    }
  }
  return result === 'fail' ? declineFor('generic_decline') : null;
}

export function cancel(
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
  keep(call, record);
  announce(call, 'payment_intent.canceled', wire);
}
