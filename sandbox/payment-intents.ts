// PaymentIntents: one amount, at most one successful charge. The bank's answers come from bank.ts.
import type Stripe from 'stripe';
import { newChallenge, nextAction } from './authentication.ts';
import { judgeCharge, type Verdict } from './bank.ts';
import { cardByNumber } from './cards.ts';
import { chargeFor, failCharge, recordCharge, succeedCharge } from './charges.ts';
import { customerFor } from './customers.ts';
import { type Decline, declineFor } from './declines.ts';
import { type ErrorBody, invalidRequest, resourceMissing, StripeProblem, unexpectedState } from './errors.ts';
import { announce } from './events.ts';
import { newId, randomText } from './ids.ts';
import {
  CONFIRMATION_LIMIT,
  checkAllowed,
  checkClientSecret,
  checkMethodChoice,
  METHOD_CHOICE,
  PAYMENT_OPTIONS,
  viewFor,
} from './intents.ts';
import { PAGING, page } from './lists.ts';
import { cancelMandate } from './mandates.ts';
import { checkMoney } from './money.ts';
import { takeOutcome } from './outcomes.ts';
import {
  clearable,
  created,
  flag,
  integer,
  mergeMetadata,
  metadata,
  oneOf,
  type Params,
  type Reader,
  readParams,
  text,
  texts,
  verbatim,
} from './params.ts';
import { attach, cardOf, declinedError, paymentMethodFor } from './payment-methods.ts';
import type { Outcome, PaymentIntentRecord, PaymentMethodRecord } from './records.ts';
import type { Route } from './routes.ts';
import { type Call, schedule } from './world.ts';

const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
const CANCELABLE = [...CONFIRMABLE, 'requires_capture'];

/** How long India's rules give a notified customer before the debit, docs.stripe.com/india-recurring-payments. */
const NOTIFICATION_MS = 26 * 60 * 60 * 1000;
/** Above this the customer has to approve each debit, in paise: 15,000 rupees. */
const APPROVAL_ABOVE = 1_500_000;

const offSession: Reader<boolean> = (value, param) =>
  value === 'recurring' || value === 'one_off' ? true : flag(value, param);

const HOW_TO_CONFIRM = {
  error_on_requires_action: flag,
  mandate: text,
  mandate_data: verbatim,
  off_session: offSession,
  payment_method: text,
  payment_method_options: PAYMENT_OPTIONS,
  return_url: text,
  use_stripe_sdk: flag,
};
const DESCRIPTION = {
  receipt_email: clearable,
  setup_future_usage: oneOf('off_session', 'on_session'),
  shipping: verbatim,
};
const CONFIRM = { ...HOW_TO_CONFIRM, ...DESCRIPTION, allowed_payment_method_types: texts, expand: texts };
const CONFIRM_IN_BROWSER = {
  client_secret: text,
  expand: texts,
  payment_method: text,
  receipt_email: clearable,
  return_url: text,
  use_stripe_sdk: flag,
};
const UPDATE = {
  ...DESCRIPTION,
  allowed_payment_method_types: texts,
  amount: integer,
  currency: text,
  customer: text,
  description: clearable,
  expand: texts,
  metadata,
  payment_method: text,
  payment_method_options: PAYMENT_OPTIONS,
  statement_descriptor: clearable,
  statement_descriptor_suffix: clearable,
  transfer_group: text,
};
const CREATE = {
  ...UPDATE,
  ...HOW_TO_CONFIRM,
  ...METHOD_CHOICE,
  capture_method: oneOf('automatic', 'automatic_async'),
  confirm: flag,
  confirmation_method: oneOf('automatic'),
};

type HowToConfirm = Params<typeof HOW_TO_CONFIRM>;

function keep(call: Call, record: PaymentIntentRecord): void {
  call.world.store.paymentIntents.put(record.wire.id, record);
}

/** @throws StripeProblem 404 if there is none */
export function paymentIntentFor(call: Call, id: string, param = 'intent'): PaymentIntentRecord {
  const record = call.world.store.paymentIntents.get(id);
  if (!record) throw resourceMissing('payment_intent', id, param);
  return record;
}

function customerIdOf(wire: Stripe.PaymentIntent): string | null {
  return typeof wire.customer === 'string' ? wire.customer : null;
}

function apply(call: Call, record: PaymentIntentRecord, params: Params<typeof UPDATE>): void {
  const { wire } = record;
  const currency = params.currency?.toLowerCase() ?? wire.currency;
  const amount = params.amount ?? wire.amount;
  checkMoney(amount, currency);
  const customerId = params.customer ?? customerIdOf(wire);
  if (params.customer !== undefined) customerFor(call, params.customer);
  const method =
    params.payment_method === undefined ? null : paymentMethodFor(call, params.payment_method, customerId);
  const types = params.allowed_payment_method_types ?? wire.allowed_payment_method_types;
  if (method) checkAllowed({ allowed_payment_method_types: types }, method);

  wire.amount = amount;
  wire.currency = currency;
  wire.customer = customerId;
  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  applyTypes(wire, params.allowed_payment_method_types);
  if (params.description !== undefined) wire.description = params.description;
  if (params.statement_descriptor !== undefined) wire.statement_descriptor = params.statement_descriptor;
  if (params.statement_descriptor_suffix !== undefined) {
    wire.statement_descriptor_suffix = params.statement_descriptor_suffix;
  }
  if (params.transfer_group !== undefined) wire.transfer_group = params.transfer_group;
  applyDescription(wire, params);
  applyOptions(wire, params.payment_method_options);
  if (method) {
    wire.payment_method = method.wire.id;
    wire.status = 'requires_confirmation';
  }
}

function applyDescription(wire: Stripe.PaymentIntent, params: Params<typeof DESCRIPTION>): void {
  if (params.receipt_email !== undefined) wire.receipt_email = params.receipt_email;
  if (params.setup_future_usage) wire.setup_future_usage = params.setup_future_usage;
  if (params.shipping) wire.shipping = params.shipping as unknown as Stripe.PaymentIntent.Shipping;
}

function applyTypes(wire: Stripe.PaymentIntent, types: string[] | undefined): void {
  if (!types) return;
  wire.allowed_payment_method_types = types;
  wire.payment_method_types = types;
}

function applyOptions(wire: Stripe.PaymentIntent, options: HowToConfirm['payment_method_options']): void {
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
  if (!CONFIRMABLE.includes(wire.status)) {
    const why =
      wire.status === 'succeeded'
        ? 'it has already succeeded after being previously confirmed'
        : `it has a status of ${wire.status}`;
    throw unexpectedState(`You cannot confirm this PaymentIntent because ${why}.`, { payment_intent: wire });
  }
  const named = params.payment_method ?? wire.payment_method;
  if (typeof named !== 'string') {
    throw unexpectedState(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      { payment_intent: wire },
    );
  }
  const method = paymentMethodFor(call, named, customerIdOf(wire));
  checkAllowed(wire, method);
  const mandateId = checkMandate(call, method, params.mandate);
  if (record.confirmations >= CONFIRMATION_LIMIT) {
    cancel(call, record, 'automatic');
    throw unexpectedState('This PaymentIntent was confirmed too often and is now canceled.', {
      payment_intent: wire,
    });
  }
  applyOptions(wire, params.payment_method_options);
  record.confirmations += 1;
  record.challenge = null;
  wire.payment_method = method.wire.id;
  wire.next_action = null;
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
    const redirect = call.publishable || params.use_stripe_sdk ? null : (params.return_url ?? null);
    record.challenge = newChallenge(method.wire.id, redirect, scripted !== null);
    wire.status = 'requires_action';
    wire.next_action = nextAction(call.origin, record.challenge);
    keep(call, record);
    announce(call, 'payment_intent.requires_action', wire);
    return;
  }
  if (verdict.kind === 'challenge' && !customerPresent) record.bankWantsCustomerOf = method.wire.id;
  const decline = conclude(call, record, method, asDecline(verdict, customerPresent), mandateId);
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
  mandateId: string | null,
): ErrorBody | null {
  const { wire } = record;
  const details = { flow: verdict.kind === 'approve' ? verdict.flow : null, mandateId };
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
    backToStart(call, record, {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      doc_url: 'https://docs.stripe.com/error-codes/payment-intent-authentication-failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: structuredClone(method.wire),
      payment_method_type: 'card',
    });
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
  conclude(call, record, method, verdict, null);
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

function cancel(
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

function newPaymentIntent(
  call: Call,
  params: Params<typeof CREATE, 'amount' | 'currency'>,
): PaymentIntentRecord {
  const id = newId('pi');
  const types = params.allowed_payment_method_types;
  return {
    wire: {
      id,
      object: 'payment_intent',
      allowed_payment_method_types: types ?? null,
      amount: params.amount,
      amount_capturable: 0,
      amount_received: 0,
      application: null,
      application_fee_amount: null,
      automatic_payment_methods: types
        ? null
        : { allow_redirects: 'always', enabled: true, ...params.automatic_payment_methods },
      canceled_at: null,
      cancellation_reason: null,
      capture_method: params.capture_method ?? 'automatic_async',
      client_secret: `${id}_secret_${randomText(25)}`,
      confirmation_method: 'automatic',
      created: call.world.now(),
      currency: params.currency.toLowerCase(),
      customer: null,
      customer_account: null,
      description: null,
      excluded_payment_method_types: params.excluded_payment_method_types ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      managed_payments: null,
      metadata: {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: {
        card: {
          installments: null,
          mandate_options: null,
          network: null,
          request_three_d_secure: 'automatic',
        },
      },
      payment_method_types: types ?? ['card'],
      payment_record: null,
      processing: null,
      receipt_email: null,
      review: null,
      setup_future_usage: null,
      shipping: null,
      source: null,
      statement_descriptor: null,
      statement_descriptor_suffix: null,
      status: 'requires_payment_method',
      transfer_data: null,
      transfer_group: null,
    },
    challenge: null,
    confirmations: 0,
    bankWantsCustomerOf: null,
  };
}

/** @throws StripeProblem 400 for parameters that only mean something when the intent is confirmed at once */
function checkConfirmOnly(params: Params<typeof CREATE>): void {
  if (params.confirm) return;
  for (const param of ['error_on_requires_action', 'mandate', 'off_session', 'return_url'] as const) {
    if (params[param] !== undefined) {
      throw invalidRequest(`\`${param}\` can only be used when \`confirm\` is \`true\`.`, { param });
    }
  }
}

/** The parameters that may still change after the end. */
const ALWAYS_CHANGEABLE = ['metadata', 'description', 'receipt_email', 'expand'];

export const paymentIntentRoutes: Route[] = [
  {
    method: 'POST',
    path: '/payment_intents',
    handle(call, raw) {
      const params = readParams(raw, CREATE, ['amount', 'currency']);
      checkMethodChoice(params);
      checkConfirmOnly(params);
      const record = newPaymentIntent(call, params);
      apply(call, record, params);
      keep(call, record);
      announce(call, 'payment_intent.created', record.wire);
      if (params.confirm) {
        const made = record.wire.payment_method;
        // A token has become a payment method by now; confirming must not make a second one.
        confirmPayment(call, record, {
          ...params,
          ...(typeof made === 'string' ? { payment_method: made } : {}),
        });
      }
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/payment_intents/:id',
    publishable: true,
    handle(call, raw, { id }) {
      const { wire } = paymentIntentFor(call, id);
      readParams(raw, { client_secret: text, expand: texts });
      checkClientSecret(call, raw, wire, 'payment_intent');
      return viewFor(call, wire);
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, UPDATE);
      const record = paymentIntentFor(call, id);
      const asked = Object.keys(params).filter((param) => !ALWAYS_CHANGEABLE.includes(param));
      if (!CONFIRMABLE.includes(record.wire.status) && asked.length > 0) {
        throw unexpectedState(
          `This PaymentIntent's ${asked.join(', ')} could not be updated because it has a status of ${record.wire.status}. You may only update it with one of the following statuses: ${CONFIRMABLE.join(', ')}.`,
          { payment_intent: record.wire },
        );
      }
      apply(call, record, params);
      record.wire.last_payment_error = null;
      keep(call, record);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id/confirm',
    publishable: true,
    handle(call, raw, { id }) {
      if (call.publishable) {
        const params = readParams(raw, CONFIRM_IN_BROWSER);
        const record = paymentIntentFor(call, id);
        checkClientSecret(call, raw, record.wire, 'payment_intent');
        confirmPayment(call, record, params);
        return viewFor(call, record.wire);
      }
      const params = readParams(raw, CONFIRM);
      const record = paymentIntentFor(call, id);
      if (CONFIRMABLE.includes(record.wire.status)) {
        applyDescription(record.wire, params);
        applyTypes(record.wire, params.allowed_payment_method_types);
      }
      confirmPayment(call, record, params);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/payment_intents/:id/cancel',
    handle(call, raw, { id }) {
      const params = readParams(raw, {
        cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer'),
        expand: texts,
      });
      const record = paymentIntentFor(call, id);
      if (!CANCELABLE.includes(record.wire.status)) {
        throw unexpectedState(
          `You cannot cancel this PaymentIntent because it has a status of ${record.wire.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
          { payment_intent: record.wire },
        );
      }
      cancel(call, record, params.cancellation_reason ?? null);
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/payment_intents',
    handle({ world }, raw) {
      const params = readParams(raw, { ...PAGING, created, customer: text });
      const matching = world.store.paymentIntents
        .newestFirst()
        .map(({ wire }) => wire)
        .filter((wire) => params.customer === undefined || wire.customer === params.customer)
        .filter((wire) => params.created?.(wire.created) ?? true);
      return page('/v1/payment_intents', matching, params);
    },
  },
];
