// SetupIntents: saving a card, with the customer at the bank where it asks. It charges nothing.

import type Stripe from 'stripe';
import { judgeSetup, type Verdict } from '../bank/bank.ts';
import { takesMandate } from '../bank/cards.ts';
import type { Decline } from '../bank/declines.ts';
import {
  authenticationFailed,
  beginConfirmation,
  CONFIRMABLE,
  methodMadeWith,
  methodToConfirm,
  sendToBank,
} from '../confirming/confirming.ts';
import { type ErrorBody, resourceMissing, StripeProblem, unexpectedState } from '../http/errors.ts';
import { listRoute } from '../http/lists.ts';
import {
  clearable,
  flag,
  metadata,
  oneOf,
  type Params,
  readParams,
  text,
  texts,
  verbatim,
} from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId, randomText } from '../store/ids.ts';
import type { PaymentMethodRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { announce } from './events.ts';
import {
  applyShared,
  applyTypes,
  checkClientSecret,
  checkMethodChoice,
  customerIdOf,
  METHOD_CHOICE,
  SETUP_OPTIONS,
  viewFor,
} from './intents.ts';
import { createMandate } from './mandates.ts';
import { attach, cardOf, declinedError } from './payment-methods.ts';
import { abandonAttempt, beginAttempt, finishAttempt } from './setup-attempts.ts';

const HOW_TO_CONFIRM = {
  mandate_data: verbatim,
  payment_method: text,
  payment_method_options: SETUP_OPTIONS,
  return_url: text,
  use_stripe_sdk: flag,
};
const CONFIRM = {
  ...HOW_TO_CONFIRM,
  allowed_payment_method_types: texts,
  client_secret: text,
  expand: texts,
};
const UPDATE = {
  allowed_payment_method_types: texts,
  customer: text,
  description: clearable,
  expand: texts,
  metadata,
  payment_method: text,
  payment_method_options: SETUP_OPTIONS,
};
const CREATE = {
  ...HOW_TO_CONFIRM,
  ...METHOD_CHOICE,
  confirm: flag,
  customer: text,
  description: text,
  expand: texts,
  metadata,
  usage: oneOf('off_session', 'on_session'),
};

function keep(call: Call, record: SetupIntentRecord): void {
  call.world.store.setupIntents.put(record.wire.id, record);
}

/** @throws StripeProblem 404 if there is none */
function setupIntentFor(call: Call, id: string): SetupIntentRecord {
  const record = call.world.store.setupIntents.get(id);
  if (!record) throw resourceMissing('setupintent', id, 'intent');
  return record;
}

function apply(call: Call, record: SetupIntentRecord, params: Params<typeof UPDATE>): void {
  applyShared(call, record, params);
  applyOptions(record.wire, params.payment_method_options);
}

function applyOptions(
  wire: Stripe.SetupIntent,
  options: Params<typeof UPDATE>['payment_method_options'],
): void {
  const given = options?.card;
  if (!given) return;
  wire.payment_method_options = {
    card: {
      mandate_options: null,
      network: null,
      request_three_d_secure: 'automatic',
      ...wire.payment_method_options?.card,
      ...given,
    } as Stripe.SetupIntent.PaymentMethodOptions.Card,
  };
}

/**
 * Confirms: asks the bank, and the customer where the bank wants that.
 * @throws StripeProblem 402 when the bank declines, 400 in a state that cannot be confirmed
 */
function confirm(call: Call, record: SetupIntentRecord, params: Params<typeof HOW_TO_CONFIRM>): void {
  const { wire } = record;
  const method = methodToConfirm(call, record, params.payment_method);
  beginConfirmation(record, method, () => cancel(call, record, null));
  applyOptions(wire, params.payment_method_options);
  wire.last_setup_error = null;
  beginAttempt(call, record, method);

  const verdict = ask(record, method, false);
  if (verdict.kind === 'challenge') {
    sendToBank(call, record, method, params);
    keep(call, record);
    announce(call, 'setup_intent.requires_action', wire);
    return;
  }
  const error = conclude(call, record, method, verdict);
  if (error) throw new StripeProblem(402, { ...error, setup_intent: wire }, true);
}

function ask(record: SetupIntentRecord, method: PaymentMethodRecord, authenticated: boolean): Verdict {
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
  const decline = (verdict as { decline: Decline }).decline;
  const error = declinedError(decline, method.wire);
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
  keep(call, record);
  announce(call, 'setup_intent.succeeded', wire);
}

function fail(call: Call, record: SetupIntentRecord, error: ErrorBody): void {
  const { wire } = record;
  wire.status = 'requires_payment_method';
  wire.payment_method = null;
  wire.next_action = null;
  wire.last_setup_error = error;
  record.challenge = null;
  keep(call, record);
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
    conclude(call, record, method, ask(record, method, true));
    return;
  }
  const error = authenticationFailed(record.wire, method);
  finishAttempt(call, record, method, { flow: 'challenge', authenticated: false, error });
  fail(call, record, error);
}

function cancel(
  call: Call,
  record: SetupIntentRecord,
  reason: Stripe.SetupIntent.CancellationReason | null,
): void {
  abandonAttempt(call, record);
  record.challenge = null;
  record.wire.status = 'canceled';
  record.wire.cancellation_reason = reason;
  record.wire.next_action = null;
  keep(call, record);
  announce(call, 'setup_intent.canceled', record.wire);
}

function newSetupIntent(call: Call, params: Params<typeof CREATE>): SetupIntentRecord {
  const id = newId('seti');
  const types = params.allowed_payment_method_types;
  return {
    wire: {
      id,
      object: 'setup_intent',
      allowed_payment_method_types: types ?? null,
      application: null,
      automatic_payment_methods: types
        ? null
        : { allow_redirects: 'always', enabled: true, ...params.automatic_payment_methods },
      cancellation_reason: null,
      client_secret: `${id}_secret_${randomText(25)}`,
      created: call.world.now(),
      customer: null,
      customer_account: null,
      description: null,
      excluded_payment_method_types: params.excluded_payment_method_types ?? null,
      flow_directions: null,
      last_setup_error: null,
      latest_attempt: null,
      livemode: false,
      mandate: null,
      metadata: {},
      next_action: null,
      on_behalf_of: null,
      payment_method: null,
      payment_method_configuration_details: null,
      payment_method_options: {
        card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
      },
      payment_method_types: types ?? ['card'],
      single_use_mandate: null,
      status: 'requires_payment_method',
      usage: params.usage ?? 'off_session',
    },
    challenge: null,
    confirmations: 0,
  };
}

export const setupIntentRoutes: Route[] = [
  {
    method: 'POST',
    path: '/setup_intents',
    handle(call, raw) {
      const params = readParams(raw, CREATE);
      checkMethodChoice(params);
      const record = newSetupIntent(call, params);
      apply(call, record, params);
      keep(call, record);
      announce(call, 'setup_intent.created', record.wire);
      if (params.confirm) confirm(call, record, { ...params, ...methodMadeWith(record.wire) });
      return record.wire;
    },
  },
  {
    method: 'GET',
    path: '/setup_intents/:id',
    publishable: true,
    handle(call, raw, { id }) {
      readParams(raw, { client_secret: text, expand: texts });
      const { wire } = setupIntentFor(call, id);
      checkClientSecret(call, raw, wire, 'setupintent');
      return viewFor(call, wire);
    },
  },
  {
    method: 'POST',
    path: '/setup_intents/:id',
    handle(call, raw, { id }) {
      const params = readParams(raw, UPDATE);
      const record = setupIntentFor(call, id);
      if (!CONFIRMABLE.includes(record.wire.status)) {
        throw unexpectedState(
          `You cannot update this SetupIntent because it has a status of ${record.wire.status}.`,
          { setup_intent: record.wire },
        );
      }
      apply(call, record, params);
      keep(call, record);
      return record.wire;
    },
  },
  {
    method: 'POST',
    path: '/setup_intents/:id/confirm',
    publishable: true,
    handle(call, raw, { id }) {
      const params = readParams(raw, CONFIRM);
      const record = setupIntentFor(call, id);
      checkClientSecret(call, raw, record.wire, 'setupintent');
      if (CONFIRMABLE.includes(record.wire.status))
        applyTypes(record.wire, params.allowed_payment_method_types);
      confirm(call, record, params);
      return viewFor(call, record.wire);
    },
  },
  {
    method: 'POST',
    path: '/setup_intents/:id/cancel',
    handle(call, raw, { id }) {
      const params = readParams(raw, {
        cancellation_reason: oneOf('abandoned', 'duplicate', 'requested_by_customer'),
        expand: texts,
      });
      const record = setupIntentFor(call, id);
      if (!CONFIRMABLE.includes(record.wire.status)) {
        throw unexpectedState(
          `You cannot cancel this SetupIntent because it has a status of ${record.wire.status}. Only a SetupIntent with one of the following statuses may be canceled: ${CONFIRMABLE.join(', ')}.`,
          { setup_intent: record.wire },
        );
      }
      cancel(call, record, params.cancellation_reason ?? null);
      return record.wire;
    },
  },
  listRoute('/setup_intents', 'setupIntents', ['customer', 'payment_method']),
];
