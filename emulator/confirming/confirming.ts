// The way into a confirmation, the same for PaymentIntents and SetupIntents. The bank is asked by each on its own.

import { newChallenge, nextAction } from '../bank/authentication.ts';
import { type ErrorBody, unexpectedState } from '../http/errors.ts';
import { checkAllowed, customerIdOf, type IntentRecord } from '../objects/intents.ts';
import { paymentMethodFor } from '../objects/payment-methods.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';

/** Confirmations after which Stripe gives an intent up; the true number is "variable". */
const CONFIRMATION_LIMIT = 30;

/** The statuses in which an intent may still be confirmed. */
export const CONFIRMABLE: readonly string[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];

/** The payment method an intent was made with: a token has become one by now, and confirming must not make a second. */
export function methodMadeWith(wire: IntentRecord['wire']): { payment_method?: string } {
  return typeof wire.payment_method === 'string' ? { payment_method: wire.payment_method } : {};
}

/**
 * The payment method that this confirmation is about.
 * @throws StripeProblem 400 in a state that cannot be confirmed, without a payment method, or for one it does not take
 */
export function methodToConfirm(
  call: Call,
  { wire }: IntentRecord,
  given: string | undefined,
): PaymentMethodRecord {
  const kind = kindOf(wire);
  if (!CONFIRMABLE.includes(wire.status)) {
    const before = wire.object === 'payment_intent' ? ' after being previously confirmed' : '';
    const why =
      wire.status === 'succeeded' ? `it has already succeeded${before}` : `it has a status of ${wire.status}`;
    throw unexpectedState(`You cannot confirm this ${kind} because ${why}.`, inError(wire));
  }
  const named = given ?? wire.payment_method;
  if (typeof named !== 'string') {
    throw unexpectedState(
      `You cannot confirm this ${kind} because it's missing a payment method. You can either update the ${kind} with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.`,
      inError(wire),
    );
  }
  const method = paymentMethodFor(call, named, customerIdOf(wire));
  checkAllowed(wire, method);
  return method;
}

/**
 * Begins one more confirmation with `method`.
 * @param giveUp cancels the intent
 * @throws StripeProblem 400 when it was confirmed too often, and is now canceled
 */
export function beginConfirmation(
  record: IntentRecord,
  method: PaymentMethodRecord,
  giveUp: () => void,
): void {
  const { wire } = record;
  if (record.confirmations >= CONFIRMATION_LIMIT) {
    giveUp();
    throw unexpectedState(`This ${kindOf(wire)} was confirmed too often and is now canceled.`, inError(wire));
  }
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
  how: { return_url?: string; use_stripe_sdk?: boolean },
  outcomeUsed = false,
): void {
  const redirect = call.publishable || how.use_stripe_sdk ? null : (how.return_url ?? null);
  record.challenge = newChallenge(method.wire.id, redirect, outcomeUsed);
  record.wire.status = 'requires_action';
  record.wire.next_action = nextAction(call.origin, record.challenge);
}

/** What an intent keeps, and its caller sees, when the customer failed at the bank. */
export function authenticationFailed(wire: IntentRecord['wire'], method: PaymentMethodRecord): ErrorBody {
  return {
    type: 'invalid_request_error',
    code: `${wire.object}_authentication_failure`,
    doc_url: `https://docs.stripe.com/error-codes/${wire.object.replace('_', '-')}-authentication-failure`,
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    payment_method: structuredClone(method.wire),
    payment_method_type: 'card',
  };
}

function kindOf(wire: IntentRecord['wire']): string {
  return wire.object === 'payment_intent' ? 'PaymentIntent' : 'SetupIntent';
}

function inError(wire: IntentRecord['wire']): Parameters<typeof unexpectedState>[1] {
  return wire.object === 'payment_intent' ? { payment_intent: wire } : { setup_intent: wire };
}
