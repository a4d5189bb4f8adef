// Confirming a SetupIntent: the bank and the customer are asked, and their answer takes effect.
import type Stripe from 'stripe';
import { judgeSetup, type Verdict } from '../bank/bank.ts';
import { takesMandate } from '../bank/cards.ts';
import { type ErrorBody, StripeProblem } from '../http/errors.ts';
import type { Params } from '../http/params.ts';
import { flag, text, texts, verbatim } from '../http/readers.ts';
import { attach } from '../objects/attachment.ts';
import { applySetupOptions, SETUP_OPTIONS } from '../objects/card-options.ts';
import { announce } from '../objects/events.ts';
import { customerIdOf } from '../objects/intents.ts';
import { createMandate } from '../objects/mandates.ts';
import { cardOf, declinedError } from '../objects/payment-method.ts';
import { abandonAttempt, beginAttempt, finishAttempt } from '../objects/setup-attempts.ts';
import { keepSetupIntent } from '../objects/setup-intent.ts';
import type { PaymentMethodRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { authenticationFailed, beginConfirmation, methodToConfirm, sendToBank } from './confirmation.ts';

export const HOW_TO_CONFIRM = {
  allowed_payment_method_types: texts,
  mandate_data: verbatim,
  payment_method: text,
  payment_method_options: SETUP_OPTIONS,
  return_url: text,
  use_stripe_sdk: flag,
};

/**
 * Confirms: asks the bank, and the customer where the bank wants that.
 * @throws StripeProblem 402 when the bank declines, 400 in a state that cannot be confirmed
 */
export function confirmSetup(
  call: Call,
  record: SetupIntentRecord,
  params: Params<typeof HOW_TO_CONFIRM>,
): void {
  const { wire } = record;
  const method = methodToConfirm(call, record, params);
  beginConfirmation(record, method, params, () => cancelSetup(call, record, null));
  applySetupOptions(wire, params.payment_method_options);
  wire.last_setup_error = null;
  beginAttempt(call, record, method);

  const verdict = askBank(record, method, false);
  if (verdict.kind === 'challenge') {
    sendToBank(call, record, method, params);
    keepSetupIntent(call, record);
    announce(call, 'setup_intent.requires_action', wire);
    return;
  }
  const error = conclude(call, record, method, verdict);
  if (error) throw new StripeProblem(402, { ...error, setup_intent: wire }, true);
}

function askBank(record: SetupIntentRecord, method: PaymentMethodRecord, authenticated: boolean): Verdict {
  const options = record.wire.payment_method_options?.card;
  return judgeSetup(cardOf(method), {
    authenticated,
    threeDSecureWanted: (options?.request_three_d_secure ?? 'automatic') !== 'automatic',
    mandateWanted: Boolean(options?.mandate_options),
  });
}

/** Carries out a final verdict; a decline is returned as the error the caller gets to see. */
function conclude(
  call: Call,
  record: SetupIntentRecord,
  method: PaymentMethodRecord,
  verdict: Verdict,
): ErrorBody | null {
  if (verdict.kind === 'approve') {
    succeed(call, record, method, verdict.flow);
    return null;
  }
  if (verdict.kind !== 'decline') throw new Error(`${verdict.kind} is no end of a setup`);
  const error = declinedError(verdict.decline, method.wire);
  finishAttempt(call, record, method, { flow: null, error });
  fail(call, record, error);
  return error;
}

function succeed(
  call: Call,
  record: SetupIntentRecord,
  method: PaymentMethodRecord,
  flow: 'challenge' | 'frictionless' | null,
): void {
  const { wire } = record;
  const customerId = customerIdOf(wire);
  finishAttempt(call, record, method, { flow });
  if (customerId) attach(call, method, customerId);
  if (wire.usage === 'off_session') method.setUp = true;
  call.world.store.paymentMethods.put(method.wire.id, method);
  const options = wire.payment_method_options?.card?.mandate_options;
  if (options && takesMandate(cardOf(method))) {
    wire.mandate = createMandate(call, method, wire.id, options).wire.id;
  }
  wire.status = 'succeeded';
  wire.next_action = null;
  record.challenge = null;
  keepSetupIntent(call, record);
  announce(call, 'setup_intent.succeeded', wire);
}

function fail(call: Call, record: SetupIntentRecord, error: ErrorBody): void {
  const { wire } = record;
  wire.status = 'requires_payment_method';
  wire.payment_method = null;
  wire.next_action = null;
  wire.last_setup_error = error;
  record.challenge = null;
  keepSetupIntent(call, record);
  announce(call, 'setup_intent.setup_failed', wire);
}

/** The customer at the bank has answered. The intent must be waiting for them. */
export function answerSetupChallenge(
  call: Call,
  record: SetupIntentRecord,
  result: 'succeed' | 'fail',
): void {
  const method = call.world.store.paymentMethods.get(record.challenge?.paymentMethodId ?? '');
  if (!method) throw new Error(`${record.wire.id} waits for nobody`);
  if (result === 'succeed') {
    conclude(call, record, method, askBank(record, method, true));
    return;
  }
  const error = authenticationFailed(record.wire, method);
  finishAttempt(call, record, method, { flow: 'challenge', authenticated: false, error });
  fail(call, record, error);
}

export function cancelSetup(
  call: Call,
  record: SetupIntentRecord,
  reason: Stripe.SetupIntent.CancellationReason | null,
): void {
  abandonAttempt(call, record);
  record.challenge = null;
  record.wire.status = 'canceled';
  record.wire.cancellation_reason = reason;
  record.wire.next_action = null;
  keepSetupIntent(call, record);
  announce(call, 'setup_intent.canceled', record.wire);
}
