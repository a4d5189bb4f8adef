// The API's surface against the real SDK: keys, parameters, lists, expansion.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { clientFor, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

describe('keys', () => {
  test('test keys open it, restricted ones too; live ones, none and nonsense are 401', async () => {
    const { url } = await startEmulator();
    for (const key of ['sk_test_1', 'rk_test_1']) {
      expect((await clientFor(url, key).customers.create()).livemode).toBe(false);
    }
    for (const key of ['sk_live_1', 'rk_live_1', 'nonsense']) {
      const error = await failureOf(clientFor(url, key).customers.create());
      expect(error).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 });
      expect(error.requestId).toMatch(/^req_/);
    }
    expect((await fetch(`${url}/v1/customers`)).status).toBe(401);
  });

  test('a publishable key reaches only what a browser needs', async () => {
    const { url } = await startEmulator();
    const error = await failureOf(clientFor(url, 'pk_test_1').customers.create());
    expect(error).toMatchObject({ statusCode: 401, code: 'secret_key_required' });
  });

  test('a browser on another origin may call', async () => {
    const { url } = await startEmulator();
    const preflight = await fetch(`${url}/v1/payment_methods`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  test('card numbers are refused with a secret key', async () => {
    const { stripe } = await startEmulator();
    const error = await failureOf(
      stripe.paymentMethods.create({
        type: 'card',
        card: { number: '4242424242424242', exp_month: 12, exp_year: 2040, cvc: '123' },
      }),
    );
    expect(error).toMatchObject({ statusCode: 402, rawType: 'invalid_request_error' });
  });

  test.each([
    [{ 'card[number]': '4111111111111111' }, 'incorrect_number'],
    [{ 'card[exp_month]': '13' }, 'invalid_expiry_month'],
    [{ 'card[exp_year]': '2020' }, 'invalid_expiry_year'],
  ])('a browser that sends %o gets the error %s', async (wrong, code) => {
    const emulator = await startEmulator();
    const { status, body } = await emulator.browser('POST', '/payment_methods', {
      type: 'card',
      'card[number]': '4242424242424242',
      'card[exp_month]': '12',
      'card[exp_year]': '2040',
      ...wrong,
    });
    expect({ status, error: body.error }).toMatchObject({ status: 402, error: { type: 'card_error', code } });
  });
});

describe('parameters', () => {
  const base = { amount: 1000, currency: 'eur' };
  test.each([
    [{ ...base, nonsense: 'x' }, 'parameter_unknown', 'nonsense'],
    [
      { ...base, payment_method_types: ['card'] },
      'payment_method_types_no_longer_supported',
      'payment_method_types',
    ],
    [{ amount: 1000 }, 'parameter_missing', 'currency'],
    [{ ...base, amount: 12.5 }, 'parameter_invalid_integer', 'amount'],
    [{ ...base, amount: 0 }, 'parameter_invalid_integer', 'amount'],
    [{ ...base, amount: 49 }, 'amount_too_small', 'amount'],
    [{ ...base, amount: 100_000_000 }, 'amount_too_large', 'amount'],
    [{ ...base, currency: 'xxq' }, undefined, 'currency'],
    [{ ...base, customer: 'cus_nobody' }, 'resource_missing', 'customer'],
    [{ ...base, payment_method: 'pm_nothing' }, 'resource_missing', 'payment_method'],
    [{ ...base, off_session: true }, undefined, 'off_session'],
    [
      { ...base, allowed_payment_method_types: ['card'], automatic_payment_methods: { enabled: true } },
      'parameters_exclusive',
      'automatic_payment_methods',
    ],
    [{ ...base, expand: ['nonsense'] }, undefined, undefined],
  ])('%o is refused: %s (%s), and makes nothing', async (params, code, param) => {
    const { stripe } = await startEmulator();
    const error = await failureOf(
      stripe.paymentIntents.create(params as unknown as Stripe.PaymentIntentCreateParams),
    );
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', param });
    expect(error.code).toBe(code);
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
  });

  test('what does not exist is 404 resource_missing', async () => {
    const { stripe, url } = await startEmulator();
    for (const work of [
      stripe.paymentIntents.retrieve('pi_none'),
      stripe.setupIntents.retrieve('seti_none'),
      stripe.paymentMethods.retrieve('pm_none'),
      stripe.customers.retrieve('cus_none'),
      stripe.mandates.retrieve('mandate_none'),
      stripe.charges.retrieve('ch_none'),
      stripe.refunds.retrieve('re_none'),
      stripe.events.retrieve('evt_none'),
    ]) {
      expect(await failureOf(work)).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    }
    const unknown = await fetch(`${url}/v1/subscriptions`, {
      headers: { authorization: 'Bearer sk_test_1' },
    });
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get('request-id')).toMatch(/^req_/);
  });

  test('metadata merges, and an empty value unsets its key', async () => {
    const { stripe } = await startEmulator();
    const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' } });
    const updated = await stripe.customers.update(id, { metadata: { a: '', c: '3' } });
    expect(updated.metadata).toEqual({ b: '2', c: '3' });
  });
});

describe('lists and expansion', () => {
  test('intents are paged by customer, newest first, in both directions', async () => {
    const emulator = await startEmulator();
    const customer = await emulator.stripe.customers.create();
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1) made.push((await intentFor(emulator, customer.id, `ch-${n}`)).id);
    await intentFor(emulator, (await emulator.stripe.customers.create()).id);
    const seen: string[] = [];
    for await (const { id } of emulator.stripe.paymentIntents.list({ customer: customer.id, limit: 2 }))
      seen.push(id);
    expect(seen).toEqual([...made].reverse());
    const page = await emulator.stripe.paymentIntents.list({
      customer: customer.id,
      ending_before: String(made[0]),
      limit: 2,
    });
    expect(page).toMatchObject({ has_more: true, data: [{ id: made[2] }, { id: made[1] }] });
    expect(await failureOf(emulator.stripe.paymentIntents.list({ limit: 101 }))).toMatchObject({
      param: 'limit',
    });
  });

  test('created filters by the emulator’s clock', async () => {
    const emulator = await startEmulator();
    const customer = await emulator.stripe.customers.create();
    const old = await intentFor(emulator, customer.id);
    await emulator.control('/clock', { advanceSeconds: 3600 });
    const young = await intentFor(emulator, customer.id);
    expect(young.created - old.created).toBeGreaterThanOrEqual(3600);
    const since = await emulator.stripe.paymentIntents.list({ created: { gt: old.created } });
    expect(since.data.map(({ id }) => id)).toEqual([young.id]);
  });

  test('lists expand through data', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    const { id } = await intentFor(emulator, customer.id);
    await emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    const list = await emulator.stripe.paymentIntents.list({
      expand: ['data.latest_charge', 'data.customer'],
    });
    expect(list.data[0]).toMatchObject({ latest_charge: { paid: true }, customer: { id: customer.id } });
    expect((await emulator.stripe.paymentIntents.retrieve(id)).latest_charge).toMatch(/^ch_/);
  });

  test('there is no search, and the answer says so', async () => {
    const { stripe } = await startEmulator();
    const query = { query: "status:'succeeded'" };
    for (const work of [
      () => stripe.paymentIntents.search(query),
      () => stripe.charges.search(query),
      () => stripe.customers.search(query),
    ]) {
      const error = await failureOf(work());
      expect(error.statusCode).toBe(404);
      expect(error.message).toMatch(/no search in this emulator/);
    }
  });

  test('every key belongs to one account', async () => {
    const { url, stripe } = await startEmulator();
    const other = clientFor(url, 'rk_test_other');
    expect((await other.accounts.retrieveCurrent()).id).toBe((await stripe.accounts.retrieveCurrent()).id);
  });
});

describe('versions and errors', () => {
  test.each(['2026-09-30.endive', '2025-03-31.basil', 'nonsense'])(
    'a request for API version %s is refused with words that say so, and does nothing',
    async (version) => {
      const { url, stripe } = await startEmulator();
      const error = await failureOf(stripe.customers.create({}, { apiVersion: version }));
      expect(error.statusCode).toBe(400);
      expect(error.message).toContain('2026-10-28.endive');
      expect(error.message).toContain(version);
      expect((await stripe.customers.list()).data).toEqual([]);
      const unnamed = await fetch(`${url}/v1/customers`, { headers: { authorization: 'Bearer sk_test_1' } });
      expect(unnamed.headers.get('stripe-version')).toBe('2026-10-28.endive');
    },
  );

  test('an error with a code names Stripe’s page about it', async () => {
    const { stripe } = await startEmulator();
    const missing = await failureOf(stripe.customers.retrieve('cus_none'));
    expect(missing.doc_url).toBe('https://docs.stripe.com/error-codes/resource-missing');
    const bad = await failureOf(stripe.customers.create({ email: 'nobody' }));
    expect(bad).toMatchObject({
      code: 'email_invalid',
      doc_url: 'https://docs.stripe.com/error-codes/email-invalid',
    });
  });

  test('a refund of a card cannot be cancelled', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_pendingRefund');
    const { id } = await intentFor(emulator, customer.id);
    await emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    const refund = await emulator.stripe.refunds.create({ payment_intent: id });
    const error = await failureOf(emulator.stripe.refunds.cancel(refund.id));
    expect(error).toMatchObject({ statusCode: 400, type: 'StripeInvalidRequestError' });
    expect((await emulator.stripe.refunds.retrieve(refund.id)).status).toBe('pending');
  });
});
