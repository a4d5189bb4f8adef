// Temporal keeps nothing that can be read when payloads are encrypted, while keys are rolled, and the codec shows it.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStack, type TestStack } from '../support/stack.ts';

const keyOf = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = keyOf('k1');
const NEW = keyOf('k2');
const UI = 'https://temporal.example';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: { PAYLOAD_KEYS: OLD, PAYLOAD_UI_ORIGIN: UI } });
});
afterAll(() => stack.stop());

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

test('a life is billed as ever, and its history shows no charge', async () => {
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

  const possiblySent = await stack.call('POST', '/codec/encode', body);
  expect(possiblySent.body.payloads).toHaveLength(payloads.length);
  expect(JSON.stringify(possiblySent.body)).not.toBe(JSON.stringify(body));
  const [broken] = payloads.map((payload) => ({ ...payload, data: 'AAAA' }));
  const refused = await stack.call('POST', '/codec/decode', { payloads: [broken] });
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('a key is rolled while a customer lives: the new one encrypts, the old one still opens', async () => {
  const { namespace } = stack.client.options;

  await stack.stop();
  stack = await startTestStack({
    namespace,
    env: { PAYLOAD_KEYS: `${NEW},${OLD}`, PAYLOAD_UI_ORIGIN: UI },
  });
  const handle = stack.client.workflow.getHandle('billing/hidden');
  // A run is not looked at while it has news to take in; the api asks again too.
  await expect
    .poll(() => handle.query('view').catch(() => null), { timeout: 30_000 })
    .toMatchObject({ customerId: 'hidden', status: 'active' });
  await handle.executeUpdate('pause', { args: [{ actor: 'operator' }] });
  expect(await handle.query('view')).toMatchObject({ status: 'paused' });
  expect((await payloadsOf('billing/hidden')).keyIds).toEqual(new Set(['k1', 'k2']));
});
