// PaymentIntents against the real SDK: the statuses, the 402 bodies, and at most one successful charge.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { enrol, failureOf, intentFor, startEmulator } from '../start.ts';

describe('a charge while the customer is away', () => {
  test('succeeds on a card that is set up, with one charge that names the merchant’s ids', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    const created = await intentFor(emulator, customer.id);
    expect(created).toMatchObject({ status: 'requires_payment_method', latest_charge: null });

    const paid = await emulator.stripe.paymentIntents.confirm(created.id, {
      off_session: true,
      payment_method: paymentMethod,
      payment_method_options: { card: { stored_credential_usage: 'unscheduled' } },
      expand: ['latest_charge', 'payment_method'],
    });

    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 2000, next_action: null });
    expect((paid.payment_method as Stripe.PaymentMethod).card?.last4).toBe('4242');
    const charge = paid.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({
      amount: 2000,
      paid: true,
      status: 'succeeded',
      metadata: { chargeId: 'ch-1', customerId: 'c-1' },
      outcome: { network_status: 'approved_by_network', type: 'authorized', advice_code: null },
    });
    expect(charge.payment_method_details?.card).toMatchObject({
      stored_credential_usage: 'unscheduled',
      three_d_secure: null,
      mandate: null,
    });
    expect(charge.payment_method_details?.card?.network_transaction_id).toMatch(/^\d{15}$/);
    expect((await emulator.control('/truth?chargeId=ch-1')).body).toMatchObject({
      attempts: 1,
      succeeded: 1,
    });
  });

  test('answers 402 authentication_required with the charge, the intent and the card, and lets go of the card', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
    const { id } = await intentFor(emulator, customer.id);

    const error = await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );

    expect(error).toMatchObject({
      type: 'StripeCardError',
      rawType: 'card_error',
      statusCode: 402,
      code: 'authentication_required',
      decline_code: 'authentication_required',
    });
    expect(error.charge).toMatch(/^ch_/);
    expect(error.payment_method?.id).toBe(paymentMethod);
    expect(error.payment_intent).toMatchObject({
      id,
      status: 'requires_payment_method',
      payment_method: null,
      latest_charge: error.charge,
      last_payment_error: { code: 'authentication_required', payment_method: { id: paymentMethod } },
    });
    expect(error.payment_intent?.client_secret).toMatch(/^pi_.*_secret_/);
    const charge = await emulator.stripe.charges.retrieve(error.charge ?? '');
    expect(charge).toMatchObject({ status: 'failed', paid: false, failure_code: 'authentication_required' });
  });

  test.each([
    ['authenticationRequiredOnSetup', 'spared by the bank', 'low_risk'],
    [
      'authenticationRequiredChargeDeclinedInsufficientFunds',
      'spared, and declined for something else',
      'low_risk',
    ],
    ['authenticationRequired', 'missed by the bank', null],
    ['visa', 'not needed by law', null],
  ])('on %s shows that the customer was %s', async (token, _how, exemption) => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, `pm_card_${token}`);
    const { id } = await intentFor(emulator, customer.id);
    const confirmed = emulator.stripe.paymentIntents.confirm(id, {
      off_session: true,
      payment_method: paymentMethod,
    });
    await Promise.allSettled([confirmed]);
    const [charge] = (await emulator.stripe.charges.list({ payment_intent: id })).data;
    const secure = charge?.payment_method_details?.card?.three_d_secure ?? null;
    const exempted = { result: 'exempted', exemption_indicator: exemption, authentication_flow: null };
    if (exemption === null) expect(secure).toBeNull();
    else expect(secure).toMatchObject(exempted);
  });

  test('shows no exemption on a card that was never set up', async () => {
    const { stripe } = await startEmulator();
    const { id: customer } = await stripe.customers.create();
    const { id: payment_method } = await stripe.paymentMethods.attach('pm_card_fr', { customer });
    const { latest_charge } = await stripe.paymentIntents.create({
      ...{ amount: 500, currency: 'eur', customer, payment_method, confirm: true, off_session: true },
      expand: ['latest_charge'],
    });
    const { payment_method_details } = latest_charge as Stripe.Charge;
    expect(payment_method_details?.card).toMatchObject({ country: 'FR', three_d_secure: null });
  });

  test.each([
    ['insufficient_funds', /^\d{15}$/],
    ['authentication_required', /^\d{15}$/],
    ['transaction_not_approved', /^null$/],
  ])('declined with %s has the network’s transaction id if the network has answered', async (code, id) => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    await emulator.control('/outcomes', { paymentMethod, outcomes: [code] });
    const intent = await intentFor(emulator, customer.id);
    const { charge } = await failureOf(
      emulator.stripe.paymentIntents.confirm(intent.id, { off_session: true, payment_method: paymentMethod }),
    );
    const { payment_method_details } = await emulator.stripe.charges.retrieve(charge ?? '');
    expect(String(payment_method_details?.card?.network_transaction_id)).toMatch(id);
  });

  test('a refused create leaves an open intent', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
    const error = await failureOf(
      emulator.stripe.paymentIntents.create({
        amount: 500,
        currency: 'usd',
        customer: customer.id,
        payment_method: paymentMethod,
        confirm: true,
        off_session: 'recurring' as unknown as boolean,
      }),
    );
    const left = await emulator.stripe.paymentIntents.list({ customer: customer.id });
    expect(left.data.map(({ id, status }) => ({ id, status }))).toEqual([
      { id: error.payment_intent?.id, status: 'requires_payment_method' },
    ]);
  });
});

function challengePage(intent: Record<string, unknown>): string {
  return String((intent.next_action as Stripe.PaymentIntent.NextAction).use_stripe_sdk?.stripe_js);
}

describe('the customer comes back', () => {
  async function stepUp() {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
    const { id, client_secret } = await intentFor(emulator, customer.id);
    await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    return { emulator, id, paymentMethod, secret: String(client_secret) };
  }

  test('the browser confirms the same intent, the bank asks, and the same intent is paid', async () => {
    const { emulator, id, paymentMethod, secret } = await stepUp();
    const confirmed = await emulator.browser('POST', `/payment_intents/${id}/confirm`, {
      client_secret: secret,
      payment_method: paymentMethod,
    });
    expect(confirmed).toMatchObject({
      status: 200,
      body: { status: 'requires_action', next_action: { type: 'use_stripe_sdk' } },
    });
    expect(confirmed.body).not.toHaveProperty('metadata');

    const page = challengePage(confirmed.body);
    expect(await (await fetch(page)).text()).toContain('id="authenticate"');
    await fetch(page, { method: 'POST', body: new URLSearchParams({ result: 'succeed' }) });

    const paid = await emulator.stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
    expect((paid.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure).toMatchObject({
      authentication_flow: 'challenge',
      result: 'authenticated',
      electronic_commerce_indicator: '05',
    });
    expect((await fetch(page)).status).toBe(410);
  });

  test('the server may confirm on-session with a return_url, and the bank’s page leads back there', async () => {
    const { emulator, id, paymentMethod } = await stepUp();
    const confirmed = await emulator.stripe.paymentIntents.confirm(id, {
      off_session: false,
      payment_method: paymentMethod,
      return_url: 'https://shop.example/back?x=1',
    });
    expect(confirmed.next_action).toMatchObject({
      type: 'redirect_to_url',
      redirect_to_url: { return_url: 'https://shop.example/back?x=1' },
    });
    const answer = await fetch(String(confirmed.next_action?.redirect_to_url?.url), {
      method: 'POST',
      body: new URLSearchParams({ result: 'succeed' }),
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    const returned = new URL(String(answer.headers.get('location')));
    expect(Object.fromEntries(returned.searchParams)).toMatchObject({
      x: '1',
      payment_intent: id,
      redirect_status: 'succeeded',
    });
  });

  test('a failed authentication is payment_intent_authentication_failure and the intent is open again', async () => {
    const { emulator, id, paymentMethod } = await stepUp();
    const { body } = await emulator.control(`/challenges/${id}`, { result: 'fail' });
    expect(body).toEqual({ intentId: id, status: 'requires_payment_method' });
    const intent = await emulator.stripe.paymentIntents.retrieve(id);
    expect(intent.last_payment_error).toMatchObject({
      code: 'payment_intent_authentication_failure',
      payment_method: { id: paymentMethod },
    });
    expect((await emulator.control('/truth?chargeId=ch-1')).body.succeeded).toBe(0);
  });

  test('the control API does the whole visit after an authentication_required decline', async () => {
    const { emulator, id } = await stepUp();
    expect(await emulator.control(`/challenges/${id}`, { result: 'succeed' })).toEqual({
      status: 200,
      body: { intentId: id, status: 'succeeded' },
    });
    expect(await emulator.control(`/challenges/${id}`, { result: 'succeed' })).toMatchObject({ status: 409 });
  });

  test('a card that only a scripted outcome sends to the bank is asked there, too', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    await emulator.control('/outcomes', {
      paymentMethod,
      outcomes: ['authentication_required', 'insufficient_funds'],
    });
    const { id } = await intentFor(emulator, customer.id);
    await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    await emulator.control(`/challenges/${id}`, { result: 'fail' });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).last_payment_error?.code).toBe(
      'payment_intent_authentication_failure',
    );
    await emulator.control(`/challenges/${id}`, { result: 'succeed' });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).last_payment_error).toMatchObject({
      code: 'card_declined',
      decline_code: 'insufficient_funds',
    });
  });
});

describe('states', () => {
  test('a paid intent can be confirmed no second time', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    const { id } = await intentFor(emulator, customer.id);
    const confirm = () =>
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    const answers = await Promise.allSettled([confirm(), confirm(), confirm()]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const error = await failureOf(confirm());
    expect(error).toMatchObject({
      type: 'StripeInvalidRequestError',
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'succeeded' },
    });
    expect((await emulator.control('/truth?chargeId=ch-1')).body).toMatchObject({
      attempts: 1,
      succeeded: 1,
    });
  });

  test('last_payment_error is cleared by an update', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_chargeCustomerFail');
    const { id } = await intentFor(emulator, customer.id);
    await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    expect((await emulator.stripe.paymentIntents.retrieve(id)).last_payment_error?.code).toBe(
      'card_declined',
    );
    const updated = await emulator.stripe.paymentIntents.update(id, { metadata: { note: 'seen' } });
    expect(updated).toMatchObject({ last_payment_error: null, metadata: { chargeId: 'ch-1', note: 'seen' } });
  });

  test.each(['requires_payment_method', 'requires_confirmation', 'requires_action'] as const)(
    'an intent in %s can be cancelled, once',
    async (status) => {
      const emulator = await startEmulator();
      const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
      const { id } = await intentFor(emulator, customer.id);
      if (status !== 'requires_payment_method') {
        await emulator.stripe.paymentIntents.update(id, { payment_method: paymentMethod });
      }
      if (status === 'requires_action') await emulator.stripe.paymentIntents.confirm(id);
      expect((await emulator.stripe.paymentIntents.retrieve(id)).status).toBe(status);
      const canceled = await emulator.stripe.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' });
      expect(canceled).toMatchObject({
        status: 'canceled',
        cancellation_reason: 'abandoned',
        next_action: null,
      });
      expect(await failureOf(emulator.stripe.paymentIntents.cancel(id))).toMatchObject({
        code: 'payment_intent_unexpected_state',
      });
      expect((await emulator.control(`/challenges/${id}`, { result: 'succeed' })).status).toBe(409);
    },
  );

  test('an intent that is confirmed too often is cancelled by Stripe', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_chargeCustomerFail');
    const { id } = await intentFor(emulator, customer.id);
    const confirm = () =>
      failureOf(
        emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
      );
    for (let attempt = 1; attempt <= 30; attempt += 1) expect((await confirm()).code).toBe('card_declined');
    expect(await confirm()).toMatchObject({
      code: 'payment_intent_unexpected_state',
      payment_intent: { status: 'canceled', cancellation_reason: 'automatic' },
    });
  });

  test('error_on_requires_action turns the challenge into authentication_not_handled, without a charge', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
    const { id } = await intentFor(emulator, customer.id);
    const error = await failureOf(
      emulator.stripe.paymentIntents.confirm(id, {
        payment_method: paymentMethod,
        error_on_requires_action: true,
      }),
    );
    expect(error).toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
      decline_code: 'authentication_not_handled',
    });
    expect((await emulator.control('/truth?chargeId=ch-1')).body.attempts).toBe(0);
  });

  test('processing ends as the control API says, and cannot be cancelled before', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    await emulator.control('/outcomes', { paymentMethod, outcomes: ['processing', 'processing'] });
    for (const [result, status] of [
      ['succeed', 'succeeded'],
      ['fail', 'requires_payment_method'],
    ] as const) {
      const { id } = await intentFor(emulator, customer.id);
      const processing = await emulator.stripe.paymentIntents.confirm(id, {
        off_session: true,
        payment_method: paymentMethod,
      });
      expect(processing.status).toBe('processing');
      expect((await failureOf(emulator.stripe.paymentIntents.cancel(id))).code).toBe(
        'payment_intent_unexpected_state',
      );
      expect((await emulator.control(`/settle/${id}`, { result })).body.status).toBe(status);
      expect((await emulator.control(`/settle/${id}`, {})).status).toBe(409);
    }
  });
});
