// Confirming a PaymentIntent: the bank is asked for the money, and the customer where the bank wants that.
import type Stripe from 'stripe';
import { judgeCharge, type Verdict } from '../bank/bank.ts';
import { declineFor } from '../bank/declines.ts';
import { takeOutcome } from '../bank/outcomes.ts';
import { notAllowed, StripeProblem, unknownReference } from '../http/errors.ts';
import type { Params, Reader } from '../http/params.ts';
import { flag, text, texts, verbatim } from '../http/readers.ts';
import { applyPaymentOptions, PAYMENT_OPTIONS } from '../objects/card-options.ts';
import { announce } from '../objects/events.ts';
import { applyDetails, DETAILS, keepPaymentIntent } from '../objects/payment-intent.ts';
import { cardOf } from '../objects/payment-method.ts';
import type { Outcome, PaymentIntentRecord, PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { authenticationFailed, beginConfirmation, methodToConfirm, sendToBank } from './confirmation.ts';
import { cancelPayment, conclude, returnToStart } from './payment-outcome.ts';

const offSession: Reader<boolean> = (value, param) =>
  value === 'recurring' || value === 'one_off' ? true : flag(value, param);

export const HOW_TO_CONFIRM = {
  ...DETAILS,
  allowed_payment_method_types: texts,
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

/**
 * Confirms: asks the bank for the money, and the customer where the bank wants that and they are there.
 * @throws StripeProblem 402 when the bank declines, also for want of the customer; 400 in a state that
 *   cannot be confirmed
 */
export function confirmPayment(call: Call, record: PaymentIntentRecord, params: HowToConfirm): void {
  const { wire } = record;
  const method = methodToConfirm(call, record, params);
  checkUsage(wire, params);
  const mandateId = checkMandate(call, method, params.mandate);
  beginConfirmation(record, method, params, () => cancelPayment(call, record, 'automatic'));
  applyDetails(wire, params);
  applyPaymentOptions(wire, params.payment_method_options);
  wire.last_payment_error = null;

  const customerPresent = params.off_session !== true;
  const bankWantsCustomer = record.bankWantsCustomerOf === method.wire.id;
  const bankAsksFirst = customerPresent && bankWantsCustomer;
  const scripted = bankAsksFirst ? null : takeOutcome(call.world, method.wire.id);
  const verdict = judgeCharge(cardOf(method), {
    ...situationOf(record, method, params.mandate),
    authenticated: false,
    customerPresent,
    bankWantsCustomer,
    scripted,
  });
  if (verdict.kind === 'challenge' && customerPresent && params.error_on_requires_action !== true) {
    sendToBank(call, record, method, params, scripted !== null);
    keepPaymentIntent(call, record);
    announce(call, 'payment_intent.requires_action', wire);
    return;
  }
  if (verdict.kind === 'challenge' && !customerPresent) record.bankWantsCustomerOf = method.wire.id;
  const error = conclude(call, record, method, asDecline(verdict, customerPresent), {
    mandateId,
    customerPresent,
  });
  if (error) throw new StripeProblem(402, { ...error, payment_intent: wire }, true);
}

/** @throws StripeProblem 400 where the card is to be saved and used as a saved one at the same time */
function checkUsage(wire: Stripe.PaymentIntent, params: HowToConfirm): void {
  const willBeSaved = params.setup_future_usage ?? wire.setup_future_usage;
  if (!willBeSaved) return;
  if (params.off_session) {
    throw notAllowed(
      'You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the PaymentIntent because you cannot set up future usages when processing payments off-session.',
      { param: 'off_session' },
    );
  }
  const stored =
    params.payment_method_options?.card?.stored_credential_usage ??
    wire.payment_method_options?.card?.stored_credential_usage;
  if (stored) {
    throw notAllowed(
      'You cannot use `stored_credential_usage` together with `setup_future_usage`: the one is for a card that is saved already, the other saves it.',
      { param: 'payment_method_options[card][stored_credential_usage]' },
    );
  }
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

/** @throws StripeProblem 400 for a mandate that is unknown, another card's, or not active */
function checkMandate(call: Call, method: PaymentMethodRecord, mandateId: string | undefined): string | null {
  if (mandateId === undefined) return null;
  const mandate = call.world.store.mandates.get(mandateId);
  if (!mandate) throw unknownReference('mandate', mandateId, 'mandate');
  if (mandate.wire.id !== method.mandateId || mandate.wire.status !== 'active') {
    throw notAllowed(
      mandate.wire.status === 'active'
        ? `The provided mandate is not for the payment method ${method.wire.id}.`
        : `The provided mandate has a status of ${mandate.wire.status}; it must be active.`,
      { code: 'payment_intent_mandate_invalid', param: 'mandate' },
    );
  }
  return mandateId;
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
    returnToStart(call, record, authenticationFailed(record.wire, method));
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
  conclude(call, record, method, verdict, { mandateId: null, customerPresent: true, authenticated: true });
}
