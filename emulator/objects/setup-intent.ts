// One SetupIntent: how it is made, found and kept.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { newId, randomText } from '../store/ids.ts';
import type { SetupIntentRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import type { MethodChoice } from './intents.ts';

/** @throws StripeProblem 404 if there is none */
export function setupIntentFor(call: Call, id: string): SetupIntentRecord {
  const record = call.world.store.setupIntents.get(id);
  if (!record) throw resourceMissing('setupintent', id, 'intent');
  return record;
}

export function keepSetupIntent(call: Call, record: SetupIntentRecord): void {
  call.world.store.setupIntents.put(record.wire.id, record);
}

export function newSetupIntent(
  call: Call,
  choice: MethodChoice & { usage?: Stripe.SetupIntentCreateParams.Usage },
): SetupIntentRecord {
  const id = newId('seti');
  const types = choice.allowed_payment_method_types;
  return {
    wire: {
      id,
      object: 'setup_intent',
      allowed_payment_method_types: types ?? null,
      application: null,
      automatic_payment_methods: types
        ? null
        : { allow_redirects: 'always', enabled: true, ...choice.automatic_payment_methods },
      cancellation_reason: null,
      client_secret: `${id}_secret_${randomText(25)}`,
      created: call.world.now(),
      customer: null,
      customer_account: null,
      description: null,
      excluded_payment_method_types: choice.excluded_payment_method_types ?? null,
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
      usage: choice.usage ?? 'off_session',
    },
    challenge: null,
    confirmations: 0,
  };
}
