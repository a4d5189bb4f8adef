// Idempotency keys against the real SDK: what is replayed, what is refused, what is kept.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { attemptsAt, clientFor, failureOf, intentFor, readyToConfirm, startEmulator } from '../start.ts';

interface Ids {
  readonly paid: string;
  readonly open: string;
  readonly deleted: string;
  readonly detached: string;
  readonly card: string;
  readonly savedWith: string;
}

type Key = { idempotencyKey: string };

describe('idempotency keys', () => {
  test('the same key and parameters replay the first answer and its request id', async () => {
    const { emulator, confirm } = await readyToConfirm();
    const first = await confirm('key-1');
    const again = await confirm('key-1');
    expect(again).toEqual(first);
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
    });
    expect(again.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
  });

  test('a 402 is replayed, too: only a new key asks the bank again', async () => {
    const { emulator, confirm } = await readyToConfirm('pm_card_chargeCustomerFail');
    const first = await failureOf(confirm('key-1'));
    const again = await failureOf(confirm('key-1'));
    expect(again.charge).toBe(first.charge);
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect(await attemptsAt(emulator)).toEqual([1, 0]);
    expect((await failureOf(confirm('key-2'))).charge).not.toBe(first.charge);
  });

  test('the same key with other parameters or another endpoint is idempotency_error without a code', async () => {
    const { emulator, id, confirm } = await readyToConfirm();
    await confirm('key-1');
    for (const work of [
      confirm('key-1', { off_session: false }),
      emulator.stripe.paymentIntents.cancel(id, {}, { idempotencyKey: 'key-1' }),
    ]) {
      const error = await failureOf(work);
      expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
      expect(error.code).toBeUndefined();
    }
  });

  test('a key in use is 409 idempotency_key_in_use, and the money moves once', async () => {
    const { emulator, confirm } = await readyToConfirm();
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => confirm('key-1')));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) {
      expect(error).toMatchObject({
        type: 'StripeAPIError',
        rawType: 'idempotency_error',
        statusCode: 409,
        code: 'idempotency_key_in_use',
      });
    }
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
    expect((await confirm('key-1')).status).toBe('succeeded');
  });

  test('a key is forgotten after 24 hours: it is a new request then', async () => {
    const { emulator, confirm } = await readyToConfirm('pm_card_chargeCustomerFail');
    const first = await failureOf(confirm('key-1'));
    await emulator.control('/clock', { advanceSeconds: 24 * 3600 - 60 });
    expect((await failureOf(confirm('key-1'))).charge).toBe(first.charge);
    await emulator.control('/clock', { advanceSeconds: 61 });
    expect((await failureOf(confirm('key-1'))).charge).not.toBe(first.charge);
  });

  test('what fails validation is not kept: the key is still free', async () => {
    const emulator = await startEmulator();
    const create = (amount: number) =>
      emulator.stripe.paymentIntents.create({ amount, currency: 'eur' }, { idempotencyKey: 'key-1' });
    expect(await failureOf(create(10))).toMatchObject({ code: 'amount_too_small' });
    const wrongKey = clientFor(emulator.url, 'sk_live_x');
    expect(
      await failureOf(
        wrongKey.paymentIntents.create({ amount: 1000, currency: 'eur' }, { idempotencyKey: 'key-1' }),
      ),
    ).toMatchObject({ statusCode: 401 });
    expect(await create(1000)).toMatchObject({ amount: 1000 });
  });

  test('a first answer names its request as the original, and says that asking again brings the same', async () => {
    const { confirm } = await readyToConfirm();
    const { lastResponse } = await confirm('key-1');
    expect(lastResponse.headers).toMatchObject({
      'idempotency-key': 'key-1',
      'original-request': lastResponse.requestId,
      'stripe-should-retry': 'false',
    });
  });

  const CARDS_ONLY = { allowed_payment_method_types: ['card'] };
  test.each<{
    refused: string;
    code?: string;
    ask: (stripe: Stripe, ids: Ids, key: Key) => Promise<unknown>;
  }>([
    {
      refused: 'a confirmation of what is paid',
      code: 'payment_intent_unexpected_state',
      ask: (stripe, { paid }, key) => stripe.paymentIntents.confirm(paid, {}, key),
    },
    {
      refused: 'a refund of what is refunded',
      code: 'charge_already_refunded',
      ask: (stripe, { paid }, key) => stripe.refunds.create({ payment_intent: paid }, key),
    },
    {
      refused: 'a payment of a deleted customer',
      code: 'resource_missing',
      ask: (stripe, { deleted: customer }, key) =>
        stripe.paymentIntents.create({ amount: 900, currency: 'eur', customer }, key),
    },
    {
      refused: 'a confirmation with a detached card',
      ask: (stripe, { open, detached }, key) =>
        stripe.paymentIntents.confirm(open, { payment_method: detached, off_session: true }, key),
    },
    {
      refused: 'a confirmation with an unknown mandate',
      code: 'resource_missing',
      ask: (stripe, { open, card }, key) =>
        stripe.paymentIntents.confirm(
          open,
          { payment_method: card, off_session: true, mandate: 'mandate_none' },
          key,
        ),
    },
    {
      refused: 'an object that is not there',
      code: 'resource_missing',
      ask: (stripe, _ids, key) => stripe.paymentIntents.cancel('pi_none', {}, key),
    },
    {
      refused: 'a SetupIntent that is over',
      code: 'setup_intent_unexpected_state',
      ask: (stripe, { savedWith }, key) => stripe.setupIntents.cancel(savedWith, {}, key),
    },
    {
      refused: 'a card that declines to be saved',
      code: 'card_declined',
      ask: (stripe, _ids, key) =>
        stripe.setupIntents.create(
          { ...CARDS_ONLY, payment_method: 'pm_card_visa_chargeDeclined', confirm: true },
          key,
        ),
    },
    {
      refused: 'a card that is not attached',
      ask: (stripe, { detached }, key) => stripe.paymentMethods.detach(detached, {}, key),
    },
  ])('keeps the refusal of $refused', async ({ code, ask }) => {
    const {
      emulator,
      id: open,
      confirm,
      paymentMethod: card,
      customer,
      setupIntent,
    } = await readyToConfirm();
    const { stripe } = emulator;
    await confirm('key-0');
    await stripe.refunds.create({ payment_intent: open });
    const { id: deleted } = await stripe.customers.create();
    await stripe.customers.del(deleted);
    const { id: detached } = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    await stripe.paymentMethods.detach(detached);
    const ids = {
      paid: open,
      open: (await intentFor(emulator, customer.id, 'ch-2')).id,
      deleted,
      detached,
      card,
      savedWith: setupIntent.id,
    };
    const first = await failureOf(ask(stripe, ids, { idempotencyKey: 'key-1' }));
    const again = await failureOf(ask(stripe, ids, { idempotencyKey: 'key-1' }));
    expect(first.code).toBe(code);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(again).toMatchObject({ message: first.message, statusCode: first.statusCode });
    expect(again.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.requestId,
      'stripe-should-retry': 'false',
    });
    // What is kept is met by every other request under that key, too.
    const other = failureOf(stripe.customers.create({}, { idempotencyKey: 'key-1' }));
    expect(await other).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  });

  test.each<{ refused: string; statusCode: number; ask: (stripe: Stripe, key: Key) => Promise<unknown> }>([
    {
      refused: 'an unknown parameter',
      statusCode: 400,
      ask: (stripe, key) => stripe.customers.create({ nonsense: 'x' } as object, key),
    },
    {
      refused: 'a bad email address',
      statusCode: 400,
      ask: (stripe, key) => stripe.customers.create({ email: 'nobody' }, key),
    },
    {
      refused: 'an amount that is too small',
      statusCode: 400,
      ask: (stripe, key) => stripe.paymentIntents.create({ amount: 1, currency: 'eur' }, key),
    },
    {
      refused: 'what cannot be expanded',
      statusCode: 400,
      ask: (stripe, key) => stripe.customers.create({ expand: ['email'] }, key),
    },
  ])('does not keep the refusal of $refused', async ({ statusCode, ask }) => {
    const { stripe } = await startEmulator();
    expect(await failureOf(ask(stripe, { idempotencyKey: 'key-1' }))).toMatchObject({ statusCode });
    const { lastResponse } = await stripe.customers.create({}, { idempotencyKey: 'key-1' });
    expect(lastResponse.headers).not.toHaveProperty('idempotent-replayed');
  });

  test('any secret key of the account meets the same answers', async () => {
    const { emulator, id, paymentMethod } = await readyToConfirm();
    const confirm = (stripe: Stripe) =>
      stripe.paymentIntents.confirm(
        id,
        { off_session: true, payment_method: paymentMethod },
        { idempotencyKey: 'key-1' },
      );
    const first = await confirm(emulator.stripe);
    const again = await confirm(clientFor(emulator.url, 'sk_test_rolled'));
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
  });
});
