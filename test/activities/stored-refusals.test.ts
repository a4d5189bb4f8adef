// Stripe keeps refusals under their idempotency keys: what is asked next has a key of its own, and pays once at most.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSetupIntentActivities } from '../../activities/setup-intents.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { enrol, startEmulator } from '../emulator/start.ts';
import { inMemory } from '../support/databases.ts';
import { requests, stepOf } from './_attempts.ts';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

const REFUSED = { type: 'StripeRejected', nonRetryable: true };

async function scene(chargeId: string) {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  const dependencies = { stripe: createStripeClient('sk_test_worker', emulator.url), ledger };
  return {
    emulator,
    paymentMethod,
    stripeCustomerId: customer.id,
    ...requests(dependencies),
    ...createSetupIntentActivities(dependencies),
    creation: stepOf({ customerId: 'c', chargeId, stripeCustomerId: customer.id }),
    truth: async () => (await emulator.control(`/truth?chargeId=${chargeId}`)).body,
  };
}

test('a confirm whose card is gone stays refused under its key; the next attempt with another card is paid, once', async () => {
  const { creation, paymentMethod, createPaymentIntent, confirmPaymentIntent, truth } =
    await scene('card-gone');
  const { paymentIntentId } = await createPaymentIntent(creation);
  const attempt = {
    ...creation,
    paymentIntentId,
    paymentMethodId: 'pm_1GoneFromStripe',
  } as const;
  await expect(confirmPaymentIntent(attempt)).rejects.toMatchObject({
    ...REFUSED,
    details: ['resource_missing', expect.stringMatching(/^req_/), 'payment_method'],
  });
  // The same attempt with what would now be right meets the key, and pays nothing.
  await expect(confirmPaymentIntent({ ...attempt, paymentMethodId: paymentMethod })).rejects.toMatchObject({
    ...REFUSED,
    details: ['idempotency_error', expect.any(String), null],
  });
  const second = { ...attempt, attemptNumber: 2, paymentMethodId: paymentMethod };
  expect(await confirmPaymentIntent(second)).toMatchObject({ reading: { status: 'succeeded' } });
  expect(await confirmPaymentIntent(second)).toMatchObject({ reading: { status: 'succeeded' } });
  expect(await truth()).toMatchObject({ succeeded: 1, intents: [{ paymentIntentId }] });
});

test('a creation for a customer who is gone stays refused under its number; the next number makes the one intent', async () => {
  const { creation, emulator, createPaymentIntent, truth } = await scene('customer-gone');
  const gone = { ...creation, stripeCustomerId: 'cus_GoneFromStripe' };
  await expect(createPaymentIntent(gone)).rejects.toMatchObject({
    ...REFUSED,
    details: ['resource_missing', expect.any(String), 'customer'],
  });
  await expect(createPaymentIntent(creation)).rejects.toMatchObject({
    ...REFUSED,
    details: ['idempotency_error', expect.any(String), null],
  });
  const { paymentIntentId } = await createPaymentIntent({ ...creation, intentNumber: 2 });
  expect(await truth()).toMatchObject({ intents: [{ paymentIntentId }] });
  expect(await emulator.stripe.paymentIntents.retrieve(paymentIntentId)).toMatchObject({
    metadata: { intentNumber: '2', nonce: ledger.intentNonce({ ...creation, intentNumber: 2 }) },
  });
});

test('an enrolment for a customer who is gone goes on under another key once the customer was created again', async () => {
  const { stripeCustomerId, paymentMethod, createSetupIntent, confirmSetupIntent } = await scene('enrolment');
  const step = {
    do: 'createSetupIntent',
    customerId: 'gone',
    enrolmentNumber: 2,
    setupNumber: 1,
    tries: 0,
    stripeCustomerId: 'cus_GoneFromStripe',
    terms: null,
    openedAtMs: Date.now(),
  } as const;
  await expect(createSetupIntent(step)).rejects.toMatchObject(REFUSED);
  const { setupIntentId } = await createSetupIntent({ ...step, tries: 1, stripeCustomerId });
  const confirm = {
    ...step,
    do: 'confirmSetupIntent',
    setupIntentId,
    paymentMethodId: 'pm_1GoneFromStripe',
  } as const;
  await expect(confirmSetupIntent(confirm)).rejects.toMatchObject(REFUSED);
  const { reading } = await confirmSetupIntent({ ...confirm, tries: 1, paymentMethodId: paymentMethod });
  expect(reading.status).toBe('succeeded');
});

test('the reading of a mandate’s SetupIntent brings the card as it is at Stripe now', async () => {
  const { emulator, readSetupIntent, paymentMethod } = await scene('card-updated');
  const setups = await emulator.stripe.setupIntents.list({ payment_method: paymentMethod });
  const step = {
    do: 'readSetupIntent',
    customerId: 'c',
    setupIntentId: String(setups.data[0]?.id),
  } as const;
  const { reading: before } = await readSetupIntent(step);
  await emulator.stripe.paymentMethods.update(paymentMethod, { card: { exp_month: 7, exp_year: 2051 } });
  const { reading: after } = await readSetupIntent(step);
  expect(before.card).not.toMatchObject({ expMonth: 7, expYear: 2051 });
  expect(after.card).toEqual({ ...before.card, expMonth: 7, expYear: 2051 });
});
