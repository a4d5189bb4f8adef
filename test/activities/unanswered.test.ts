// A worker that dies right after Stripe's answer: what the same activity, and the question after it, then do.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConfirmPaymentIntentActivity } from '../../activities/confirm-payment-intent.ts';
import { createFindPaymentIntentActivity } from '../../activities/find-payment-intent.ts';
import { createPaymentIntentActivities } from '../../activities/payment-intents.ts';
import { createSetupIntentActivities } from '../../activities/setup-intents.ts';
import { createStripeCustomerActivities } from '../../activities/stripe-customers.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { type Emulator, enrol, startEmulator } from '../emulator/start.ts';
import { inMemory } from '../support/databases.ts';

const DAY_AND_HOUR_S = 25 * 3600;

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

/** The activities of one worker. */
function workerOf(emulator: Emulator, workersLedger: Ledger = ledger) {
  const dependencies = { stripe: createStripeClient('sk_test_worker', emulator.url), ledger: workersLedger };
  return {
    ...createStripeCustomerActivities(dependencies),
    ...createSetupIntentActivities(dependencies),
    ...createPaymentIntentActivities(dependencies),
    ...createConfirmPaymentIntentActivity(dependencies),
    ...createFindPaymentIntentActivity(dependencies),
  };
}

/** Every write to the index of Stripe's objects fails, as for a worker that is killed just before it. */
const killed = () => Promise.reject(new Error('killed'));
const ledgerOfKilledWorker = (): Ledger => ({ ...ledger, addStripeObject: killed, claimIntent: killed });

const creationOf = (chargeId: string, stripeCustomerId: string) =>
  ({
    do: 'createPaymentIntent',
    customerId: 'c',
    chargeId,
    intentNumber: 1,
    amount: 2000,
    currency: 'eur',
    stripeCustomerId,
  }) as const;

async function confirmationOf(emulator: Emulator, chargeId: string) {
  const { customer, paymentMethod } = await enrol(emulator);
  const { paymentIntentId } = await workerOf(emulator).createPaymentIntent(creationOf(chargeId, customer.id));
  return {
    do: 'confirmPaymentIntent',
    customerId: 'c',
    chargeId,
    paymentIntentId,
    intentNumber: 1,
    attemptNumber: 1,
    paymentMethodId: paymentMethod,
    stripeMandateId: null,
    fingerprint: null,
    known: null,
    amount: 2000,
    currency: 'eur',
    stripeCustomerId: customer.id,
  } as const;
}

const truth = async (emulator: Emulator, chargeId: string) =>
  (await emulator.control(`/truth?chargeId=${chargeId}`)).body as {
    attempts: number;
    succeeded: number;
    intents: object[];
  };

test('killed between the creation and the index: the next worker gets the same intent', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = creationOf('created', customer.id);
  await expect(workerOf(emulator, ledgerOfKilledWorker()).createPaymentIntent(step)).rejects.toThrow(
    'killed',
  );
  const { paymentIntentId } = await workerOf(emulator).createPaymentIntent(step);
  expect((await truth(emulator, 'created')).intents).toHaveLength(1);
  expect(await ledger.findStripeObject(paymentIntentId)).toEqual({ customerId: 'c', chargeId: 'created' });
});

test('killed after a creation whose key is forgotten since: the intent is found by its metadata', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = creationOf('forgotten', customer.id);
  await expect(workerOf(emulator, ledgerOfKilledWorker()).createPaymentIntent(step)).rejects.toThrow(
    'killed',
  );
  const openedAtMs = Date.now();
  await emulator.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  const found = await workerOf(emulator).findPaymentIntent({ ...step, do: 'findPaymentIntent', openedAtMs });
  const { intents } = await truth(emulator, 'forgotten');
  expect(intents).toMatchObject([{ paymentIntentId: found.paymentIntentId }]);
});

test('two runs of one customer, as after a lost cluster that was not lost, share one intent, and it is paid once', async () => {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  const step = creationOf('twice', customer.id);
  const confirm = {
    do: 'confirmPaymentIntent',
    customerId: 'c',
    chargeId: 'twice',
    attemptNumber: 1,
    paymentMethodId: paymentMethod,
    stripeMandateId: null,
    fingerprint: null,
    known: null,
    amount: step.amount,
    currency: step.currency,
    stripeCustomerId: customer.id,
  } as const;
  const recovered = await workerOf(emulator).createPaymentIntent({ ...step, intentNumber: 2 });
  await workerOf(emulator).confirmPaymentIntent({
    ...confirm,
    intentNumber: 2,
    paymentIntentId: recovered.paymentIntentId,
  });
  const abandonedRun = await workerOf(emulator).createPaymentIntent(step);
  expect(abandonedRun.paymentIntentId).toBe(recovered.paymentIntentId);
  await expect(
    workerOf(emulator).confirmPaymentIntent({
      ...confirm,
      intentNumber: 1,
      paymentIntentId: abandonedRun.paymentIntentId,
    }),
  ).rejects.toMatchObject({ type: 'StripeRejected' });
  expect(await truth(emulator, 'twice')).toMatchObject({ attempts: 1, succeeded: 1 });
  const index = (await ledger.stripeObjectsOf('c')).filter(({ chargeId }) => chargeId === 'twice');
  expect(index.map(({ stripeId }) => stripeId)).toEqual([abandonedRun.paymentIntentId]);
});

test('a charge whose intent Stripe has canceled gets another', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = creationOf('again', customer.id);
  const first = await workerOf(emulator).createPaymentIntent(step);
  await workerOf(emulator).cancelPaymentIntent({
    ...step,
    do: 'cancelPaymentIntent',
    paymentIntentId: first.paymentIntentId,
    known: null,
  });
  const second = await workerOf(emulator).createPaymentIntent({ ...step, intentNumber: 2 });
  expect(second.paymentIntentId).not.toBe(first.paymentIntentId);
});

test('a paid intent is found whatever its number: a ledger that was restored may not know of it', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = creationOf('restored', customer.id);
  // What came after the backup is not in the index.
  const afterBackup = workerOf(emulator, ledgerOfKilledWorker());
  for (const intentNumber of [1, 2])
    await expect(afterBackup.createPaymentIntent({ ...step, intentNumber })).rejects.toThrow('killed');
  const intents = await emulator.stripe.paymentIntents.list({ customer: customer.id });
  const second = intents.data.find(({ metadata }) => metadata.intentNumber === '2');
  await emulator.stripe.paymentIntents.confirm(String(second?.id), { payment_method: 'pm_card_visa' });
  const search = { ...step, do: 'findPaymentIntent', openedAtMs: Date.now() } as const;
  expect((await workerOf(emulator).findPaymentIntent(search)).paymentIntentId).toBe(second?.id);
});

test('killed between the bank’s yes and the record: the next worker gets the same answer, and the bank is asked once', async () => {
  const emulator = await startEmulator();
  const step = await confirmationOf(emulator, 'paid');
  const lost = await workerOf(emulator).confirmPaymentIntent(step);
  const repeated = await workerOf(emulator).confirmPaymentIntent(step);
  expect(repeated).toMatchObject({ kind: 'paymentIntentRead', reading: { status: 'succeeded' } });
  expect('reading' in repeated && repeated.reading.stripeChargeId).toBe(
    'reading' in lost && lost.reading.stripeChargeId,
  );
  expect(await truth(emulator, 'paid')).toMatchObject({ attempts: 1, succeeded: 1 });
});

test('the same, and the key is forgotten since: refused as already done, and reading tells that it is paid', async () => {
  const emulator = await startEmulator();
  const step = await confirmationOf(emulator, 'late');
  await workerOf(emulator).confirmPaymentIntent(step);
  await emulator.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  await expect(workerOf(emulator).confirmPaymentIntent(step)).rejects.toMatchObject({
    type: 'StripeRejected',
    details: ['payment_intent_unexpected_state', expect.stringMatching(/^req_/), null],
  });
  const { reading } = await workerOf(emulator).readPaymentIntent({
    ...step,
    do: 'readPaymentIntent',
    known: null,
  });
  expect(reading.status).toBe('succeeded');
  expect(await truth(emulator, 'late')).toMatchObject({ attempts: 1, succeeded: 1 });
});

test('a SetupIntent and a customer whose creation was never answered are found, not made again', async () => {
  const emulator = await startEmulator();
  const enrolment = { customerId: 'found', enrolmentNumber: 1, openedAtMs: Date.now() } as const;
  const creation = { ...enrolment, do: 'createStripeCustomer', tries: 0 } as const;
  await expect(workerOf(emulator, ledgerOfKilledWorker()).createStripeCustomer(creation)).rejects.toThrow(
    'killed',
  );
  const { stripeCustomerId } = await workerOf(emulator).createStripeCustomer({ ...creation, tries: 1 });
  expect((await emulator.stripe.customers.list()).data.map(({ id }) => id)).toEqual([stripeCustomerId]);

  const setup = {
    ...enrolment,
    do: 'createSetupIntent',
    setupNumber: 1,
    tries: 0,
    stripeCustomerId,
    terms: null,
  } as const;
  const first = await workerOf(emulator).createSetupIntent(setup);
  const second = await workerOf(emulator).createSetupIntent({ ...setup, tries: 1 });
  expect(second.setupIntentId).toBe(first.setupIntentId);
  const renewed = await workerOf(emulator).createSetupIntent({ ...setup, setupNumber: 2, tries: 1 });
  expect(renewed.setupIntentId).not.toBe(first.setupIntentId);
});
