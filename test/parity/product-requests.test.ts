// Every request that the product makes to Stripe, from its own activities and readers, against the OpenAPI document.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCatchUpActivities } from '../../activities/catch-up.ts';
import { createDisputeActivities } from '../../activities/disputes.ts';
import { createFindPaymentIntentActivity } from '../../activities/find-payment-intent.ts';
import { createPaymentIntentActivities } from '../../activities/payment-intents.ts';
import { createRefundActivities } from '../../activities/refunds.ts';
import { createSetupIntentActivities } from '../../activities/setup-intents.ts';
import { createStripeCustomerActivities } from '../../activities/stripe-customers.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { sharedChecker } from '../../parity/openapi/traffic.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { createStripeReader } from '../../stripe/reader.ts';
import { requests, stepOf } from '../activities/_attempts.ts';
import { startEmulator, typedCard } from '../emulator/start.ts';
import { inMemory } from '../support/databases.ts';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

const CUSTOMER = { customerId: 'c-1' };
const CHARGE = { ...CUSTOMER, chargeId: 'ch-1' };

// startEmulator fails the test when anything that went over its socket is against the document.
test.skipIf(sharedChecker() === null)('all of them, and all answers, are as it allows', async () => {
  const emulator = await startEmulator();
  const dependencies = { stripe: createStripeClient('sk_test_worker', emulator.url), ledger };
  const openedAtMs = Date.now();
  await ledger.putPersonal('c-1', 'contact', { email: 'ada@shop.example', locale: 'de' });
  await ledger.putPersonal('c-1', 'charge/ch-1', {
    description: 'Water, November',
    statementDescriptorSuffix: 'WATER',
    metadata: { order: '7' },
  });

  const customers = createStripeCustomerActivities(dependencies);
  const newCustomer = { ...CUSTOMER, do: 'createStripeCustomer', enrolmentNumber: 1, openedAtMs } as const;
  const { stripeCustomerId } = await customers.createStripeCustomer({ ...newCustomer, tries: 0 });
  expect(await customers.createStripeCustomer({ ...newCustomer, tries: 1 })).toMatchObject({
    stripeCustomerId,
  });

  const setups = createSetupIntentActivities(dependencies);
  const newSetup = {
    ...CUSTOMER,
    do: 'createSetupIntent',
    enrolmentNumber: 1,
    stripeCustomerId,
    openedAtMs,
  } as const;
  const terms = { maxAmount: 500_000, currency: 'inr', every: { unit: 'month', count: 1 } } as const;
  const indian = await setups.createSetupIntent({ ...newSetup, setupNumber: 1, tries: 0, terms });
  const { setupIntentId } = await setups.createSetupIntent({
    ...newSetup,
    setupNumber: 2,
    tries: 1,
    terms: null,
  });
  const ofSetup = { ...CUSTOMER, setupIntentId };
  await setups.confirmSetupIntent({
    ...ofSetup,
    do: 'confirmSetupIntent',
    enrolmentNumber: 1,
    setupNumber: 2,
    tries: 0,
    paymentMethodId: await typedCard(emulator, '4000000000000259'),
  });
  const { reading } = await setups.readSetupIntent({ ...ofSetup, do: 'readSetupIntent' });
  expect(reading.status).toBe('succeeded');
  await setups.cancelSetupIntent({
    ...CUSTOMER,
    do: 'cancelSetupIntent',
    setupIntentId: indian.setupIntentId,
  });

  const { stripe } = emulator;
  const saved = await stripe.setupIntents.retrieve(setupIntentId);
  const paymentMethodId = String(saved.payment_method);
  const payments = createPaymentIntentActivities(dependencies);
  const { createPaymentIntent, confirmPaymentIntent } = requests(dependencies);
  const owed = stepOf({ ...CHARGE, stripeCustomerId, paymentMethodId });
  const { paymentIntentId } = await createPaymentIntent(owed);
  const ofPayment = { ...CHARGE, paymentIntentId, known: null };
  await createFindPaymentIntentActivity(dependencies).findPaymentIntent({
    ...owed,
    do: 'findPaymentIntent',
    openedAtMs,
  });
  await emulator.control('/outcomes', { paymentMethod: paymentMethodId, outcomes: ['insufficient_funds'] });
  for (const attemptNumber of [1, 2]) await confirmPaymentIntent({ ...owed, paymentIntentId, attemptNumber });
  const paid = await payments.readPaymentIntent({ ...ofPayment, do: 'readPaymentIntent' });
  expect(paid.reading.status).toBe('succeeded');
  await payments.cancelPaymentIntent({ ...ofPayment, do: 'cancelPaymentIntent' });

  const refund = await stripe.refunds.create({ payment_intent: paymentIntentId, amount: 500 });
  await createRefundActivities(dependencies).readRefund({
    ...CUSTOMER,
    do: 'readRefund',
    refundId: refund.id,
  });
  await emulator.control('/clock', { advanceSeconds: 10 });
  const { data } = await stripe.disputes.list({ payment_intent: paymentIntentId });
  await createDisputeActivities(dependencies).readDispute({
    ...CUSTOMER,
    do: 'readDispute',
    disputeId: String(data[0]?.id),
  });

  const catchUp = createCatchUpActivities(dependencies).stripe;
  await catchUp.listUndeliveredEvents({ sinceMs: openedAtMs, after: null });

  const reader = createStripeReader({ apiKey: 'rk_test_reader', apiBase: emulator.url });
  expect((await reader.setupIntent(setupIntentId)).status).toBe('succeeded');
  expect((await reader.paymentIntent(paymentIntentId)).status).toBe('succeeded');
});
