// An emulator on a real socket, a webhook receiver, and the clients a test needs; everything stops with the test.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { expect, onTestFinished } from 'vitest';
import { buildEmulator, type EmulatorOptions } from '../../emulator/app.ts';
import { checkTraffic, sharedChecker } from '../../parity/openapi/traffic.ts';

export const SECRET = 'whsec_test';

// While the file is loaded, and so before the clock of any test runs.
sharedChecker();

export interface Emulator {
  readonly options: EmulatorOptions;
  readonly url: string;
  readonly stripe: Stripe;
  /** A call of the control API; answers with status and parsed body. */
  control(
    path: string,
    body?: unknown,
    method?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** A call with a publishable key, as a browser makes it. */
  browser(
    method: string,
    path: string,
    params?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  close(): Promise<void>;
}

export async function startEmulator(overrides: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const options: EmulatorOptions = { webhookSecret: SECRET, ...overrides };
  const app = await buildEmulator(options);
  const faults = checkTraffic(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= app.close();
    return closed;
  };
  onTestFinished(async () => {
    await close();
    expect(faults, 'against Stripe’s OpenAPI document').toEqual([]);
  });
  return {
    options,
    url,
    close,
    stripe: clientFor(url),
    control: async (path, body, method = body === undefined ? 'GET' : 'POST') => {
      const answer = await fetch(`${url}/_emulator${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    browser: async (method, path, params = {}) => {
      const form = new URLSearchParams(params).toString();
      const answer = await fetch(`${url}/v1${path}${method === 'GET' ? `?${form}` : ''}`, {
        method,
        headers: {
          authorization: 'Bearer pk_test_browser',
          ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(method === 'POST' ? { body: form } : {}),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
  };
}

export function clientFor(url: string, key = 'sk_test_emulator'): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port: Number(port),
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

/** What the SDK throws; fails the test if it throws nothing. */
export async function failureOf(work: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await work;
  } catch (error) {
    return error as Stripe.errors.StripeError;
  }
  throw new Error('expected a failure, got an answer');
}

/** A customer with a card saved through a SetupIntent; where the bank asks, the customer answers. */
export async function enrol(emulator: Emulator, token = 'pm_card_visa') {
  const { stripe } = emulator;
  const customer = await stripe.customers.create({ metadata: { customerId: 'c-1' } });
  const created = await stripe.setupIntents.create({
    customer: customer.id,
    usage: 'off_session',
    allowed_payment_method_types: ['card'],
    payment_method: token,
    confirm: true,
  });
  if (created.status === 'requires_action') {
    await emulator.control(`/challenges/${created.id}`, { result: 'succeed' });
  }
  const setupIntent = await stripe.setupIntents.retrieve(created.id);
  return { customer, setupIntent, paymentMethod: String(setupIntent.payment_method) };
}

/** An unconfirmed PaymentIntent for a charge of 20 EUR. */
export function intentFor(emulator: Emulator, customer: string, chargeId = 'ch-1', amount = 2000) {
  return emulator.stripe.paymentIntents.create({
    amount,
    currency: 'eur',
    customer,
    allowed_payment_method_types: ['card'],
    metadata: { chargeId, customerId: 'c-1' },
  });
}

/** A payment of `ch-1` that waits to be confirmed with a saved card. */
export async function readyToConfirm(token?: string) {
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

/** How often the bank was asked for `ch-1`, and how often money moved. */
export function attemptsAt(emulator: Emulator) {
  return emulator.control('/truth?chargeId=ch-1').then(({ body }) => [body.attempts, body.succeeded]);
}

/** A card typed into the page: a payment method made with the publishable key. */
export async function typedCard(emulator: Emulator, number: string): Promise<string> {
  const { body } = await emulator.browser('POST', '/payment_methods', {
    type: 'card',
    'card[number]': number,
    'card[exp_month]': '12',
    'card[exp_year]': '40',
    'card[cvc]': '123',
  });
  return String(body.id);
}

export interface Delivery {
  readonly body: string;
  readonly signature: string;
  readonly event: Stripe.EventBase;
}

/** A receiver for webhooks; `answers` is asked for the status of each delivery. */
export async function startReceiver(answers: (delivery: Delivery) => number = () => 200) {
  const received: Delivery[] = [];
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.end(); // where a redirect leads
      return;
    }
    void read(request).then((body) => {
      const delivery = {
        body,
        signature: String(request.headers['stripe-signature']),
        event: JSON.parse(body),
      };
      received.push(delivery);
      response.writeHead(answers(delivery), { location: '/moved' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}/webhooks`, received, close };
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
