// `expand`: what is put in place of an id, and what cannot be.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

async function paid(emulator: Emulator) {
  const { customer, paymentMethod } = await enrol(emulator);
  const { id } = await intentFor(emulator, customer.id);
  await emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
  return { id, customer, paymentMethod };
}

describe('what cannot be expanded', () => {
  test.each([
    ['a field that is no object', 'amount'],
    ['a field of another object', 'latest_attempt'],
    ['metadata, which is there anyway', 'metadata'],
    ['a field beyond one that is not expandable', 'amount.customer'],
    ['a group without its object', 'last_payment_error'],
    ['a list that is none', 'data.customer'],
    ['an inherited property', 'constructor'],
  ])('%s: %s', async (_what, path) => {
    const { stripe } = await startEmulator();
    const error = await failureOf(
      stripe.paymentIntents.create({ amount: 900, currency: 'eur', expand: [path] }),
    );
    expect(error).toMatchObject({
      statusCode: 400,
      message: `This property cannot be expanded (${path}).`,
    });
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  test('on a list, what is meant is named', async () => {
    const { stripe } = await startEmulator();
    const error = await failureOf(stripe.paymentIntents.list({ expand: ['customer'] }));
    expect(error.message).toBe(
      "This property cannot be expanded (customer). You may want to try expanding 'data.customer' instead.",
    );
    const other = await failureOf(stripe.customers.list({ expand: ['data.latest_charge'] }));
    expect(other.message).toBe('This property cannot be expanded (data.latest_charge).');
  });

  test('more than four levels', async () => {
    const { stripe } = await startEmulator();
    const path = 'latest_charge.payment_intent.latest_charge.payment_intent.customer';
    const error = await failureOf(stripe.paymentIntents.retrieve('pi_none', { expand: [path] }));
    expect(error.message).toMatch(/more than 4 levels/);
  });
});

test('each object is put where its id was, as deep as asked', async () => {
  const emulator = await startEmulator();
  const { id, customer, paymentMethod } = await paid(emulator);
  const intent = await emulator.stripe.paymentIntents.retrieve(id, {
    expand: [
      'latest_charge.payment_intent.payment_method',
      'customer.invoice_settings.default_payment_method',
    ],
  });
  const charge = intent.latest_charge as Stripe.Charge;
  expect(charge.payment_intent).toMatchObject({ id, payment_method: { id: paymentMethod } });
  expect(intent.customer).toMatchObject({ id: customer.id, object: 'customer' });
});

test('a deleted customer is shown as deleted', async () => {
  const emulator = await startEmulator();
  const { id, customer } = await paid(emulator);
  await emulator.stripe.customers.del(customer.id);
  const intent = await emulator.stripe.paymentIntents.retrieve(id, { expand: ['customer'] });
  expect(intent.customer).toEqual({ id: customer.id, object: 'customer', deleted: true });
});
