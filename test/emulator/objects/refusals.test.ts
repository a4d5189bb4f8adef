// What Stripe refuses of the requests for payments, cards and customers, and what it lets in.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { enrol, failureOf, intentFor, startEmulator } from '../start.ts';

describe('a confirmation while the account’s own payment methods are open to the customer', () => {
  const words =
    /configured to accept payment methods enabled in your Dashboard.*you must provide a `return_url`/;

  test('needs a return_url', async () => {
    const { stripe } = await startEmulator();
    const { id } = await stripe.paymentIntents.create({ amount: 900, currency: 'eur' });
    const error = await failureOf(stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' }));
    expect(error).toMatchObject({
      statusCode: 400,
      rawType: 'invalid_request_error',
      payment_intent: { id },
    });
    expect(error.message).toMatch(words);
    const setup = await stripe.setupIntents.create();
    const refused = await failureOf(
      stripe.setupIntents.confirm(setup.id, { payment_method: 'pm_card_visa' }),
    );
    expect(refused.message).toMatch(words);
    expect((await stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
  });

  test('refused at once makes no intent', async () => {
    const { stripe } = await startEmulator();
    const both = { payment_method: 'pm_card_visa', confirm: true };
    await failureOf(stripe.paymentIntents.create({ amount: 900, currency: 'eur', ...both }));
    await failureOf(stripe.setupIntents.create(both));
    expect((await stripe.paymentIntents.list()).data).toEqual([]);
    expect((await stripe.setupIntents.list()).data).toEqual([]);
  });

  test.each([
    ['there is a return_url', {}, { return_url: 'https://shop.example/' }],
    [
      'no redirects are allowed',
      { automatic_payment_methods: { enabled: true, allow_redirects: 'never' as const } },
      {},
    ],
    ['only cards are allowed', { allowed_payment_method_types: ['card' as const] }, {}],
    ['the customer is away', {}, { off_session: true }],
  ])('is let in where %s', async (_where, created, confirmed) => {
    const { stripe } = await startEmulator();
    const { id } = await stripe.paymentIntents.create({ amount: 900, currency: 'eur', ...created });
    const paid = await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', ...confirmed });
    expect(paid.status).toBe('succeeded');
  });
});

describe('a card that is to be saved by a payment', () => {
  test.each(['when it is made', 'when it is confirmed'])(
    'cannot be charged off-session by that same payment: said %s',
    async (when) => {
      const emulator = await startEmulator();
      const { customer, paymentMethod } = await enrol(emulator);
      const { paymentIntents } = emulator.stripe;
      const saving = { setup_future_usage: 'off_session' as const };
      const { id } = await paymentIntents.create({
        amount: 900,
        currency: 'eur',
        customer: customer.id,
        allowed_payment_method_types: ['card'],
        ...(when === 'when it is made' ? saving : {}),
      });
      const error = await failureOf(
        paymentIntents.confirm(id, {
          payment_method: paymentMethod,
          off_session: true,
          ...(when === 'when it is confirmed' ? saving : {}),
        }),
      );
      expect(error.statusCode).toBe(400);
      expect(error.message).toBe(
        'You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the PaymentIntent because you cannot set up future usages when processing payments off-session.',
      );
      const left = await paymentIntents.retrieve(id);
      expect(left).toMatchObject({
        status: 'requires_payment_method',
        setup_future_usage: when === 'when it is made' ? 'off_session' : null,
      });
    },
  );

  test('is not a stored credential yet', async () => {
    const { stripe } = await startEmulator();
    const { id } = await stripe.paymentIntents.create({
      amount: 900,
      currency: 'eur',
      allowed_payment_method_types: ['card'],
      setup_future_usage: 'off_session',
    });
    const error = await failureOf(
      stripe.paymentIntents.confirm(id, {
        payment_method: 'pm_card_visa',
        payment_method_options: { card: { stored_credential_usage: 'unscheduled' } },
      }),
    );
    expect(error).toMatchObject({
      statusCode: 400,
      param: 'payment_method_options[card][stored_credential_usage]',
    });
  });
});

describe('a reference to what does not exist', () => {
  test('is 400 in a parameter and 404 in the path', async () => {
    const { stripe } = await startEmulator();
    const missing = { code: 'resource_missing', type: 'StripeInvalidRequestError' };
    const { id: customer } = await stripe.customers.create();
    const base = { amount: 900, currency: 'eur' };
    for (const [work, param] of [
      [() => stripe.paymentIntents.create({ ...base, customer: 'cus_none' }), 'customer'],
      [() => stripe.paymentIntents.create({ ...base, payment_method: 'pm_none' }), 'payment_method'],
      [() => stripe.setupIntents.create({ customer: 'cus_none' }), 'customer'],
      [() => stripe.refunds.create({ charge: 'ch_none' }), 'charge'],
      [() => stripe.refunds.create({ payment_intent: 'pi_none' }), 'payment_intent'],
      [() => stripe.paymentMethods.attach('pm_card_visa', { customer: 'cus_none' }), 'customer'],
      [() => stripe.paymentMethods.list({ customer: 'cus_none' }), 'customer'],
      [() => stripe.charges.list({ starting_after: 'ch_none' }), 'starting_after'],
    ] as const) {
      expect(await failureOf(work())).toMatchObject({ ...missing, statusCode: 400, param });
    }
    for (const work of [
      () => stripe.customers.update('cus_none', {}),
      () => stripe.customers.listPaymentMethods('cus_none'),
      () => stripe.paymentMethods.attach('pm_none', { customer }),
      () => stripe.paymentIntents.confirm('pi_none'),
      () => stripe.refunds.cancel('re_none'),
    ]) {
      expect(await failureOf(work())).toMatchObject({ ...missing, statusCode: 404 });
    }
  });
});

describe('what is shown on the statement', () => {
  const create = (stripe: Stripe, statement_descriptor_suffix: string) =>
    stripe.paymentIntents.create({ amount: 900, currency: 'eur', statement_descriptor_suffix });

  test.each(['2026-11', '12345', 'A<B', "O'NEIL", 'A*B', 'A\\B', 'A"B', 'ПЛАТЁЖ', '支払い', 'X'.repeat(23)])(
    'cannot end with %s',
    async (suffix) => {
      const { stripe } = await startEmulator();
      expect(await failureOf(create(stripe, suffix))).toMatchObject({
        statusCode: 400,
        param: 'statement_descriptor_suffix',
      });
      expect((await stripe.paymentIntents.list()).data).toEqual([]);
    },
  );

  test.each(['N', 'NOV 2026', 'Zürich 7', 'A&B-C.D', 'X'.repeat(22)])('can end with %s', async (suffix) => {
    const { stripe } = await startEmulator();
    expect((await create(stripe, suffix)).statement_descriptor_suffix).toBe(suffix);
  });

  test('ends every charge with it, and is no longer than a statement is wide', async () => {
    const emulator = await startEmulator();
    const paid = await emulator.stripe.paymentIntents.create({
      amount: 900,
      currency: 'eur',
      statement_descriptor_suffix: 'NOVEMBER 2026 WATER',
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_visa',
      confirm: true,
      expand: ['latest_charge'],
    });
    expect((paid.latest_charge as Stripe.Charge).calculated_statement_descriptor).toBe(
      'EMULATOR* NOVEMBER 202',
    );
  });

  test('cannot be named whole for a card', async () => {
    const { stripe } = await startEmulator();
    const whole = stripe.paymentIntents.create({
      amount: 900,
      currency: 'eur',
      statement_descriptor: 'NOVEMBER',
    });
    expect(await failureOf(whole)).toMatchObject({ statusCode: 400, param: 'statement_descriptor' });
  });
});

describe('amounts and currencies', () => {
  test.each([
    ['idr', 999_999_999_999, true],
    ['idr', 1_000_000_000_000, false],
    ['eur', 99_999_999, true],
    ['eur', 100_000_000, false],
    ['jpy', 99_999_999, true],
    ['jpy', 100_000_000, false],
  ])('%s %i is taken: %s', async (currency, amount, taken) => {
    const { stripe } = await startEmulator();
    const created = stripe.paymentIntents.create({ amount, currency });
    if (taken) expect(await created).toMatchObject({ amount, currency });
    else expect(await failureOf(created)).toMatchObject({ code: 'amount_too_large', param: 'amount' });
  });

  test('a currency may be written in upper case and is answered in lower case', async () => {
    const { stripe } = await startEmulator();
    const { id } = await stripe.paymentIntents.create({ amount: 900, currency: 'EUR' });
    expect((await stripe.paymentIntents.retrieve(id)).currency).toBe('eur');
    const unknown = await failureOf(stripe.paymentIntents.create({ amount: 900, currency: 'XXQ' }));
    expect(unknown.message).toMatch(/^Invalid currency: xxq\. Stripe currently supports these currencies: /);
  });

  test('an amount may be changed by hand until it is paid, and what is paid is what it is then', async () => {
    const emulator = await startEmulator();
    const { paymentIntents } = emulator.stripe;
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_chargeCustomerFail');
    const { id } = await intentFor(emulator, customer.id);
    const confirm = () => paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    await failureOf(confirm());
    expect(await paymentIntents.update(id, { amount: 90_000 })).toMatchObject({
      amount: 90_000,
      last_payment_error: null,
    });
    await emulator.control('/outcomes', { paymentMethod, outcomes: ['succeed'] });
    expect(await confirm()).toMatchObject({ amount_received: 90_000 });
    expect(await failureOf(paymentIntents.update(id, { amount: 900 }))).toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
  });
});

describe('metadata', () => {
  const withMetadata = (stripe: Stripe, metadata: Record<string, string>) =>
    stripe.customers.create({ metadata });
  const keys = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`key${n}`, 'x']));

  test('has up to 50 keys of 40 characters with values of 500', async () => {
    const { stripe } = await startEmulator();
    const largest = { ...keys(49), ['k'.repeat(40)]: 'v'.repeat(500) };
    const { id, metadata } = await withMetadata(stripe, largest);
    expect(Object.keys(metadata)).toHaveLength(50);
    for (const refused of [
      keys(51),
      { ['k'.repeat(41)]: 'v' },
      { k: 'v'.repeat(501) },
      { k: '😀'.repeat(500) },
    ]) {
      expect((await failureOf(withMetadata(stripe, refused))).statusCode).toBe(400);
    }
    expect((await failureOf(stripe.customers.update(id, { metadata: { more: 'x' } }))).statusCode).toBe(400);
    expect(await stripe.customers.update(id, { metadata: { key0: '', more: 'x' } })).toMatchObject({
      metadata: { more: 'x' },
    });
  });
});

describe('email addresses', () => {
  test.each([
    'nobody',
    'a@localhost',
    'a@com.',
    '@shop.example',
    ' a@shop.example',
    'a@shop.example ',
    'a b@shop.example',
    'a＠shop.example',
    `${'a'.repeat(500)}@shop.example`,
  ])('%j is refused wherever one is taken', async (email) => {
    const emulator = await startEmulator();
    const { stripe } = emulator;
    const { paymentMethod } = await enrol(emulator);
    for (const [work, param] of [
      [() => stripe.customers.create({ email }), 'email'],
      [
        () => stripe.paymentIntents.create({ amount: 900, currency: 'eur', receipt_email: email }),
        'receipt_email',
      ],
      [
        () => stripe.paymentMethods.update(paymentMethod, { billing_details: { email } }),
        'billing_details[email]',
      ],
    ] as const) {
      expect(await failureOf(work())).toMatchObject({ statusCode: 400, param });
    }
  });

  test('an internationalised one is taken', async () => {
    const { stripe } = await startEmulator();
    expect((await stripe.customers.create({ email: 'jürgen@müller.example' })).email).toBe(
      'jürgen@müller.example',
    );
  });
});

test('a card can be changed only once it is saved', async () => {
  const emulator = await startEmulator();
  const { stripe } = emulator;
  const { id } = await stripe.paymentMethods.retrieve('pm_card_visa');
  const error = await failureOf(stripe.paymentMethods.update(id, { metadata: { a: 'b' } }));
  expect(error).toMatchObject({
    statusCode: 400,
    message: 'You must save this PaymentMethod to a customer before you can update it.',
  });
  const { paymentMethod } = await enrol(emulator);
  await stripe.paymentMethods.detach(paymentMethod);
  expect((await failureOf(stripe.paymentMethods.update(paymentMethod, {}))).statusCode).toBe(400);
});
