// SetupIntents: saving a card, with the customer at the bank where it asks. It charges nothing.

import type Stripe from 'stripe';
import { newChallenge, nextAction } from './authentication.ts';
import { judgeSetup, type Verdict } from './bank.ts';
import { takesMandate } from './cards.ts';
import { customerFor } from './customers.ts';
import type { Decline } from './declines.ts';
import { type ErrorBody, resourceMissing, StripeProblem, unexpectedState } from './errors.ts';
import { announce } from './events.ts';
import { newId, randomText } from './ids.ts';
import {
  CONFIRMABLE,
  CONFIRMATION_LIMIT,
  checkAllowed,
  checkClientSecret,
  checkMethodChoice,
  customerIdOf,
  METHOD_CHOICE,
  SETUP_OPTIONS,
  viewFor,
} from './intents.ts';
import { PAGING, page } from './lists.ts';
import { createMandate } from './mandates.ts';
import {
  clearable,
  created,
  flag,
  mergeMetadata,
  metadata,
  oneOf,
  type Params,
  readParams,
  text,
  texts,
  verbatim,
} from './params.ts';
import { attach, cardOf, declinedError, paymentMethodFor } from './payment-methods.ts';
import type { PaymentMethodRecord, SetupIntentRecord } from './records.ts';
import type { Route } from './routes.ts';
import { abandonAttempt, beginAttempt, finishAttempt } from './setup-attempts.ts';
import type { Call } from './world.ts';

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
export function setupIntentFor(call: Call, id: string): SetupIntentRecord {
  const record = call.world.store.setupIntents.get(id);
  if (!record) throw resourceMissing('setupintent', id, 'intent');
  return record;
}

/** Changes what may be changed while the intent is open; a payment method makes it ready to be confirmed. */
function apply(call: Call, record: SetupIntentRecord, params: Params<typeof UPDATE>): void {
  const { wire } = record;
  const customerId = params.customer ?? customerIdOf(wire);
  if (params.customer !== undefined) customerFor(call, params.customer);
  const method =
    params.payment_method === undefined ? null : paymentMethodFor(call, params.payment_method, customerId);
  const types = params.allowed_payment_method_types ?? wire.allowed_payment_method_types;
  if (method) checkAllowed({ allowed_payment_method_types: types }, method);

  wire.customer = customerId;
  if (params.description !== undefined) wire.description = params.description;
  wire.metadata = mergeMetadata(wire.metadata, params.metadata);
  applyTypes(wire, params.allowed_payment_method_types);
  applyOptions(wire, params.payment_method_options);
  if (method) {
    wire.payment_method = method.wire.id;
    wire.status = 'requires_confirmation';
  }
}

function applyTypes(wire: Stripe.SetupIntent, types: string[] | undefined): void {
  if (!types) return;
  wire.allowed_payment_method_types = types;
  wire.payment_method_types = types;
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
  if (!CONFIRMABLE.includes(wire.status)) {
    const why =
      wire.status === 'succeeded' ? 'it has already succeeded' : `it has a status of ${String(wire.status)}`;
    throw unexpectedState(`You cannot confirm this SetupIntent because ${why}.`, { setup_intent: wire });
  }
  const named = params.payment_method ?? wire.payment_method;
  if (typeof named !== 'string') {
    throw unexpectedState(
      "You cannot confirm this SetupIntent because it's missing a payment method. You can either update the SetupIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      { setup_intent: wire },
    );
  }
  const method = paymentMethodFor(call, named, customerIdOf(wire));
  checkAllowed(wire, method);
  if (record.confirmations >= CONFIRMATION_LIMIT) {
    cancel(call, record, null);
    throw unexpectedState('This SetupIntent was confirmed too often and is now canceled.', {
      setup_intent: wire,
    });
  }
  applyOptions(wire, params.payment_method_options);
  record.confirmations += 1;
  record.challenge = null;
  wire.payment_method = method.wire.id;
  wire.next_action = null;
  wire.last_setup_error = null;
  beginAttempt(call, record, method);

  const verdict = ask(record, method, false);
  if (verdict.kind === 'challenge') {
    const redirect = call.publishable || params.use_stripe_sdk ? null : (params.return_url ?? null);
    record.challenge = newChallenge(method.wire.id, redirect);
    wire.status = 'requires_action';
    wire.next_action = nextAction(call.origin, record.challenge);
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
  const error: ErrorBody = {
    type: 'invalid_request_error',
    code: 'setup_intent_authentication_failure',
    doc_url: 'https://docs.stripe.com/error-codes/setup-intent-authentication-failure',
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    payment_method: structuredClone(method.wire),
    payment_method_type: 'card',
  };
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
      if (params.confirm) confirm(call, record, { ...params, ...paymentMethodOf(record.wire) });
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
  {
    method: 'GET',
    path: '/setup_intents',
    handle({ world }, raw) {
      const params = readParams(raw, { ...PAGING, created, customer: text, payment_method: text });
      const matching = world.store.setupIntents
        .newestFirst()
        .map(({ wire }) => wire)
        .filter((wire) => params.customer === undefined || wire.customer === params.customer)
        .filter(
          (wire) => params.payment_method === undefined || wire.payment_method === params.payment_method,
        )
        .filter((wire) => params.created?.(wire.created) ?? true);
      return page('/v1/setup_intents', matching, params);
    },
  },
];

/** A token has become a payment method by now; confirming must not make a second one. */
function paymentMethodOf(wire: Stripe.SetupIntent): { payment_method?: string } {
  return typeof wire.payment_method === 'string' ? { payment_method: wire.payment_method } : {};
}
