// A worker that dies right after Stripe's answer: what the same activity, and the question after it, then do. Real
// ledger, real sandbox.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createChargeActivities } from '../../activities/charge.ts';
import { createEnrolmentActivities } from '../../activities/enrolment.ts';
import { createStripeClient } from '../../activities/stripe-client.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { enrol, intentFor, type Sandbox, startSandbox } from '../sandbox/start.ts';
import { inMemory } from '../support/databases.ts';

const DAY_AND_HOUR_S = 25 * 3600;

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

/** The activities of a worker whose ledger is `its`. */
function workerOf(sandbox: Sandbox, its: Ledger = ledger) {
  const dependencies = { stripe: createStripeClient('sk_test_worker', sandbox.url), ledger: its };
  return { ...createEnrolmentActivities(dependencies), ...createChargeActivities(dependencies) };
}

/** Every write to the address book fails, as for a worker that is killed just before it. */
const killed = () => Promise.reject(new Error('killed'));
const away = (): Ledger => ({ ...ledger, addStripeObject: killed, claimIntent: killed });

const openingOf = (chargeId: string, stripeCustomerId: string) =>
  ({
    do: 'openIntent',
    customerId: 'c',
    chargeId,
    intentNumber: 1,
    amount: 2000,
    currency: 'eur',
    stripeCustomerId,
  }) as const;

async function confirmationOf(sandbox: Sandbox, chargeId: string) {
  const { customer, paymentMethod } = await enrol(sandbox);
  const { intentId } = await workerOf(sandbox).openIntent(openingOf(chargeId, customer.id));
  return {
    do: 'confirmIntent',
    customerId: 'c',
    chargeId,
    intentId,
    intentNumber: 1,
    attemptNumber: 1,
    paymentMethodId: paymentMethod,
    stripeMandateId: null,
    fingerprint: null,
    known: null,
  } as const;
}

const truth = async (sandbox: Sandbox, chargeId: string) =>
  (await sandbox.control(`/truth?chargeId=${chargeId}`)).body as {
    attempts: number;
    succeeded: number;
    intents: object[];
  };

test('killed between the creation and the address book: the next worker gets the same intent', async () => {
  const sandbox = await startSandbox();
  const { customer } = await enrol(sandbox);
  const step = openingOf('created', customer.id);
  await expect(workerOf(sandbox, away()).openIntent(step)).rejects.toThrow('killed');
  const { intentId } = await workerOf(sandbox).openIntent(step);
  expect((await truth(sandbox, 'created')).intents).toHaveLength(1);
  expect(await ledger.findStripeObject(intentId)).toEqual({ customerId: 'c', chargeId: 'created' });
});

test('killed after a creation whose key is forgotten since: the intent is found by its metadata', async () => {
  const sandbox = await startSandbox();
  const { customer } = await enrol(sandbox);
  const step = openingOf('forgotten', customer.id);
  await expect(workerOf(sandbox, away()).openIntent(step)).rejects.toThrow('killed');
  const openedAtMs = Date.now();
  await sandbox.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  const found = await workerOf(sandbox).lookUpIntent({ ...step, do: 'lookUpIntent', openedAtMs });
  const { intents } = await truth(sandbox, 'forgotten');
  expect(intents).toMatchObject([{ paymentIntentId: found.intentId }]);
});

test('two runs of one customer, as after a lost cluster that was not lost, share one intent, and it is paid once', async () => {
  const sandbox = await startSandbox();
  const { customer, paymentMethod } = await enrol(sandbox);
  const step = openingOf('twice', customer.id);
  const confirm = {
    do: 'confirmIntent',
    customerId: 'c',
    chargeId: 'twice',
    attemptNumber: 1,
    paymentMethodId: paymentMethod,
    stripeMandateId: null,
    fingerprint: null,
    known: null,
  } as const;
  const recovered = await workerOf(sandbox).openIntent({ ...step, intentNumber: 2 });
  await workerOf(sandbox).confirmIntent({ ...confirm, intentNumber: 2, intentId: recovered.intentId });
  const old = await workerOf(sandbox).openIntent(step);
  expect(old.intentId).toBe(recovered.intentId);
  await expect(
    workerOf(sandbox).confirmIntent({ ...confirm, intentNumber: 1, intentId: old.intentId }),
  ).rejects.toMatchObject({ type: 'StripeRejected' });
  expect(await truth(sandbox, 'twice')).toMatchObject({ attempts: 1, succeeded: 1 });
  const book = (await ledger.stripeObjectsOf('c')).filter(({ chargeId }) => chargeId === 'twice');
  expect(book.map(({ stripeId }) => stripeId)).toEqual([old.intentId]);
});

test('a charge whose intent Stripe has canceled gets another', async () => {
  const sandbox = await startSandbox();
  const { customer } = await enrol(sandbox);
  const step = openingOf('again', customer.id);
  const first = await workerOf(sandbox).openIntent(step);
  await workerOf(sandbox).cancelIntent({
    ...step,
    do: 'cancelIntent',
    intentId: first.intentId,
    known: null,
  });
  const second = await workerOf(sandbox).openIntent({ ...step, intentNumber: 2 });
  expect(second.intentId).not.toBe(first.intentId);
});

test('an intent over another sum is not taken for ours, whatever its metadata says', async () => {
  const sandbox = await startSandbox();
  const { customer } = await enrol(sandbox);
  const step = openingOf('copied', customer.id);
  const byHand = await intentFor(sandbox, customer.id, 'copied', 99_900);
  await sandbox.stripe.paymentIntents.update(byHand.id, {
    metadata: {
      customerId: 'c',
      chargeId: 'copied',
      installationId: ledger.installationId,
      intentNumber: '1',
    },
  });
  const look = { ...step, do: 'lookUpIntent', openedAtMs: Date.now() } as const;
  expect((await workerOf(sandbox).lookUpIntent(look)).intentId).toBeNull();
  expect((await workerOf(sandbox).lookUpIntent({ ...look, amount: 99_900 })).intentId).toBe(byHand.id);
});

test('a paid intent is found whatever its number: a ledger that was restored may not know of it', async () => {
  const sandbox = await startSandbox();
  const { customer } = await enrol(sandbox);
  const step = openingOf('restored', customer.id);
  const look = { ...step, do: 'lookUpIntent', openedAtMs: Date.now() } as const;
  const second = await intentFor(sandbox, customer.id, 'restored', 2_000);
  const metadata = { customerId: 'c', chargeId: 'restored', installationId: ledger.installationId };
  await sandbox.stripe.paymentIntents.update(second.id, { metadata: { ...metadata, intentNumber: '2' } });
  await sandbox.stripe.paymentIntents.confirm(second.id, { payment_method: 'pm_card_visa' });
  const orphan = await intentFor(sandbox, customer.id, 'restored', 2_000);
  await sandbox.stripe.paymentIntents.update(orphan.id, { metadata: { ...metadata, intentNumber: '1' } });
  expect((await workerOf(sandbox).lookUpIntent(look)).intentId).toBe(second.id);
});

test('killed between the bank’s yes and the record: the next worker hears the same yes, and the bank is asked once', async () => {
  const sandbox = await startSandbox();
  const step = await confirmationOf(sandbox, 'paid');
  const unheard = await workerOf(sandbox).confirmIntent(step);
  const heard = await workerOf(sandbox).confirmIntent(step);
  expect(heard).toMatchObject({ kind: 'intentSeen', reading: { status: 'succeeded' } });
  expect('reading' in heard && heard.reading.stripeChargeId).toBe(
    'reading' in unheard && unheard.reading.stripeChargeId,
  );
  expect(await truth(sandbox, 'paid')).toMatchObject({ attempts: 1, succeeded: 1 });
});

test('the same, and the key is forgotten since: refused as already done, and reading tells that it is paid', async () => {
  const sandbox = await startSandbox();
  const step = await confirmationOf(sandbox, 'late');
  await workerOf(sandbox).confirmIntent(step);
  await sandbox.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  await expect(workerOf(sandbox).confirmIntent(step)).rejects.toMatchObject({
    type: 'StripeRejected',
    details: ['payment_intent_unexpected_state', expect.stringMatching(/^req_/)],
  });
  const { reading } = await workerOf(sandbox).readIntent({ ...step, do: 'readIntent', known: null });
  expect(reading.status).toBe('succeeded');
  expect(await truth(sandbox, 'late')).toMatchObject({ attempts: 1, succeeded: 1 });
});

test('a SetupIntent and a customer that an unheard answer made are found, not made again', async () => {
  const sandbox = await startSandbox();
  const enrolment = { customerId: 'found', enrolmentNumber: 1, openedAtMs: Date.now() } as const;
  const opening = { ...enrolment, do: 'openStripeCustomer', tries: 0 } as const;
  await expect(workerOf(sandbox, away()).openStripeCustomer(opening)).rejects.toThrow('killed');
  const { stripeCustomerId } = await workerOf(sandbox).openStripeCustomer({ ...opening, tries: 1 });
  expect((await sandbox.stripe.customers.list()).data.map(({ id }) => id)).toEqual([stripeCustomerId]);

  const setup = {
    ...enrolment,
    do: 'openSetup',
    setupNumber: 1,
    tries: 0,
    stripeCustomerId,
    terms: null,
  } as const;
  const first = await workerOf(sandbox).openSetup(setup);
  const second = await workerOf(sandbox).openSetup({ ...setup, tries: 1 });
  expect(second.setupIntentId).toBe(first.setupIntentId);
  const renewed = await workerOf(sandbox).openSetup({ ...setup, setupNumber: 2, tries: 1 });
  expect(renewed.setupIntentId).not.toBe(first.setupIntentId);
});
