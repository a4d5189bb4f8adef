// What encryption of payloads hides and refuses, while keys are rolled, and what the codec endpoint shows.
import { randomBytes } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeNamespace } from '../support/namespace.ts';
import { startSharedBackends, startTestStack, type TestStack } from '../support/stack.ts';

const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = keyOf('k1');
const NEW = keyOf('k2');
const UI = 'https://temporal.example';

let backends: Awaited<ReturnType<typeof startSharedBackends>>;
let stack: TestStack;
beforeAll(async () => {
  backends = await startSharedBackends();
  stack = await startTestStack({ backends, env: { PAYLOAD_KEYS: OLD, PAYLOAD_UI_ORIGIN: UI } });
});
afterAll(async () => {
  await stack.stop();
  await backends.stop();
});

interface Found {
  readonly keyIds: Set<string>;
  /** Payloads in Temporal's JSON form. */
  readonly payloads: { metadata: Record<string, string>; data: string }[];
  readonly text: string;
}

/** Every payload of a workflow's history. */
async function payloadsOf(workflowId: string): Promise<Found> {
  const history = await stack.client.workflow.getHandle(workflowId).fetchHistory();
  const found: Found = { keyIds: new Set(), payloads: [], text: '' };
  let text = '';
  const walk = (value: unknown): void => {
    if (value instanceof Uint8Array) text += Buffer.from(value).toString('latin1');
    else if (typeof value === 'object' && value !== null) {
      const { metadata, data } = value as { metadata?: Record<string, Uint8Array>; data?: Uint8Array };
      const keyId = metadata?.['encryption-key-id'];
      if (keyId && data) {
        found.keyIds.add(Buffer.from(keyId).toString());
        const encoded = Object.entries(metadata).map(([name, bytes]) => [
          name,
          Buffer.from(bytes).toString('base64'),
        ]);
        found.payloads.push({
          metadata: Object.fromEntries(encoded),
          data: Buffer.from(data).toString('base64'),
        });
      }
      for (const inner of Object.values(value)) walk(inner);
    }
  };
  walk(history);
  return { ...found, text };
}

test('a customer is billed as ever, and their history shows no charge', async () => {
  await stack.enrol('hidden');
  const { body } = await stack.post('/v1/customers/hidden/charges?wait=15', {
    chargeId: 'hidden-charge',
    amount: 4900,
    currency: 'eur',
  });
  expect(body.status).toBe('succeeded');
  const { keyIds, text } = await payloadsOf('billing/hidden');
  expect(keyIds).toEqual(new Set(['k1']));
  expect(text).not.toContain('hidden-charge');
  expect(await stack.truth('hidden-charge')).toMatchObject({ succeeded: 1 });
});

test('the codec endpoint shows a payload to a key that may operate, and to no other', async () => {
  const { payloads } = await payloadsOf('billing/hidden');
  const { status, body, headers } = await stack.call('POST', '/codec/decode', { payloads });
  expect(status).toBe(200);
  const shown = body.payloads
    .map(({ data }: { data: string }) => Buffer.from(data, 'base64').toString())
    .join();
  expect(shown).toContain('hidden-charge');
  expect(headers.get('access-control-allow-origin')).toBe(UI);
  expect(headers.get('cache-control')).toBe('no-store');

  expect((await stack.call('POST', '/codec/decode', { payloads }, 'wrong')).status).toBe(401);
  const preflight = await fetch(`${stack.url}/codec/decode`, {
    method: 'OPTIONS',
    headers: { origin: UI, 'access-control-request-method': 'POST' },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');

  const encoded = await stack.call('POST', '/codec/encode', body);
  expect(encoded.body.payloads).toHaveLength(payloads.length);
  expect(JSON.stringify(encoded.body)).not.toBe(JSON.stringify(body));
  const [broken] = payloads.map((payload) => ({ ...payload, data: 'AAAA' }));
  const refused = await stack.call('POST', '/codec/decode', { payloads: [broken] });
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('what is not encrypted, or was encrypted for another customer, is refused and harms nobody', async () => {
  await stack.enrol('strict');
  const { connection, options } = stack.client;
  const { namespace } = options;
  const plainly = new Client({ connection, namespace }).workflow.getHandle('billing/strict');
  const details = async () =>
    (
      await stack.client.workflow
        .getHandle('billing/strict')
        .query<{ currentDetails: string }>('__temporal_workflow_metadata')
    ).currentDetails;
  const openCharge = { actor: 'mallory', chargeId: 'strict-plain', amount: 99_999, currency: 'eur' };
  await plainly.signal('stepUpCompleted', { chargeId: 'strict-plain' });
  // The caller without keys cannot even read the refusal's details, which are encrypted.
  await expect(plainly.executeUpdate('openCharge', { args: [openCharge] })).rejects.toThrow();

  // The request of one customer, as it stands in their history, sent to another.
  const history = await stack.client.workflow.getHandle('billing/hidden').fetchHistory();
  const input = history.events?.flatMap(
    ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted?.acceptedRequest?.input ?? [],
  );
  const opened = input?.find(({ name }) => name === 'openCharge')?.args;
  expect(opened?.payloads).toHaveLength(1);
  const replaying = stack.client.workflowService.updateWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: 'billing/strict' },
    waitPolicy: { lifecycleStage: 3 },
    request: {
      meta: { updateId: 'replayed', identity: 'mallory' },
      input: { name: 'openCharge', args: opened ?? null },
    },
  });
  const { outcome } = await replaying;
  expect(outcome?.failure?.message).toContain('"openCharge" is not understood');

  await stack.post('/v1/customers/strict/charges', { chargeId: 'strict-1', amount: 500, currency: 'eur' });
  await stack.untilCharge('strict', 'strict-1', 'succeeded');
  expect(await details()).toContain('**Dropped signals:** 1 were not understood');
  expect(await stack.truth('strict-plain')).toMatchObject({ succeeded: 0, attempts: 0 });
  expect((await stack.get('/v1/customers/strict/charges')).items).toHaveLength(1);
  const { events } = await stack.client.workflow.getHandle('billing/strict').fetchHistory();
  expect(events?.filter((event) => event.workflowTaskFailedEventAttributes)).toEqual([]);
});

test('an activity that somebody starts with plain input asks Stripe for nothing', async () => {
  const { connection, options } = stack.client;
  const { namespace } = options;
  const { stripeCustomerId } = await stack.get('/v1/customers/hidden');
  const intent = await stack.stripe('POST', 'payment_intents', {
    amount: '700',
    currency: 'eur',
    customer: stripeCustomerId,
    'allowed_payment_method_types[0]': 'card',
  });
  const handle = await new Client({ connection, namespace }).activity.start('attemptCharge', {
    id: 'by-hand',
    taskQueue: 'stripe',
    startToCloseTimeout: '30s',
    retry: { maximumAttempts: 2 },
    args: [{ chargeId: 'x', state: { customerId: 'hidden', stripeCustomerId }, nowMs: Date.now() }],
  });
  await expect(handle.result()).rejects.toThrow();
  expect((await stack.stripe('GET', `payment_intents/${intent.id}`)).latest_charge).toBeNull();
});

test('encryption is switched on while a customer’s workflow runs: plain input is taken for as long as it is allowed', async () => {
  const another = await startSharedBackends();
  const namespace = await takeNamespace();
  let switched = await startTestStack({ backends: another, namespace });
  const attributes = async () => {
    const { typedSearchAttributes } = await switched.client.workflow.getHandle('billing/early').describe();
    return typedSearchAttributes.getAll().map(({ key }) => key.name);
  };
  await switched.enrol('early');
  await expect.poll(attributes, { timeout: 30_000 }).toContain('StripeCustomerId');
  await switched.stop();
  switched = await startTestStack({
    backends: another,
    namespace,
    env: {
      PAYLOAD_KEYS: NEW,
      PAYLOAD_ALLOW_PLAIN: 'true',
      SEARCH_ATTRIBUTES_LEFT_OUT: 'StripeCustomerId,AmountDue',
    },
  });
  await switched.post('/v1/customers/early/charges', { chargeId: 'early-1', amount: 500, currency: 'eur' });
  await switched.untilCharge('early', 'early-1', 'succeeded');
  // Left out, they go from a customer who had them.
  await expect.poll(attributes, { timeout: 30_000 }).not.toContain('StripeCustomerId');
  expect(await attributes()).toContain('BillingStatus');
  await switched.stop();
  await another.stop();
});

test('a key is rolled while a customer’s workflow runs: the new one encrypts, the old one still opens', async () => {
  const { namespace } = stack.client.options;

  await stack.stop();
  stack = await startTestStack({
    backends,
    namespace,
    env: { PAYLOAD_KEYS: `${NEW},${OLD}`, PAYLOAD_UI_ORIGIN: UI },
  });
  const handle = stack.client.workflow.getHandle('billing/hidden');
  // A run cannot be queried while it has something to take in; the api asks again too.
  await expect
    .poll(() => handle.query('view').catch(() => null), { timeout: 30_000 })
    .toMatchObject({ customerId: 'hidden', status: 'active' });
  await handle.executeUpdate('pause', { args: [{ actor: 'operator' }] });
  expect(await handle.query('view')).toMatchObject({ status: 'paused' });
  expect((await payloadsOf('billing/hidden')).keyIds).toEqual(new Set(['k1', 'k2']));
});
