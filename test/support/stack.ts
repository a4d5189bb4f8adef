// A whole stack for one test file, reached only over HTTP, and the requests of tests to it.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { FastifyBaseLogger } from 'fastify';
import { inject } from 'vitest';
import { freePort } from '../../dev/free-port.ts';
import { EMULATOR_KEY, type Stack, startStack } from '../../dev/stack.ts';
import { skipTime } from '../../dev/time.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { buildEmulator } from '../../emulator/app.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { checkTraffic } from '../../parity/openapi/traffic.ts';
import { clientDataConverter } from '../../temporal/payload-codec.ts';
import { readPayloadEncryption } from '../../temporal/payload-keys.ts';
import { createLogger } from '../../worker/logger.ts';
import { BILLING_QUEUE, CATCH_UP, workflowIdOf } from '../../workflows/messages.ts';
import { emptyLedger } from './databases.ts';
import { takeNamespace } from './namespace.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the server sends; tests look at them as a caller would
type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

export interface TestStack extends Stack {
  readonly client: Client;
  /** Calls the api with a key of all scopes, or another one. */
  call(method: string, path: string, body?: object, key?: string): Promise<Answer>;
  get(path: string): Promise<Json>;
  post(path: string, body?: object): Promise<Answer>;
  /** Polls with back-off until `isIt` accepts the answer, for a minute; fails with the last answer. */
  until(path: string, isIt: (body: Json) => boolean): Promise<Json>;
  untilCharge(customerId: string, chargeId: string, status: string): Promise<Json>;
  untilCustomer(customerId: string, status: string): Promise<Json>;
  /** Polls until there is evidence of this kind: a charge may be shown as ended a moment before its evidence is written. */
  untilOnRecord(customerId: string, kind: string): Promise<Json[]>;
  /** Runs the catch-up for undelivered events, as its schedule does. */
  catchUp(): Promise<{ notified: number; unclaimed: number }>;
  /** The emulator's control table. */
  control(path: string, body?: object): Promise<Json>;
  /** What really happened to this charge at Stripe. */
  truth(chargeId: string): Promise<Json>;
  /** The emulator's API, as Stripe's SDK or Stripe.js would call it. */
  stripe(method: string, path: string, form?: Record<string, string>, key?: string): Promise<Json>;
  /** Enrols a customer whose card asks for no authentication. @returns the id of the card */
  enrol(customerId: string, paymentMethod?: string, more?: object): Promise<string>;
  /** Gives an Indian card to an open enrolment, as Stripe.js would, until its mandate is active. @returns the card */
  completeEnrolment(
    customerId: string,
    enrolment: { clientSecret: string; setupIntentId: string },
  ): Promise<string>;
  /** What Stripe.js does: confirms a SetupIntent with a card of this number. */
  giveCard(clientSecret: string, number: string): Promise<Json>;
  /** Charges this card past the product, as somebody does in the Dashboard. @returns the PaymentIntent */
  payByHand(stripeCustomerId: string, paymentMethod: string, more?: Record<string, string>): Promise<Json>;
  /** The card on file, as the emulator names it. */
  cardOf(customerId: string): Promise<string>;
  /** Lets `ms` pass for one customer and the emulator. */
  passTime(customerId: string, ms: number): Promise<number>;
}

export const CONSENT = { termsVersion: '2026-11', acceptedAt: '2026-11-01T09:00:00Z' };
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Everything that worker, workflows and activities have logged in this process; warnings are shown too. */
export const workerLog: string[] = [];
/** Where the worker's Prometheus metrics are. */
export const metricsUrl = `http://127.0.0.1:${await freePort()}/metrics`;

const shown = new DefaultLogger('WARN');
const kept = createLogger({ write: (line) => void workerLog.push(line) });
Runtime.install({
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
    kept.log(level, message, meta);
    shown.log(level, message, meta);
  }),
  telemetryOptions: {
    logging: { forward: {}, filter: 'WARN' },
    metrics: { prometheus: { bindAddress: new URL(metricsUrl).host } },
  },
});

/** The ledger and the emulator, shared by stacks that follow each other. Whoever starts them stops them. */
export interface SharedBackends {
  readonly ledger: Ledger;
  readonly emulatorUrl: string;
  /** Of the api that gets the emulator’s webhooks, so only one stack may run at a time. */
  readonly port: number;
  readonly webhookSecret: string;
}

export async function startSharedBackends(): Promise<SharedBackends & { stop(): Promise<void> }> {
  const port = await freePort();
  const webhookSecret = 'whsec_of_every_stack_on_this_world';
  const webhookUrl = `http://127.0.0.1:${port}/webhooks/stripe`;
  const emulator = await buildEmulator({ webhookSecret, webhookUrl });
  const faults = checkTraffic(emulator);
  const emulatorUrl = await emulator.listen({ host: '127.0.0.1', port: 0 });
  const ledger = await openLedger(await emptyLedger());
  const stop = async () => {
    await ledger.close();
    await emulator.close();
    failOn(faults);
  };
  return { ledger, emulatorUrl, port, webhookSecret, stop };
}

export interface TestStackOptions {
  readonly merchantUrl?: string;
  /** Of the product, over the stack's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly stripeTimeoutMs?: number;
  /** Gets the logs of the api. */
  readonly logger?: FastifyBaseLogger;
  /** Another stack's, to go on with its customers; absent: a new one. */
  readonly namespace?: string;
  /** Instead of a ledger and an emulator of its own. */
  readonly backends?: SharedBackends;
  /** A server with settings of its own; absent: the run's. */
  readonly temporalAddress?: string;
}

export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  const { backends } = options;
  const address = options.temporalAddress ?? inject('temporalAddress');
  const ownServer = options.temporalAddress === undefined ? undefined : 'default';
  const namespace = options.namespace ?? ownServer ?? (await takeNamespace());
  let faults: readonly string[] = [];
  const started = await startStack({
    temporal: { address, namespace },
    workflows: { workflowBundle: { codePath: inject('workflowBundlePath') } },
    ledger: backends?.ledger ?? (await emptyLedger()),
    emulator: backends ? null : { prepare: (emulator) => (faults = checkTraffic(emulator)) },
    ...omitUndefined({ port: backends?.port }),
    ...omitUndefined({ stripeTimeoutMs: options.stripeTimeoutMs, logger: options.logger }),
    env: {
      ...(options.merchantUrl !== undefined && {
        MERCHANT_WEBHOOK_URL: options.merchantUrl,
        MERCHANT_WEBHOOK_SECRET: MERCHANT_SECRET,
      }),
      ...(backends && {
        STRIPE_API_BASE: backends.emulatorUrl,
        STRIPE_SECRET_KEY: EMULATOR_KEY,
        STRIPE_PUBLISHABLE_KEY: 'pk_test_emulator',
        STRIPE_WEBHOOK_SECRET: backends.webhookSecret,
      }),
      ...options.env,
    },
  });
  const stack: Stack = backends ? { ...started, emulatorUrl: backends.emulatorUrl } : started;
  const client = new Client({
    connection: await Connection.connect({ address }),
    namespace,
    dataConverter: clientDataConverter(readPayloadEncryption(options.env ?? {}, [])),
  });

  return {
    ...testClient(stack, client),
    stop: async () => {
      await client.connection.close();
      await stack.stop();
      failOn(faults);
    },
  };
}

/** Nothing that the product asked, or was answered, is against Stripe's OpenAPI document. */
function failOn(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`against Stripe's OpenAPI document:\n${faults.join('\n')}`);
}

/** The requests of tests to a stack, however it runs. `client` sees the workflows of the same namespace. */
export function testClient(stack: Omit<Stack, 'stop'>, client: Client): Omit<TestStack, 'stop'> {
  const call = async (method: string, path: string, body?: object, key = stack.apiKey): Promise<Answer> => {
    const response = await fetch(stack.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...omitUndefined({ 'content-type': body && 'application/json' }),
      },
      ...omitUndefined({ body: body && JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  };
  const get = async (path: string) => (await call('GET', path)).body;
  const until = async (path: string, isIt: (body: Json) => boolean) => {
    const giveUpAt = Date.now() + 60_000;
    for (let pauseMs = 30; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
      const body = await get(path);
      if (isIt(body)) return body;
      if (Date.now() > giveUpAt) throw new Error(`${path} stayed ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  };
  const control = async (path: string, body?: object) => {
    const response = await fetch(`${stack.emulatorUrl}/_emulator/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...omitUndefined({ body: body && JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Json;
  };
  const stripe = async (method: string, path: string, form?: Record<string, string>, key = 'sk_test_e2e') => {
    const response = await fetch(`${stack.emulatorUrl}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${key}` },
      ...omitUndefined({ body: form && new URLSearchParams(form) }),
    });
    return (await response.json()) as Json;
  };
  const cardOf = async (customerId: string) => {
    const { mandate } = await get(`/v1/customers/${customerId}`);
    const setup = await stripe('GET', `setup_intents/${mandate.setupIntentId}`);
    return setup.payment_method as string;
  };
  const giveCard = async (clientSecret: string, number: string) => {
    const card = {
      type: 'card',
      'card[number]': number,
      'card[exp_month]': '12',
      'card[exp_year]': '2032',
      'card[cvc]': '123',
    };
    const method = await stripe('POST', 'payment_methods', card, 'pk_test_e2e');
    const setupIntentId = clientSecret.split('_secret')[0];
    const confirmation = { client_secret: clientSecret, payment_method: method.id };
    return stripe('POST', `setup_intents/${setupIntentId}/confirm`, confirmation, 'pk_test_e2e');
  };

  return {
    url: stack.url,
    apiKey: stack.apiKey,
    emulatorUrl: stack.emulatorUrl,
    client,
    giveCard,
    completeEnrolment: async (customerId, { clientSecret, setupIntentId }) => {
      const { status } = await giveCard(clientSecret, '4000003560000123');
      if (status === 'requires_action') await control(`challenges/${setupIntentId}`, { result: 'succeed' });
      await control(`settle/${setupIntentId}`, {});
      await until(`/v1/customers/${customerId}`, (customer) => customer.status === 'active');
      return cardOf(customerId);
    },
    call,
    get,
    post: (path, body = {}) => call('POST', path, body),
    until,
    untilCharge: (customerId, chargeId, status) =>
      until(`/v1/customers/${customerId}/charges/${chargeId}`, (charge) => charge.status === status),
    untilCustomer: (customerId, status) =>
      until(`/v1/customers/${customerId}`, (customer) => customer.status === status),
    untilOnRecord: async (customerId, kind) => {
      const ofKind = ({ items }: Json): Json[] => items.filter((item: Json) => item.kind === kind);
      return ofKind(await until(`/v1/customers/${customerId}/evidence`, (body) => ofKind(body).length > 0));
    },
    catchUp: () =>
      client.workflow.execute(CATCH_UP, {
        taskQueue: BILLING_QUEUE,
        workflowId: `catch-up-${randomUUID()}`,
      }),
    payByHand: (stripeCustomerId, paymentMethod, more = {}) =>
      stripe('POST', 'payment_intents', {
        amount: '700',
        currency: 'eur',
        customer: stripeCustomerId,
        payment_method: paymentMethod,
        confirm: 'true',
        'allowed_payment_method_types[0]': 'card',
        ...more,
      }),
    control,
    truth: (chargeId) => control(`truth?chargeId=${chargeId}`),
    stripe,
    cardOf,
    enrol: async (customerId, paymentMethod = 'pm_card_visa', more = {}) => {
      const answer = await call('POST', '/v1/customers', {
        customerId,
        paymentMethod,
        consent: CONSENT,
        ...more,
      });
      if (answer.status !== 201) throw new Error(`enrol: ${answer.status} ${JSON.stringify(answer.body)}`);
      await until(`/v1/customers/${customerId}`, ({ status }) => status === 'active');
      return cardOf(customerId);
    },
    passTime: (customerId, ms) =>
      skipTime({ client, workflowId: workflowIdOf(customerId), ms, emulatorUrl: stack.emulatorUrl }),
  };
}

/** Stripe's SDK asks once more by itself when a connection is dropped, and an activity asks three times. */
export const UNTIL_GIVEN_UP = 6;

export const MERCHANT_SECRET = `whsec_${Buffer.from('the merchant and we know this one').toString('base64')}`;
