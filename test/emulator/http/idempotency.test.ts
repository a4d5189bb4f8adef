// Idempotency keys and ordered faults against the real SDK: what is replayed, what is refused, what is lost.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { clientFor, type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

interface Ids {
  readonly paid: string;
  readonly open: string;
  readonly deleted: string;
  readonly detached: string;
  readonly card: string;
  readonly savedWith: string;
}

type Key = { idempotencyKey: string };

async function ready(token?: string) {
  const emulator = await startEmulator();
  const { customer, paymentMethod, setupIntent } = await enrol(emulator, token);
  const { id } = await intentFor(emulator, customer.id);
  const confirm = (idempotencyKey: string, extra: { off_session?: boolean } = { off_session: true }) =>
    emulator.stripe.paymentIntents.confirm(
      id,
      { ...extra, payment_method: paymentMethod },
      { idempotencyKey },
    );
  return { emulator, id, confirm, paymentMethod, customer, setupIntent };
}

function attempts(emulator: Emulator) {
  return emulator.control('/truth?chargeId=ch-1').then(({ body }) => [body.attempts, body.succeeded]);
}

function fault(
  emulator: Emulator,
  kind: number | string,
  when: string,
  times = 1,
  path = '/v1/payment_intents/*/confirm',
) {
  return emulator.control('/faults', { method: 'POST', path, kind, when, times });
}

describe('idempotency keys', () => {
  test('the same key and parameters replay the first answer and its request id', async () => {
    const { emulator, confirm } = await ready();
    const first = await confirm('key-1');
    const again = await confirm('key-1');
    expect(again).toEqual(first);
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
    expect(again.lastResponse.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.lastResponse.requestId,
    });
    expect(again.lastResponse.requestId).not.toBe(first.lastResponse.requestId);
    expect(await attempts(emulator)).toEqual([1, 1]);
  });

  test('a 402 is replayed, too: only a new key asks the bank again', async () => {
    const { emulator, confirm } = await ready('pm_card_chargeCustomerFail');
    const first = await failureOf(confirm('key-1'));
    const again = await failureOf(confirm('key-1'));
    expect(again.charge).toBe(first.charge);
    expect(again.headers?.['idempotent-replayed']).toBe('true');
    expect(await attempts(emulator)).toEqual([1, 0]);
    expect((await failureOf(confirm('key-2'))).charge).not.toBe(first.charge);
  });

  test('the same key with other parameters or another endpoint is idempotency_error without a code', async () => {
    const { emulator, id, confirm } = await ready();
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
    const { emulator, confirm } = await ready();
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
    expect(await attempts(emulator)).toEqual([1, 1]);
    expect((await confirm('key-1')).status).toBe('succeeded');
  });

  test('a key is forgotten after 24 hours: it is a new request then', async () => {
    const { emulator, confirm } = await ready('pm_card_chargeCustomerFail');
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
    const { confirm } = await ready();
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
    const { emulator, id: open, confirm, paymentMethod: card, customer, setupIntent } = await ready();
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
    const { emulator, id, paymentMethod } = await ready();
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
    expect(await attempts(emulator)).toEqual([1, 1]);
  });
});

describe('faults', () => {
  test('a 500 before the commit moves nothing and is replayed under its key', async () => {
    const { emulator, id, confirm } = await ready();
    await fault(emulator, 500, 'before');
    expect(await failureOf(confirm('key-1'))).toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    expect(await failureOf(confirm('key-1'))).toMatchObject({ statusCode: 500 });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
    expect((await confirm('key-2')).status).toBe('succeeded');
  });

  test('a 500 after the commit has moved the money, and is replayed under its key', async () => {
    const { emulator, id, confirm } = await ready();
    await fault(emulator, '500', 'after');
    expect((await failureOf(confirm('key-1'))).statusCode).toBe(500);
    const replayed = await failureOf(confirm('key-1'));
    expect(replayed.headers).toMatchObject({ 'idempotent-replayed': 'true', 'stripe-should-retry': 'false' });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
    expect(await attempts(emulator)).toEqual([1, 1]);
  });

  test('a dropped answer loses the answer and not the charge; the same key brings it back', async () => {
    const { emulator, confirm } = await ready();
    await fault(emulator, 'drop', 'after', 2); // the SDK asks once more by itself
    expect(await failureOf(confirm('key-1'))).toMatchObject({ type: 'StripeConnectionError' });
    expect(await attempts(emulator)).toEqual([1, 1]);
    const again = await confirm('key-1');
    expect(again.status).toBe('succeeded');
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  });

  test('a request dropped before the commit has never been', async () => {
    const { emulator, confirm } = await ready();
    await fault(emulator, 'drop', 'before', 2);
    expect((await failureOf(confirm('key-1'))).type).toBe('StripeConnectionError');
    expect(await attempts(emulator)).toEqual([0, 0]);
    const first = await confirm('key-1');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  });

  test('a 429 is not kept, and as many strike as were ordered', async () => {
    const { emulator, confirm } = await ready();
    await fault(emulator, 429, 'before', 2);
    for (let ask = 0; ask < 2; ask += 1) {
      expect(await failureOf(confirm('key-1'))).toMatchObject({
        type: 'StripeRateLimitError',
        statusCode: 429,
        code: 'rate_limit',
      });
    }
    expect((await confirm('key-1')).status).toBe('succeeded');
  });

  test.each([
    ['before', 0],
    ['after', 1],
  ])(
    'who is left hanging %s the commit gives up by itself, and the same key tells the end',
    async (when, moved) => {
      const { emulator, id, confirm, paymentMethod } = await ready();
      await fault(emulator, 'hang', when);
      const impatient = emulator.stripe.paymentIntents.confirm(
        id,
        { off_session: true, payment_method: paymentMethod },
        { idempotencyKey: 'key-1', timeout: 500 },
      );
      expect(await failureOf(impatient)).toMatchObject({ type: 'StripeConnectionError' });
      expect(await attempts(emulator)).toEqual([moved, moved]);
      const again = await confirm('key-1');
      expect(again.status).toBe('succeeded');
      expect(again.lastResponse.headers['idempotent-replayed']).toBe(moved === 1 ? 'true' : undefined);
      expect(await attempts(emulator)).toEqual([1, 1]);
    },
  );

  test('a key in use is no answer, and is not kept', async () => {
    const { emulator, confirm } = await ready();
    await fault(emulator, 409, 'after');
    expect(await failureOf(confirm('key-1'))).toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    });
    expect((await confirm('key-1')).lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await attempts(emulator)).toEqual([1, 1]);
  });

  test('a fault meets only its method and path, and can be taken back', async () => {
    const { emulator, id, confirm } = await ready();
    await fault(emulator, 500, 'before', 5, `/v1/payment_intents/${id}/cancel`);
    await fault(emulator, 500, 'before', 5, '/v1/customers');
    expect((await emulator.stripe.paymentIntents.retrieve(id)).id).toBe(id);
    expect((await confirm('key-1')).status).toBe('succeeded');
    expect((await failureOf(emulator.stripe.customers.create())).statusCode).toBe(500);
    expect(await emulator.control('/faults', undefined, 'DELETE')).toEqual({
      status: 200,
      body: { faults: [] },
    });
    expect((await emulator.stripe.customers.create()).object).toBe('customer');
  });

  test('a fault for one customer meets what is made for them and what is theirs, and nobody else', async () => {
    const { emulator, confirm } = await ready();
    const ordered = { method: 'POST', kind: 500, when: 'before', customerId: 'ada' };
    const order = (path: string) => emulator.control('/faults', { ...ordered, path, times: 1 });
    await order('/v1/customers');
    await order('/v1/customers/*');
    await order('/v1/payment_intents/*/confirm');
    const { customers } = emulator.stripe;
    const ada = { metadata: { customerId: 'ada' } };
    const eve = await customers.create({ metadata: { customerId: 'eve' } });
    expect((await failureOf(customers.create(ada))).statusCode).toBe(500);
    const { id } = await customers.create(ada);
    expect((await customers.update(eve.id, {})).id).toBe(eve.id);
    expect((await failureOf(customers.update(id, {}))).statusCode).toBe(500);
    expect((await confirm('key-1')).status).toBe('succeeded');
    expect((await emulator.control('/faults')).body.faults).toMatchObject([{ ...ordered, kind: '500' }]);
  });
});
