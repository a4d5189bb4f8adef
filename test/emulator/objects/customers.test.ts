// Customers and their cards: saved, made the default, taken away, deleted.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

async function lastEvent({ stripe }: Emulator, type: string): Promise<Stripe.Event.Data> {
  const { data } = await stripe.events.list({ type, limit: 1 });
  if (!data[0]) throw new Error(`no ${type}`);
  return data[0].data;
}

describe('an update', () => {
  test('tells what was there before, of nested groups only what differs', async () => {
    const emulator = await startEmulator();
    const { stripe } = emulator;
    const { customer, paymentMethod } = await enrol(emulator);
    await stripe.customers.update(customer.id, {
      name: 'Ada',
      metadata: { customerId: 'c-2', tier: 'gold' },
      invoice_settings: { default_payment_method: paymentMethod },
    });
    expect((await lastEvent(emulator, 'customer.updated')).previous_attributes).toEqual({
      name: null,
      metadata: { customerId: 'c-1', tier: null },
      invoice_settings: { default_payment_method: null },
    });
    await stripe.paymentMethods.update(paymentMethod, { card: { exp_month: 3, exp_year: 2041 } });
    const updated = await lastEvent(emulator, 'payment_method.updated');
    expect(updated.object).toMatchObject({ id: paymentMethod, card: { exp_month: 3, exp_year: 2041 } });
    expect(updated.previous_attributes).toEqual({
      card: { exp_month: 12, exp_year: new Date().getUTCFullYear() + 4 },
    });
  });

  test('that changes nothing is no event', async () => {
    const emulator = await startEmulator();
    const { customer } = await enrol(emulator);
    await emulator.stripe.customers.update(customer.id, { metadata: { customerId: 'c-1' } });
    expect((await emulator.stripe.events.list({ type: 'customer.updated' })).data).toEqual([]);
  });
});

describe('a card that is detached', () => {
  test('names no customer and can never be used again', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    expect(await emulator.stripe.paymentMethods.detach(paymentMethod)).toMatchObject({ customer: null });
    expect(await lastEvent(emulator, 'payment_method.detached')).toMatchObject({
      object: { customer: null },
      previous_attributes: { customer: customer.id },
    });
    const { id } = await intentFor(emulator, customer.id);
    const error = await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    expect(error).toMatchObject({ statusCode: 400, param: 'payment_method' });
    expect((await emulator.control('/truth?chargeId=ch-1')).body.attempts).toBe(0);
  });

  test('is the default no longer', async () => {
    const emulator = await startEmulator();
    const { customers, paymentMethods } = emulator.stripe;
    const { customer, paymentMethod } = await enrol(emulator);
    await customers.update(customer.id, { invoice_settings: { default_payment_method: paymentMethod } });
    await paymentMethods.detach(paymentMethod);
    const after = (await customers.retrieve(customer.id)) as Stripe.Customer;
    expect(after.invoice_settings.default_payment_method).toBeNull();
    expect((await lastEvent(emulator, 'customer.updated')).previous_attributes).toEqual({
      invoice_settings: { default_payment_method: paymentMethod },
    });
  });

  test('leaves another default alone', async () => {
    const emulator = await startEmulator();
    const { customers, paymentMethods } = emulator.stripe;
    const { customer, paymentMethod } = await enrol(emulator);
    const other = await paymentMethods.attach('pm_card_mastercard', { customer: customer.id });
    await customers.update(customer.id, { invoice_settings: { default_payment_method: paymentMethod } });
    await paymentMethods.detach(other.id);
    const after = (await customers.retrieve(customer.id)) as Stripe.Customer;
    expect(after.invoice_settings.default_payment_method).toBe(paymentMethod);
  });
});

test('a card of somebody else is refused', async () => {
  const emulator = await startEmulator();
  const { paymentMethod } = await enrol(emulator);
  const other = await emulator.stripe.customers.create();
  const { id } = await intentFor(emulator, other.id);
  const confirmed = emulator.stripe.paymentIntents.confirm(id, {
    off_session: true,
    payment_method: paymentMethod,
  });
  expect(await failureOf(confirmed)).toMatchObject({ statusCode: 400 });
});

describe('a deleted customer', () => {
  test('is shown as deleted, is an event, and can be charged no more', async () => {
    const emulator = await startEmulator();
    const { customer } = await enrol(emulator);
    expect(await emulator.stripe.customers.del(customer.id)).toMatchObject({ deleted: true });
    expect(await emulator.stripe.customers.retrieve(customer.id)).toMatchObject({ deleted: true });
    expect((await lastEvent(emulator, 'customer.deleted')).object).toMatchObject({
      id: customer.id,
      metadata: { customerId: 'c-1' },
    });
    expect(await failureOf(intentFor(emulator, customer.id))).toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
      param: 'customer',
    });
  });

  test('leaves their intents as they are: they can be read and cancelled, and not confirmed', async () => {
    const emulator = await startEmulator();
    const { paymentIntents } = emulator.stripe;
    const { customer, paymentMethod } = await enrol(emulator);
    const { id } = await intentFor(emulator, customer.id);
    await emulator.stripe.customers.del(customer.id);
    for (const card of [paymentMethod, 'pm_card_visa']) {
      const confirmed = paymentIntents.confirm(id, { off_session: true, payment_method: card });
      expect(await failureOf(confirmed)).toMatchObject({ statusCode: 400, code: 'resource_missing' });
    }
    expect(await paymentIntents.retrieve(id)).toMatchObject({
      customer: customer.id,
      status: 'requires_payment_method',
    });
    expect((await paymentIntents.cancel(id)).status).toBe('canceled');
    expect((await emulator.control('/truth?chargeId=ch-1')).body.attempts).toBe(0);
  });
});

test('a test token is resolved where a payment method is read', async () => {
  const { stripe } = await startEmulator();
  const card = await stripe.paymentMethods.retrieve('pm_card_fr');
  expect(card).toMatchObject({ object: 'payment_method', customer: null, card: { country: 'FR' } });
  expect(card.id).toMatch(/^pm_(?!card_)/);
  expect((await stripe.paymentMethods.retrieve(card.id)).id).toBe(card.id);
});
