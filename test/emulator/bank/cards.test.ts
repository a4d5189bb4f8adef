// Each test card of docs.stripe.com/testing that the emulator claims, through the real SDK.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { enrol, failureOf, intentFor, startEmulator } from '../start.ts';

describe('cards that ask for the customer', () => {
  test.each([
    ['authenticationRequiredOnSetup', 'requires_action', 'authentication_required', 'succeeded'],
    ['authenticationRequired', 'requires_action', 'authentication_required', 'authentication_required'],
    ['authenticationRequiredSetupForOffSession', 'requires_action', 'succeeded', 'succeeded'],
    [
      'authenticationRequiredChargeDeclinedInsufficientFunds',
      'requires_action',
      'authentication_required',
      'insufficient_funds',
    ],
    ['threeDSecure2Required', 'requires_action', 'authentication_required', 'succeeded'],
    ['threeDSecureOptional', 'succeeded', 'succeeded', 'succeeded'],
    ['amex_threeDSecureNotSupported', 'succeeded', 'succeeded', 'succeeded'],
    ['chargeCustomerFail', 'generic_decline', 'generic_decline', 'generic_decline'],
  ])(
    '%s: %s with the customer, %s without, %s without once set up',
    async (token, withCustomer, withoutCustomer, onceSetUp) => {
      const emulator = await startEmulator();
      const { stripe } = emulator;
      const result = async (paymentMethod: string, customer: string, offSession: boolean) => {
        const { id } = await intentFor(emulator, customer);
        try {
          return (
            await stripe.paymentIntents.confirm(id, {
              payment_method: paymentMethod,
              off_session: offSession,
            })
          ).status;
        } catch (error) {
          return (error as Stripe.errors.StripeError).decline_code;
        }
      };
      const customer = await stripe.customers.create();
      const attached = await stripe.paymentMethods.attach(`pm_card_${token}`, { customer: customer.id });
      expect(await result(attached.id, customer.id, false)).toBe(withCustomer);
      expect(await result(attached.id, customer.id, true)).toBe(withoutCustomer);
      const saved = await enrol(emulator, `pm_card_${token}`);
      expect(saved.setupIntent.status).toBe('succeeded');
      expect(await result(saved.paymentMethod, saved.customer.id, true)).toBe(onceSetUp);
    },
  );

  test('3178 authenticates, then has no money', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(
      emulator,
      'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds',
    );
    const { id } = await intentFor(emulator, customer.id);
    const asked = await emulator.stripe.paymentIntents.confirm(id, { payment_method: paymentMethod });
    expect(asked.status).toBe('requires_action');
    await emulator.control(`/challenges/${id}`, { result: 'succeed' });
    expect(await emulator.stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
    });
  });

  test('1629 authenticates and is declined, so it cannot be saved', async () => {
    const emulator = await startEmulator();
    const { setupIntent } = await enrol(emulator, 'pm_card_threeDSecureRequiredChargeDeclined');
    expect(setupIntent).toMatchObject({
      status: 'requires_payment_method',
      last_setup_error: { code: 'card_declined' },
    });
  });
});

describe('cards that decline', () => {
  test.each([
    ['visa_chargeDeclined', 'card_declined', 'generic_decline', 'try_again_later'],
    ['visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds', 'try_again_later'],
    ['visa_chargeDeclinedLostCard', 'card_declined', 'lost_card', 'do_not_try_again'],
    ['visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card', 'do_not_try_again'],
    ['chargeDeclinedExpiredCard', 'expired_card', 'expired_card', 'confirm_card_data'],
    ['chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc', 'confirm_card_data'],
    ['chargeDeclinedProcessingError', 'processing_error', 'processing_error', 'try_again_later'],
    ['chargeDeclinedFraudulent', 'card_declined', 'fraudulent', undefined],
    ['visa_chargeDeclinedVelocityLimitExceeded', 'card_declined', 'card_velocity_exceeded', undefined],
  ])('%s: %s, %s, advice %s; it cannot be attached', async (token, code, declineCode, advice) => {
    const { stripe } = await startEmulator();
    const error = await failureOf(
      stripe.paymentIntents.create({
        amount: 1000,
        currency: 'usd',
        allowed_payment_method_types: ['card'],
        payment_method: `pm_card_${token}`,
        confirm: true,
      }),
    );
    expect(error).toMatchObject({ statusCode: 402, code, decline_code: declineCode });
    expect(error.advice_code).toBe(advice);
    const charge = await stripe.charges.retrieve(String(error.charge));
    expect(charge.outcome).toMatchObject({
      advice_code: advice ?? null,
      network_status: 'declined_by_network',
      reason: declineCode,
      type: 'issuer_declined',
    });
    const customer = await stripe.customers.create();
    const refused = await failureOf(
      stripe.paymentMethods.attach(`pm_card_${token}`, { customer: customer.id }),
    );
    expect(refused).toMatchObject({ statusCode: 402, code });
  });
});

test.each([
  ['us', 'US'],
  ['gb', 'GB'],
  ['fr', 'FR'],
  ['de', 'DE'],
  ['ie', 'IE'],
  ['jp', 'JP'],
  ['au', 'AU'],
  ['br', 'BR'],
  ['sg', 'SG'],
  ['in', 'IN'],
])('pm_card_%s is issued in %s', async (token, country) => {
  const { stripe } = await startEmulator();
  const customer = await stripe.customers.create();
  const { card } = await stripe.paymentMethods.attach(`pm_card_${token}`, { customer: customer.id });
  expect(card?.country).toBe(country);
});

test('the same number has the same fingerprint, another number another', async () => {
  const { stripe } = await startEmulator();
  const customer = await stripe.customers.create();
  const attach = async (token: string) =>
    (await stripe.paymentMethods.attach(token, { customer: customer.id })).card?.fingerprint;
  const [first, again, other] = [
    await attach('pm_card_visa'),
    await attach('pm_card_visa'),
    await attach('pm_card_fr'),
  ];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

describe('what comes after a charge', () => {
  async function chargeWith(token: string) {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, token);
    const { id } = await intentFor(emulator, customer.id);
    const paid = await emulator.stripe.paymentIntents.confirm(id, {
      off_session: true,
      payment_method: paymentMethod,
    });
    return { emulator, paid };
  }

  test('a charge is refunded in parts up to its amount, and no further', async () => {
    const { emulator, paid } = await chargeWith('pm_card_visa');
    const { refunds, charges } = emulator.stripe;
    const part = await refunds.create({
      payment_intent: paid.id,
      amount: 500,
      reason: 'requested_by_customer',
    });
    expect(part).toMatchObject({ status: 'succeeded', amount: 500, charge: paid.latest_charge });
    expect(await failureOf(refunds.create({ payment_intent: paid.id, amount: 1501 }))).toMatchObject({
      statusCode: 400,
      param: 'amount',
    });
    expect(await refunds.create({ charge: String(paid.latest_charge) })).toMatchObject({ amount: 1500 });
    expect(await failureOf(refunds.create({ payment_intent: paid.id }))).toMatchObject({
      code: 'charge_already_refunded',
    });
    const charge = await charges.retrieve(String(paid.latest_charge), { expand: ['refunds'] });
    expect(charge).toMatchObject({ refunded: true, amount_refunded: 2000 });
    expect(charge.refunds?.data).toHaveLength(2);
    expect((await emulator.control('/truth?chargeId=ch-1')).body.charges).toMatchObject([
      { refunded: true, amountRefunded: 2000, status: 'succeeded' },
    ]);
  });

  test.each([
    ['pendingRefund', 'pending', 'succeeded', 2000],
    ['refundFail', 'succeeded', 'failed', 0],
  ])('%s: a refund is %s at first, then %s', async (token, first, then, amountRefunded) => {
    const { emulator, paid } = await chargeWith(`pm_card_${token}`);
    const { id, status } = await emulator.stripe.refunds.create({ payment_intent: paid.id });
    expect(status).toBe(first);
    await emulator.control('/clock', { advanceSeconds: 10 });
    expect((await emulator.stripe.refunds.retrieve(id)).status).toBe(then);
    const charge = await emulator.stripe.charges.retrieve(String(paid.latest_charge));
    expect(charge.amount_refunded).toBe(amountRefunded);
  });
});

test('0032 authenticates without a challenge', async () => {
  const emulator = await startEmulator();
  const { body: method } = await emulator.browser('POST', '/payment_methods', {
    type: 'card',
    'card[number]': '4000000032200000',
    'card[exp_month]': '1',
    'card[exp_year]': '2040',
  });
  const saved = await emulator.stripe.setupIntents.create({
    allowed_payment_method_types: ['card'],
    payment_method: String(method.id),
    confirm: true,
    expand: ['latest_attempt'],
  });
  expect(saved.status).toBe('succeeded');
  const attempt = saved.latest_attempt as Stripe.SetupAttempt;
  expect(attempt.payment_method_details.card?.three_d_secure).toMatchObject({
    authentication_flow: 'frictionless',
    result: 'authenticated',
  });
});
