// Every request that makes or confirms something has a key made of who asks for what, and of nothing else.
import { expect, test } from 'vitest';
import { createSetupIntentActivities } from '../../activities/setup-intents.ts';
import { createStripeCustomerActivities } from '../../activities/stripe-customers.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { idempotencyKey } from '../../stripe/idempotency-key.ts';
import { scriptedStripe } from '../stripe/scripted-stripe.ts';
import { requests, stepOf } from './_attempts.ts';

const openedAtMs = Date.UTC(2027, 0, 1);
const STEPS = {
  createStripeCustomer: {
    do: 'createStripeCustomer',
    customerId: 'ada',
    enrolmentNumber: 1,
    tries: 0,
    openedAtMs,
  },
  createSetupIntent: {
    do: 'createSetupIntent',
    customerId: 'ada',
    enrolmentNumber: 1,
    setupNumber: 1,
    tries: 0,
    stripeCustomerId: 'cus_1',
    terms: null,
    openedAtMs,
  },
  confirmSetupIntent: {
    do: 'confirmSetupIntent',
    customerId: 'ada',
    enrolmentNumber: 1,
    setupNumber: 1,
    tries: 0,
    setupIntentId: 'seti_1',
    paymentMethodId: 'pm_1',
  },
  createPaymentIntent: stepOf({ customerId: 'ada', chargeId: 'july' }),
} as const;

/** The key of the first POST that this step sends. */
async function keyOf<Do extends keyof typeof STEPS>(name: Do, changes: object = {}, installationId = 'here') {
  const { stripe, requests: sent } = await scriptedStripe(({ method }) =>
    method === 'POST'
      ? [400, { error: { type: 'invalid_request_error' } }]
      : [200, { object: 'list', has_more: false, data: [] }],
  );
  const ledger = {
    installationId,
    addStripeObject: async () => undefined,
    getPersonal: async () => null,
    intentNonce: () => 'nonce',
  } as unknown as Ledger;
  const activities = {
    ...createStripeCustomerActivities({ stripe, ledger }),
    ...createSetupIntentActivities({ stripe, ledger }),
    ...requests({ stripe, ledger }),
  };
  const run = activities[name] as (step: object) => Promise<unknown>;
  await expect(run({ ...STEPS[name], ...changes })).rejects.toMatchObject({ type: 'StripeRejected' });
  return sent.find(({ method }) => method === 'POST')?.idempotencyKey;
}

const OTHERS = {
  createStripeCustomer: [{ customerId: 'bob' }, { enrolmentNumber: 2 }, { tries: 1 }],
  createSetupIntent: [{ customerId: 'bob' }, { enrolmentNumber: 2 }, { setupNumber: 2 }, { tries: 1 }],
  confirmSetupIntent: [{ customerId: 'bob' }, { setupIntentId: 'seti_2' }, { tries: 1 }],
  createPaymentIntent: [{ customerId: 'bob' }, { chargeId: 'august' }, { intentNumber: 2 }],
} as const;

test.each(Object.keys(STEPS) as (keyof typeof STEPS)[])(
  '%s: the same request has the same key, and any other one another',
  async (name) => {
    const key = await keyOf(name);
    expect(key).toMatch(/^[a-z-]+-[0-9a-f]{64}$/);
    expect(await keyOf(name)).toBe(key);
    const keys = [key, await keyOf(name, {}, 'elsewhere')];
    for (const changes of OTHERS[name]) keys.push(await keyOf(name, changes));
    expect(new Set(keys).size).toBe(keys.length);
  },
);

test('parts are told apart by where they end and by what they are', () => {
  const keys = [
    idempotencyKey('i', 'op', 'ab', 'c'),
    idempotencyKey('i', 'op', 'a', 'bc'),
    idempotencyKey('i', 'op', 'abc'),
    idempotencyKey('i', 'op', 'a', 1),
    idempotencyKey('i', 'op', 'a', '1'),
    idempotencyKey('i', 'op', 'a', 11),
    idempotencyKey('i', 'op', 'a', 1, 1),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.every((key) => key.length <= 255)).toBe(true);
});
