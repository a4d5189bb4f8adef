// Ordered faults against the real SDK: which request fails, what has happened by then, and what its key brings back.
import { describe, expect, test } from 'vitest';
import { attemptsAt, type Emulator, failureOf, readyToConfirm } from '../start.ts';

function fault(
  emulator: Emulator,
  kind: number | string,
  when: string,
  times = 1,
  path = '/v1/payment_intents/*/confirm',
) {
  return emulator.control('/faults', { method: 'POST', path, kind, when, times });
}

describe('faults', () => {
  test('a 500 before the commit moves nothing and is replayed under its key', async () => {
    const { emulator, id, confirm } = await readyToConfirm();
    await fault(emulator, 500, 'before');
    expect(await failureOf(confirm('key-1'))).toMatchObject({ type: 'StripeAPIError', statusCode: 500 });
    expect(await failureOf(confirm('key-1'))).toMatchObject({ statusCode: 500 });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
    expect((await confirm('key-2')).status).toBe('succeeded');
  });

  test('a 500 after the commit has moved the money, and is replayed under its key', async () => {
    const { emulator, id, confirm } = await readyToConfirm();
    await fault(emulator, '500', 'after');
    expect((await failureOf(confirm('key-1'))).statusCode).toBe(500);
    const replayed = await failureOf(confirm('key-1'));
    expect(replayed.headers).toMatchObject({ 'idempotent-replayed': 'true', 'stripe-should-retry': 'false' });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).status).toBe('succeeded');
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
  });

  test('a dropped answer loses the answer and not the charge; the same key brings it back', async () => {
    const { emulator, confirm } = await readyToConfirm();
    await fault(emulator, 'drop', 'after', 2); // the SDK asks once more by itself
    expect(await failureOf(confirm('key-1'))).toMatchObject({ type: 'StripeConnectionError' });
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
    const again = await confirm('key-1');
    expect(again.status).toBe('succeeded');
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  });

  test('a request dropped before the commit has never been', async () => {
    const { emulator, confirm } = await readyToConfirm();
    await fault(emulator, 'drop', 'before', 2);
    expect((await failureOf(confirm('key-1'))).type).toBe('StripeConnectionError');
    expect(await attemptsAt(emulator)).toEqual([0, 0]);
    const first = await confirm('key-1');
    expect(first.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  });

  test('a 429 is not kept, and as many strike as were ordered', async () => {
    const { emulator, confirm } = await readyToConfirm();
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
      const { emulator, id, confirm, paymentMethod } = await readyToConfirm();
      await fault(emulator, 'hang', when);
      const impatient = emulator.stripe.paymentIntents.confirm(
        id,
        { off_session: true, payment_method: paymentMethod },
        { idempotencyKey: 'key-1', timeout: 500 },
      );
      expect(await failureOf(impatient)).toMatchObject({ type: 'StripeConnectionError' });
      expect(await attemptsAt(emulator)).toEqual([moved, moved]);
      const again = await confirm('key-1');
      expect(again.status).toBe('succeeded');
      expect(again.lastResponse.headers['idempotent-replayed']).toBe(moved === 1 ? 'true' : undefined);
      expect(await attemptsAt(emulator)).toEqual([1, 1]);
    },
  );

  test('a key in use is no answer, and is not kept', async () => {
    const { emulator, confirm } = await readyToConfirm();
    await fault(emulator, 409, 'after');
    expect(await failureOf(confirm('key-1'))).toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    });
    expect((await confirm('key-1')).lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await attemptsAt(emulator)).toEqual([1, 1]);
  });

  test('a fault meets only its method and path, and can be taken back', async () => {
    const { emulator, id, confirm } = await readyToConfirm();
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
    const { emulator, confirm } = await readyToConfirm();
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
