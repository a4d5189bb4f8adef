// The Stripe.js stand-in, run as served, in a context that has of a browser what the script touches.
import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

type Result = { error?: Record<string, unknown> } & Record<string, Record<string, unknown> | undefined>;
type StripeJs = Record<string, (...args: unknown[]) => Promise<Result>>;
type Element = { number: Input; expiry: Input; cvc: Input; mount(where: unknown): void };
type Input = { value: string };

/** A node of the page: enough to be built, filled and taken away. */
function node(tag: string) {
  return {
    tag,
    style: {},
    value: '',
    children: [] as unknown[],
    removed: false,
    append(child: unknown) {
      this.children.push(child);
    },
    replaceChildren(child: unknown) {
      this.children = [child];
    },
    remove() {
      this.removed = true;
    },
    setAttribute() {},
    addEventListener() {},
  };
}

/** Loads the script as a page would. `shown` lists the overlays it has put up. */
async function load(emulator: Emulator, path = '/v3/') {
  const source = `${emulator.url}${path}`;
  const answer = await fetch(source);
  expect(answer.headers.get('content-type')).toContain('text/javascript');
  const body = node('body');
  const listeners = new Set<(event: unknown) => void>();
  const window: {
    Stripe?: (key: string) => StripeJs & { elements(): { create(type: string): Element } };
  } & Record<string, unknown> = {
    addEventListener: (_type: string, listener: (event: unknown) => void) => listeners.add(listener),
    removeEventListener: (_type: string, listener: (event: unknown) => void) => listeners.delete(listener),
  };
  const document = { currentScript: { src: source }, createElement: node, body, querySelector: () => null };
  vm.runInNewContext(await answer.text(), {
    window,
    document,
    fetch,
    URL,
    URLSearchParams,
    setTimeout,
    setInterval,
    clearInterval,
    location: { assign: () => {} },
  });
  const post = (event: unknown) => {
    for (const listener of listeners) listener(event);
  };
  if (!window.Stripe) throw new Error('the script made no Stripe');
  return { stripe: window.Stripe('pk_test_page'), Stripe: window.Stripe, shown: body.children, post, window };
}

function frameOf(overlay: unknown): string {
  const [frame] = (overlay as { children: Array<{ src: string }> }).children;
  return String(frame?.src);
}

describe('Stripe.js', () => {
  test('a typed card is saved with confirmCardSetup', async () => {
    const emulator = await startEmulator();
    const { stripe } = await load(emulator);
    const { client_secret } = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
    });
    const card = stripe.elements().create('card');
    card.mount(node('div'));
    Object.assign(card.number, { value: '4242 4242 4242 4242' });
    Object.assign(card.expiry, { value: '12 / 40' });
    Object.assign(card.cvc, { value: '123' });
    const result = await stripe.confirmCardSetup?.(client_secret, {
      payment_method: { card, billing_details: { name: 'A' } },
    });
    expect(result).toMatchObject({ setupIntent: { status: 'succeeded' } });
    const method = await emulator.stripe.paymentMethods.retrieve(String(result?.setupIntent?.payment_method));
    expect(method).toMatchObject({
      billing_details: { name: 'A' },
      card: { last4: '4242', exp_month: 12, exp_year: 2040 },
    });
  });

  test.each([
    ['succeed', { paymentIntent: { status: 'succeeded' } }],
    ['fail', { error: { code: 'payment_intent_authentication_failure' } }],
  ])(
    'confirmCardPayment shows the bank’s page and resolves once the customer has answered: %s',
    async (answer, expected) => {
      const emulator = await startEmulator();
      const { stripe, shown, post } = await load(emulator, '/v3/stripe.js');
      const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
      const { id, client_secret } = await intentFor(emulator, customer.id);
      await failureOf(
        emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
      );

      const result = stripe.confirmCardPayment?.(client_secret, { payment_method: paymentMethod });
      await expect.poll(() => shown.length).toBe(1);
      const page = await fetch(frameOf(shown[0]), {
        method: 'POST',
        body: new URLSearchParams({ result: answer }),
      });
      const challengeId = /emulatorChallenge: "(\w+)"/.exec(await page.text())?.[1];
      expect(challengeId).toBeDefined();
      post({ origin: emulator.url, data: { emulatorChallenge: challengeId } });

      expect(await result).toMatchObject(expected);
      expect(shown[0]).toMatchObject({ removed: true });
    },
  );

  test('an answer given elsewhere ends the wait, too', async () => {
    const emulator = await startEmulator();
    const { stripe, shown } = await load(emulator);
    const { id, client_secret } = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_threeDSecure2Required',
    });
    const result = stripe.confirmCardSetup?.(client_secret);
    await expect.poll(() => shown.length).toBe(1);
    await emulator.control(`/challenges/${id}`, { result: 'succeed' });
    expect(await result).toMatchObject({ setupIntent: { id, status: 'succeeded' } });
  });

  test('a decline and a wrong secret are results with an error, never exceptions', async () => {
    const emulator = await startEmulator();
    const { stripe } = await load(emulator);
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_chargeCustomerFail');
    const { id, client_secret } = await intentFor(emulator, customer.id);
    const declined = await stripe.confirmCardPayment?.(client_secret, { payment_method: paymentMethod });
    expect(declined).toMatchObject({
      error: { type: 'card_error', code: 'card_declined', payment_intent: { id } },
    });
    expect(declined?.error?.payment_intent).not.toHaveProperty('metadata');
    expect(await stripe.retrievePaymentIntent?.(client_secret)).toMatchObject({
      paymentIntent: { id, status: 'requires_payment_method' },
    });
    expect(await stripe.retrievePaymentIntent?.(`${id}_secret_x`)).toMatchObject({
      error: { code: 'resource_missing' },
    });
    await emulator.close();
    expect(await stripe.retrievePaymentIntent?.(client_secret)).toMatchObject({
      error: { type: 'api_connection_error' },
    });
  });

  test('confirmSetup works from an Elements group', async () => {
    const emulator = await startEmulator();
    const { stripe } = await load(emulator);
    const { client_secret } = await emulator.stripe.setupIntents.create({
      allowed_payment_method_types: ['card'],
    });
    const elements = stripe.elements();
    const card = elements.create('payment');
    Object.assign(card.number, { value: '4000000000003055' });
    Object.assign(card.expiry, { value: '1/41' });
    const confirm = () =>
      stripe.confirmSetup?.({
        elements,
        clientSecret: client_secret,
        redirect: 'if_required',
        confirmParams: { return_url: 'https://shop.example/' },
      });
    expect(await confirm()).toMatchObject({ error: { type: 'validation_error', code: 'incomplete_cvc' } });
    Object.assign(card.cvc, { value: '123' });
    expect(await confirm()).toMatchObject({ setupIntent: { status: 'succeeded' } });
  });

  test('it takes test keys only', async () => {
    const { Stripe } = await load(await startEmulator());
    expect(() => Stripe('pk_live_page')).toThrow(/test publishable key/);
  });
});
