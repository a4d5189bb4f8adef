// What confirming is for both kinds of intents: what it needs, how it begins, and the customer at the bank.
import { newChallenge, nextAction } from '../bank/authentication.ts';
import {
  docUrl,
  type ErrorBody,
  type IntentInError,
  StripeProblem,
  unexpectedState,
} from '../http/errors.ts';
import { usablePaymentMethod } from '../objects/attachment.ts';
import { customerNamed } from '../objects/customers.ts';
import { applyTypes, checkAllowed, customerIdOf, type IntentRecord } from '../objects/intents.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';

/** Confirmations after which Stripe gives an intent up; the true number is "variable". */
const CONFIRMATION_LIMIT = 30;

/** The statuses in which an intent may still be confirmed. */
export const OPEN: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

type Wire = IntentRecord['wire'];

/** The parameters of a confirmation that matter to both kinds. */
export interface Confirmation {
  allowed_payment_method_types?: string[];
  off_session?: boolean;
  payment_method?: string;
  return_url?: string;
  use_stripe_sdk?: boolean;
}

export function isConfirmable({ status }: Wire): boolean {
  return OPEN.includes(status);
}

/** The payment method an intent was made with: a token has become one by now, and confirming must not make a second. */
export function methodMadeWith(wire: Wire): { payment_method?: string } {
  return typeof wire.payment_method === 'string' ? { payment_method: wire.payment_method } : {};
}

/**
 * Where the methods that the account has switched on may lead the customer away, the server says where they come back.
 * Nobody is led anywhere while the customer is away; a browser has its own page.
 * @throws StripeProblem 400
 */
export function checkReturnUrl(call: Call, wire: Wire, params: Confirmation, executed = false): void {
  const { allowed_payment_method_types, off_session, return_url } = params;
  if (call.publishable || off_session || return_url !== undefined) return;
  if (allowed_payment_method_types) return;
  const dynamic = wire.automatic_payment_methods;
  if (!dynamic?.enabled || dynamic.allow_redirects === 'never') return;
  const message = `This ${kindOf(wire)} is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a \`return_url\`. If you don't want to accept redirect-based payment methods, set \`automatic_payment_methods[enabled]\` to \`true\` and \`automatic_payment_methods[allow_redirects]\` to \`never\` when creating Setup Intents and Payment Intents.`;
  const body = { type: 'invalid_request_error' as const, message, ...(executed ? inError(wire) : {}) };
  throw new StripeProblem(400, body, executed);
}

/**
 * The payment method that this confirmation is about.
 * @throws StripeProblem 400 in a state that cannot be confirmed, for a deleted customer, without a payment method, or
 *   for one the intent does not take
 */
export function methodToConfirm(
  call: Call,
  { wire }: IntentRecord,
  params: Confirmation,
): PaymentMethodRecord {
  const kind = kindOf(wire);
  if (!isConfirmable(wire)) {
    const before = wire.object === 'payment_intent' ? ' after being previously confirmed' : '';
    const reason =
      wire.status === 'succeeded' ? `it has already succeeded${before}` : `it has a status of ${wire.status}`;
    throw unexpectedState(`You cannot confirm this ${kind} because ${reason}.`, inError(wire));
  }
  const customerId = customerIdOf(wire);
  if (customerId !== null) customerNamed(call, customerId);
  const named = params.payment_method ?? wire.payment_method;
  if (typeof named !== 'string') {
    throw unexpectedState(
      `You cannot confirm this ${kind} because it's missing a payment method. You can either update the ${kind} with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.`,
      inError(wire),
    );
  }
  checkReturnUrl(call, wire, params, true);
  const method = usablePaymentMethod(call, named, customerId);
  checkAllowed(params.allowed_payment_method_types ?? wire.allowed_payment_method_types, method);
  return method;
}

/**
 * Begins one more confirmation with `method`.
 * @param giveUp cancels the intent
 * @throws StripeProblem 400 when it was confirmed too often, and is canceled by that
 */
export function beginConfirmation(
  record: IntentRecord,
  method: PaymentMethodRecord,
  params: Confirmation,
  giveUp: () => void,
): void {
  const { wire } = record;
  if (record.confirmations >= CONFIRMATION_LIMIT) {
    giveUp();
    throw unexpectedState(
      `This ${kindOf(wire)} was confirmed too often and has been canceled.`,
      inError(wire),
    );
  }
  applyTypes(wire, params.allowed_payment_method_types);
  record.confirmations += 1;
  record.challenge = null;
  wire.payment_method = method.wire.id;
  wire.next_action = null;
}

/** The bank wants the customer: from here on the intent waits for them. */
export function sendToBank(
  call: Call,
  record: IntentRecord,
  method: PaymentMethodRecord,
  params: Confirmation,
  outcomeUsed = false,
): void {
  const redirect = call.publishable || params.use_stripe_sdk ? null : (params.return_url ?? null);
  record.challenge = newChallenge(method.wire.id, redirect, outcomeUsed);
  record.wire.status = 'requires_action';
  record.wire.next_action = nextAction(call.origin, record.challenge);
}

/** What an intent keeps, and its caller sees, when the customer failed at the bank. */
export function authenticationFailed(wire: Wire, method: PaymentMethodRecord): ErrorBody {
  const code = `${wire.object}_authentication_failure`;
  return {
    type: 'invalid_request_error',
    code,
    doc_url: docUrl(code),
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    payment_method: structuredClone(method.wire),
    payment_method_type: 'card',
  };
}

function kindOf(wire: Wire): string {
  return wire.object === 'payment_intent' ? 'PaymentIntent' : 'SetupIntent';
}

function inError(wire: Wire): IntentInError {
  return wire.object === 'payment_intent' ? { payment_intent: wire } : { setup_intent: wire };
}
