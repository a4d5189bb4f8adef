// Somebody with another key of the same Stripe account makes intents that pretend to be ours.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFindPaymentIntentActivity } from '../../activities/find-payment-intent.ts';
import { createPaymentIntentActivities } from '../../activities/payment-intents.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { clientFor, type Emulator, enrol, startEmulator } from '../emulator/start.ts';
import { inMemory } from '../support/databases.ts';
import { requests, stepOf } from './_attempts.ts';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

/** A charge of 20 EUR whose intent is to be created, and what its worker and an attacker can do. */
async function scene(chargeId: string) {
  const emulator: Emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  const attacker = clientFor(emulator.url, 'sk_test_attacker');
  const dependencies = { stripe: createStripeClient('sk_test_worker', emulator.url), ledger };
  const activities = {
    ...requests(dependencies),
    ...createFindPaymentIntentActivity(dependencies),
  };
  const step = stepOf({ customerId: 'c', chargeId, stripeCustomerId: customer.id });
  return {
    step,
    dependencies,
    attacker,
    /** Everything that can be read on an intent of ours before this one. */
    copied: {
      customerId: 'c',
      chargeId,
      installationId: ledger.installationId,
      intentNumber: '1',
      nonce: ledger.intentNonce({ customerId: 'c', chargeId: 'an-earlier-one', intentNumber: 1 }),
    },
    make: (metadata: Record<string, string>, amount = 2000) =>
      attacker.paymentIntents.create({
        amount,
        currency: 'eur',
        customer: customer.id,
        allowed_payment_method_types: ['card'],
        metadata,
      }),
    payAndRefund: async (intentId: string) => {
      await attacker.paymentIntents.confirm(intentId, { payment_method: paymentMethod });
      await attacker.refunds.create({ payment_intent: intentId });
    },
    /** Our create reaches Stripe or does not; nobody hears of its answer. */
    createUnanswered: async (when: 'before' | 'after') => {
      const fault = { method: 'POST', path: '/v1/payment_intents', kind: 'drop', when, times: 2 };
      await emulator.control('/faults', fault);
      await expect(activities.createPaymentIntent(step)).rejects.toMatchObject({ type: 'StripeUnavailable' });
      await emulator.control('/faults', undefined, 'DELETE');
    },
    search: () => activities.findPaymentIntent({ ...step, do: 'findPaymentIntent', openedAtMs: Date.now() }),
  };
}

const indexed = async (chargeId: string) =>
  (await ledger.stripeObjectsOf('c')).filter((object) => object.chargeId === chargeId);

test('an intent with our metadata copied, paid and refunded, is never taken for ours: an operator has to look', async () => {
  const { copied, make, payAndRefund, createUnanswered, search } = await scene('copied');
  await createUnanswered('before');
  const theirs = await make(copied);
  await payAndRefund(theirs.id);
  expect(await search()).toEqual({
    kind: 'paymentIntentSearched',
    chargeId: 'copied',
    paymentIntentId: null,
    ambiguous: true,
  });
  expect(await indexed('copied')).toEqual([]);
});

test('two that bear our nonce, because ours was read and copied: an operator has to look', async () => {
  const { attacker, make, payAndRefund, createUnanswered, search } = await scene('twice');
  await createUnanswered('after');
  const [ours] = (await attacker.paymentIntents.list({ limit: 1 })).data;
  const theirs = await make({ ...ours?.metadata });
  await payAndRefund(theirs.id);
  expect(await search()).toMatchObject({ paymentIntentId: null, ambiguous: true });
  // Also where ours was put out of the way first.
  await attacker.paymentIntents.cancel(String(ours?.id));
  expect(await search()).toMatchObject({ paymentIntentId: null, ambiguous: true });
  expect(await indexed('twice')).toEqual([]);
});

test('a copy that nobody has paid is passed over, and ours is found beside it', async () => {
  const { attacker, copied, make, createUnanswered, search } = await scene('beside');
  await make(copied);
  expect(await search()).toEqual({
    kind: 'paymentIntentSearched',
    chargeId: 'beside',
    paymentIntentId: null,
  });
  await createUnanswered('after');
  const [ours] = (await attacker.paymentIntents.list({ limit: 1 })).data;
  expect(await search()).toMatchObject({ paymentIntentId: ours?.id });
});

test('ours, changed to another amount, is not adopted: an operator has to look', async () => {
  const { attacker, createUnanswered, search } = await scene('changed');
  await createUnanswered('after');
  const [ours] = (await attacker.paymentIntents.list({ limit: 1 })).data;
  await attacker.paymentIntents.update(String(ours?.id), { amount: 90_000 });
  expect(await search()).toMatchObject({ paymentIntentId: null, ambiguous: true });
});

test('the nonce of another intent number is the nonce of another intent', async () => {
  const { step, copied, make, payAndRefund, search } = await scene('numbered');
  const nonce = ledger.intentNonce({ ...step, intentNumber: 1 });
  const theirs = await make({ ...copied, nonce, intentNumber: '2' });
  await payAndRefund(theirs.id);
  expect(await search()).toMatchObject({ paymentIntentId: null, ambiguous: true });
});

test('what was refunded is in the reading of a paid intent', async () => {
  const { step, dependencies, make, payAndRefund } = await scene('refunded');
  const intent = await make({});
  await payAndRefund(intent.id);
  const { readPaymentIntent } = createPaymentIntentActivities(dependencies);
  const { reading } = await readPaymentIntent({
    ...step,
    do: 'readPaymentIntent',
    paymentIntentId: intent.id,
    known: null,
  });
  expect(reading).toMatchObject({ status: 'succeeded', amountReceived: 2000, amountRefunded: 2000 });
});
