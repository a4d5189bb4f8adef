// SetupAttempts: the record of each confirmation of a SetupIntent, with its 3-D Secure result.
import type Stripe from 'stripe';
import { threeDSecure } from '../bank/authentication.ts';
import { PAGING, page } from '../http/lists.ts';
import { readParams } from '../http/params.ts';
import { created, text } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { PaymentMethodRecord, SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { cardOf } from './payment-method.ts';

/** Begins the record of one confirmation; `finishAttempt` says how it ended. */
export function beginAttempt(call: Call, intent: SetupIntentRecord, method: PaymentMethodRecord): void {
  const { world } = call;
  abandonAttempt(call, intent);
  const { card } = method.wire;
  const wire: Stripe.SetupAttempt = {
    id: newId('setatt'),
    object: 'setup_attempt',
    application: null,
    created: world.now(),
    customer: intent.wire.customer,
    customer_account: null,
    flow_directions: null,
    livemode: false,
    on_behalf_of: null,
    payment_method: method.wire.id,
    payment_method_details: {
      type: 'card',
      card: {
        brand: card?.brand ?? null,
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
        country: card?.country ?? null,
        exp_month: card?.exp_month ?? null,
        exp_year: card?.exp_year ?? null,
        fingerprint: card?.fingerprint ?? null,
        funding: card?.funding ?? null,
        last4: card?.last4 ?? null,
        network: card?.brand ?? null,
        three_d_secure: null,
        wallet: null,
      },
    },
    setup_error: null,
    setup_intent: intent.wire.id,
    status: 'requires_action',
    usage: intent.wire.usage,
  };
  world.store.setupAttempts.put(wire.id, { wire });
  intent.wire.latest_attempt = wire.id;
}

/** Says how the latest attempt ended. */
export function finishAttempt(
  call: Call,
  intent: SetupIntentRecord,
  method: PaymentMethodRecord,
  end: {
    flow: 'challenge' | 'frictionless' | null;
    authenticated?: boolean;
    error?: Stripe.SetupAttempt.SetupError;
  },
): void {
  const record = call.world.store.setupAttempts.get(String(intent.wire.latest_attempt));
  if (!record) return;
  const { card } = record.wire.payment_method_details;
  if (card) {
    const result = end.authenticated === false ? 'failed' : 'authenticated';
    card.three_d_secure = threeDSecure(cardOf(method), end.flow, result);
  }
  record.wire.status = end.error ? 'failed' : 'succeeded';
  record.wire.setup_error = end.error ?? null;
  call.world.store.setupAttempts.put(record.wire.id, record);
}

/** The latest attempt, if the customer was still being asked, will not be finished any more. */
export function abandonAttempt(call: Call, intent: SetupIntentRecord): void {
  const record = call.world.store.setupAttempts.get(String(intent.wire.latest_attempt));
  if (record?.wire.status !== 'requires_action') return;
  record.wire.status = 'abandoned';
  call.world.store.setupAttempts.put(record.wire.id, record);
}

export const listSetupAttempts: Handler = ({ world }, raw) => {
  const params = readParams(raw, { ...PAGING, created, setup_intent: text }, ['setup_intent']);
  const matching = world.store.setupAttempts
    .newestFirst()
    .map(({ wire }) => wire)
    .filter((wire) => wire.setup_intent === params.setup_intent)
    .filter((wire) => params.created?.(wire.created) ?? true);
  return page('/v1/setup_attempts', matching, params);
};
