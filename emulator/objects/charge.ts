// One charge: the record of one time the bank was asked for money, and how that ended.
import { randomInt } from 'node:crypto';
import type Stripe from 'stripe';
import { exemption, threeDSecure } from '../bank/authentication.ts';
import type { Card } from '../bank/cards.ts';
import type { Decline } from '../bank/declines.ts';
import { newId } from '../store/ids.ts';
import type { ChargeRecord, PaymentMethodRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { announce } from './events.ts';
import { cardOf } from './payment-method.ts';
import { calculatedDescriptor } from './statement-descriptor.ts';

/** How soon the holder of a test card disputes a charge; with Stripe it is as quick. */
const COMPLAINT_MS = 500;

/** How soon the issuer reports the fraud. */
const WARNING_MS = 500;

export interface ChargeDetails {
  readonly flow: 'challenge' | 'frictionless' | null;
  readonly mandateId: string | null;
  /** The bank did without the customer, who was away. */
  readonly exempted: boolean;
}

export type ChargeResult =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly decline: Decline };

/** Records that the bank was asked for what `intent` is about, and what it answered. */
export function recordCharge(
  call: Call,
  intent: Stripe.PaymentIntent,
  method: PaymentMethodRecord,
  details: ChargeDetails,
  result: ChargeResult,
): ChargeRecord {
  const { world } = call;
  const id = newId('ch');
  const record: ChargeRecord = {
    wire: {
      id,
      object: 'charge',
      amount: intent.amount,
      amount_captured: 0,
      amount_refunded: 0,
      application: null,
      application_fee: null,
      application_fee_amount: null,
      balance_transaction: null,
      billing_details: structuredClone(method.wire.billing_details) as Stripe.Charge.BillingDetails,
      calculated_statement_descriptor: calculatedDescriptor(intent.statement_descriptor_suffix),
      captured: false,
      created: world.now(),
      currency: intent.currency,
      customer: intent.customer,
      description: intent.description,
      disputed: false,
      failure_balance_transaction: null,
      failure_code: null,
      failure_message: null,
      fraud_details: {},
      livemode: false,
      metadata: { ...intent.metadata },
      on_behalf_of: null,
      outcome: null,
      paid: false,
      payment_intent: intent.id,
      payment_method: method.wire.id,
      payment_method_details: { type: 'card', card: cardDetails(intent, method, details) },
      receipt_email: intent.receipt_email,
      receipt_number: null,
      receipt_url: null,
      refunded: false,
      review: null,
      shipping: null,
      source: null,
      source_transfer: null,
      statement_descriptor: intent.statement_descriptor,
      statement_descriptor_suffix: intent.statement_descriptor_suffix,
      status: 'pending',
      transfer_data: null,
      transfer_group: intent.transfer_group,
    },
  };
  if (result.kind === 'succeeded') succeedCharge(call, record);
  else if (result.kind === 'failed') failCharge(call, record, result.decline);
  else {
    world.store.charges.put(id, record);
    announce(call, 'charge.pending', record.wire);
  }
  return record;
}

function cardDetails(
  intent: Stripe.PaymentIntent,
  method: PaymentMethodRecord,
  { flow, mandateId, exempted }: ChargeDetails,
): Stripe.Charge.PaymentMethodDetails.Card {
  const card = cardOf(method);
  const wire = method.wire.card;
  const authentication = threeDSecure(card, flow);
  const stored = intent.payment_method_options?.card?.stored_credential_usage;
  return {
    amount_authorized: null,
    authorization_code: null,
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
    country: card.country,
    electronic_commerce_indicator: authentication?.electronic_commerce_indicator ?? null,
    exp_month: wire?.exp_month ?? 12,
    exp_year: wire?.exp_year ?? 2099,
    fingerprint: wire?.fingerprint ?? null,
    funding: card.funding,
    installments: null,
    last4: card.number.slice(-4),
    mandate: mandateId,
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    regulated_status: 'unregulated',
    ...(stored ? { stored_credential_usage: stored } : {}),
    three_d_secure: authentication
      ? { ...authentication, exemption_indicator: null }
      : exempted
        ? exemption(card)
        : null,
    transaction_link_id: null,
    wallet: null,
  };
}

/** The money has moved. */
export function succeedCharge(call: Call, record: ChargeRecord): void {
  const { wire } = record;
  wire.status = 'succeeded';
  wire.paid = true;
  wire.captured = true;
  wire.amount_captured = wire.amount;
  wire.balance_transaction = newId('txn');
  const card = wire.payment_method_details?.card;
  if (card) {
    card.amount_authorized = wire.amount;
    card.authorization_code = String(randomInt(100_000, 1_000_000));
    card.network_transaction_id = newNetworkTransactionId();
  }
  wire.outcome = {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: 'approved_by_network',
    reason: null,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: 'Payment complete.',
    type: 'authorized',
  };
  call.world.store.charges.put(wire.id, record);
  announce(call, 'charge.succeeded', wire);
  const { complaint, reportsFraud } = cardCharged(call, wire);
  if (complaint) schedule(call.world, 'complaint', wire.id, COMPLAINT_MS);
  if (reportsFraud) schedule(call.world, 'fraudWarning', wire.id, WARNING_MS);
}

/** No money has moved, and none will on this charge. */
export function failCharge(call: Call, record: ChargeRecord, decline: Decline): void {
  const { wire } = record;
  wire.status = 'failed';
  wire.failure_code = decline.code;
  wire.failure_message = decline.message;
  const card = wire.payment_method_details?.card;
  // The network gives its number with the issuer's answer, and one without a code of the network's came from elsewhere.
  if (card && decline.networkDeclineCode !== null) card.network_transaction_id = newNetworkTransactionId();
  wire.outcome = {
    advice_code: decline.adviceCode,
    network_advice_code: decline.networkAdviceCode,
    network_decline_code: decline.networkDeclineCode,
    network_status: 'declined_by_network',
    reason: decline.declineCode,
    risk_level: 'normal',
    risk_score: 20,
    seller_message: 'The bank did not return any further details with this decline.',
    type: 'issuer_declined',
    ...(decline.blockedFor === undefined
      ? {}
      : {
          network_status: 'not_sent_to_network',
          reason: decline.blockedFor,
          seller_message: 'Stripe blocked this payment.',
          type: 'blocked',
        }),
  };
  call.world.store.charges.put(wire.id, record);
  announce(call, 'charge.failed', wire);
}

function newNetworkTransactionId(): string {
  return String(randomInt(1_000_000_000_000)).padStart(15, '1');
}

/** The test card whose bank was asked. */
export function cardCharged(call: Call, charge: Stripe.Charge): Card {
  const method = call.world.store.paymentMethods.get(String(charge.payment_method));
  if (!method) throw new Error(`${charge.id} was made without a payment method`);
  return cardOf(method);
}
