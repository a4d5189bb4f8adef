// SetupIntents against the real SDK: saving cards, the attempts' 3-D Secure results, and India's mandates.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator, typedCard } from '../start.ts';

async function lastAttempt(
  emulator: Emulator,
  setupIntent: string,
): Promise<Stripe.SetupAttempt | undefined> {
  return (await emulator.stripe.setupAttempts.list({ setup_intent: setupIntent })).data[0];
}

describe('saving a card', () => {
  test('a card the bank does not ask about is saved at once, and attached to the customer', async () => {
    const emulator = await startEmulator();
    const { customer, setupIntent, paymentMethod } = await enrol(emulator);
    expect(setupIntent).toMatchObject({
      status: 'succeeded',
      usage: 'off_session',
      mandate: null,
      single_use_mandate: null,
      allowed_payment_method_types: ['card'],
    });
    const saved = await emulator.stripe.customers.listPaymentMethods(customer.id);
    expect(saved.data.map(({ id }) => id)).toEqual([paymentMethod]);
    expect(await lastAttempt(emulator, setupIntent.id)).toMatchObject({
      id: setupIntent.latest_attempt,
      status: 'succeeded',
      payment_method_details: { card: { three_d_secure: null, last4: '4242' } },
    });
  });

  test('a card the bank asks about is saved once the customer has authenticated, with the proof in the attempt', async () => {
    const emulator = await startEmulator();
    const customer = await emulator.stripe.customers.create();
    const created = await emulator.stripe.setupIntents.create({
      customer: customer.id,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      allowed_payment_method_types: ['card'],
      confirm: true,
      return_url: 'https://shop.example/back',
    });
    expect(created).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    expect(await lastAttempt(emulator, created.id)).toMatchObject({ status: 'requires_action' });

    expect((await emulator.control(`/challenges/${created.id}`, { result: 'succeed' })).body.status).toBe(
      'succeeded',
    );

    const saved = await emulator.stripe.setupIntents.retrieve(created.id, {
      expand: ['latest_attempt', 'payment_method'],
    });
    expect((saved.payment_method as Stripe.PaymentMethod).customer).toBe(customer.id);
    expect(
      (saved.latest_attempt as Stripe.SetupAttempt).payment_method_details.card?.three_d_secure,
    ).toMatchObject({
      authentication_flow: 'challenge',
      result: 'authenticated',
      version: '2.2.0',
      electronic_commerce_indicator: '05',
      transaction_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test('a failed authentication is setup_intent_authentication_failure, and another card may be tried', async () => {
    const emulator = await startEmulator();
    const { setupIntents } = emulator.stripe;
    const created = await setupIntents.create({
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_threeDSecure2Required',
      confirm: true,
    });
    expect(created.next_action?.type).toBe('use_stripe_sdk');
    await emulator.control(`/challenges/${created.id}`, { result: 'fail' });
    expect(await setupIntents.retrieve(created.id)).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      last_setup_error: { code: 'setup_intent_authentication_failure' },
    });
    expect(await lastAttempt(emulator, created.id)).toMatchObject({
      status: 'failed',
      payment_method_details: { card: { three_d_secure: { result: 'failed' } } },
    });
    const again = await setupIntents.confirm(created.id, { payment_method: 'pm_card_visa' });
    expect(again).toMatchObject({ status: 'succeeded', last_setup_error: null });
  });

  test('a declined confirming create is 402 and leaves an open SetupIntent with its error', async () => {
    const emulator = await startEmulator();
    const error = await failureOf(
      emulator.stripe.setupIntents.create({
        allowed_payment_method_types: ['card'],
        payment_method: 'pm_card_visa_chargeDeclinedLostCard',
        confirm: true,
      }),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'lost_card' });
    const left = await emulator.stripe.setupIntents.retrieve(String(error.setup_intent?.id));
    expect(left).toMatchObject({
      status: 'requires_payment_method',
      last_setup_error: { decline_code: 'lost_card', advice_code: 'do_not_try_again' },
    });
  });

  test('the browser confirms with the client secret and a typed card, and sees no metadata', async () => {
    const emulator = await startEmulator();
    const { id, client_secret } = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
      metadata: { customerId: 'c-1' },
    });
    const payment_method = await typedCard(emulator, '4242 4242 4242 4242');
    const wrong = await emulator.browser('POST', `/setup_intents/${id}/confirm`, {
      client_secret: `${id}_secret_guessed`,
      payment_method,
    });
    expect(wrong.status).toBe(404);
    const { status, body } = await emulator.browser('POST', `/setup_intents/${id}/confirm`, {
      client_secret: String(client_secret),
      payment_method,
    });
    expect([status, body.status]).toEqual([200, 'succeeded']);
    expect(body).not.toHaveProperty('metadata');
    expect((await emulator.browser('GET', `/setup_intents/${id}`)).status).toBe(400);
  });

  test('a cancelled or finished SetupIntent refuses to be confirmed', async () => {
    const emulator = await startEmulator();
    const { setupIntents } = emulator.stripe;
    const { id } = await setupIntents.create({ allowed_payment_method_types: ['card'] });
    expect(await setupIntents.cancel(id)).toMatchObject({ status: 'canceled' });
    expect(await failureOf(setupIntents.confirm(id, { payment_method: 'pm_card_visa' }))).toMatchObject({
      statusCode: 400,
      code: 'setup_intent_unexpected_state',
    });
    expect(await failureOf(setupIntents.cancel(id))).toMatchObject({ code: 'setup_intent_unexpected_state' });
  });

  test('3-D Secure can be asked for on a card whose bank would not', async () => {
    const emulator = await startEmulator();
    const created = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_threeDSecureOptional',
      payment_method_options: { card: { request_three_d_secure: 'challenge' } },
      confirm: true,
    });
    expect(created.status).toBe('requires_action');
  });
});

describe('India', () => {
  const OPTIONS = {
    amount: 500_000,
    amount_type: 'maximum',
    currency: 'inr',
    interval: 'sporadic',
    reference: 'agreement-1',
    start_date: 1_800_000_000,
    supported_types: ['india'],
  } as const;

  async function enrolIndian(emulator: Emulator, number: string) {
    const customer = await emulator.stripe.customers.create();
    const { id, status } = await emulator.stripe.setupIntents.create({
      customer: customer.id,
      allowed_payment_method_types: ['card'],
      payment_method: await typedCard(emulator, number),
      payment_method_options: { card: { mandate_options: { ...OPTIONS, supported_types: ['india'] } } },
      confirm: true,
    });
    expect(status).toBe('requires_action');
    await emulator.control(`/challenges/${id}`, { result: 'succeed' });
    const setupIntent = await emulator.stripe.setupIntents.retrieve(id, { expand: ['mandate'] });
    const mandate = setupIntent.mandate as Stripe.Mandate;
    expect(mandate.status).toBe('pending');
    return { customer, setupIntent, mandate, paymentMethod: String(setupIntent.payment_method) };
  }

  async function charge(
    emulator: Emulator,
    terms: { customer: string; paymentMethod: string; mandate?: string },
  ) {
    const { id } = await emulator.stripe.paymentIntents.create({
      amount: 200_000,
      currency: 'inr',
      customer: terms.customer,
      allowed_payment_method_types: ['card'],
    });
    return emulator.stripe.paymentIntents.confirm(id, {
      off_session: true,
      payment_method: terms.paymentMethod,
      ...(terms.mandate ? { mandate: terms.mandate } : {}),
    });
  }

  test('a mandate is pending, then active; a charge must name it, is announced, and takes 26 hours', async () => {
    const emulator = await startEmulator();
    const { customer, setupIntent, mandate, paymentMethod } = await enrolIndian(emulator, '4000003560000123');
    const terms = { customer: customer.id, paymentMethod };
    expect(await failureOf(charge(emulator, { ...terms, mandate: mandate.id }))).toMatchObject({
      code: 'payment_intent_mandate_invalid',
    });
    await emulator.control(`/settle/${setupIntent.id}`, {});
    expect(await emulator.stripe.mandates.retrieve(mandate.id)).toMatchObject({
      status: 'active',
      payment_method: paymentMethod,
    });
    expect(await failureOf(charge(emulator, terms))).toMatchObject({
      decline_code: 'transaction_not_approved',
    });

    const before = Math.floor(Date.now() / 1000);
    const processing = await charge(emulator, { ...terms, mandate: mandate.id });
    expect(processing.status).toBe('processing');
    const notice = processing.processing?.card?.customer_notification;
    expect(notice?.approval_requested).toBe(false);
    expect(notice?.completes_at).toBeGreaterThanOrEqual(before + 26 * 3600);

    await emulator.control('/clock', { advanceSeconds: 25 * 3600 });
    expect((await emulator.stripe.paymentIntents.retrieve(processing.id)).status).toBe('processing');
    await emulator.control('/clock', { advanceSeconds: 3600 + 5 });
    const paid = await emulator.stripe.paymentIntents.retrieve(processing.id, { expand: ['latest_charge'] });
    expect(paid.status).toBe('succeeded');
    expect((paid.latest_charge as Stripe.Charge).payment_method_details?.card?.mandate).toBe(mandate.id);
  });

  test('a pending mandate becomes active by itself', async () => {
    const emulator = await startEmulator();
    const { mandate } = await enrolIndian(emulator, '4000003560000123');
    await expect
      .poll(async () => (await emulator.stripe.mandates.retrieve(mandate.id)).status, { timeout: 5000 })
      .toBe('active');
    const events = await emulator.stripe.events.list({ type: 'mandate.updated' });
    expect(events.data.map(({ data }) => (data.object as Stripe.Mandate).id)).toEqual([mandate.id]);
  });

  test.each([
    ['4000003560000297', 'card_declined', 'transaction_not_approved', 'active'],
    ['4000003560000248', 'processing_error', 'processing_error', 'active'],
    ['4000003560000263', 'india_recurring_payment_mandate_canceled', 'transaction_not_approved', 'inactive'],
  ])(
    '%s fails after its time with %s, %s, and its mandate is then %s',
    async (number, code, declineCode, status) => {
      const emulator = await startEmulator();
      const { customer, setupIntent, mandate, paymentMethod } = await enrolIndian(emulator, number);
      await emulator.control(`/settle/${setupIntent.id}`, {});
      const { id } = await charge(emulator, { customer: customer.id, paymentMethod, mandate: mandate.id });
      expect((await emulator.control(`/settle/${id}`, {})).body.status).toBe('requires_payment_method');
      expect((await emulator.stripe.paymentIntents.retrieve(id)).last_payment_error).toMatchObject({
        code,
        decline_code: declineCode,
      });
      expect((await emulator.stripe.mandates.retrieve(mandate.id)).status).toBe(status);
    },
  );

  test('mandate options must be complete, and are ignored on cards from elsewhere', async () => {
    const emulator = await startEmulator();
    const { reference: _left, ...incomplete } = OPTIONS;
    const refused = await failureOf(
      emulator.stripe.setupIntents.create({
        allowed_payment_method_types: ['card'],
        payment_method_options: { card: { mandate_options: incomplete as never } },
      }),
    );
    expect(refused).toMatchObject({
      code: 'parameter_missing',
      param: 'payment_method_options[card][mandate_options][reference]',
    });
    const elsewhere = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_fr',
      payment_method_options: { card: { mandate_options: { ...OPTIONS, supported_types: ['india'] } } },
      confirm: true,
    });
    expect(elsewhere).toMatchObject({ status: 'succeeded', mandate: null });
  });

  test('pm_card_in without mandate options is charged like any card', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_in');
    const { id } = await intentFor(emulator, customer.id);
    const paid = await emulator.stripe.paymentIntents.confirm(id, {
      off_session: true,
      payment_method: paymentMethod,
    });
    expect(paid.status).toBe('succeeded');
  });
});
