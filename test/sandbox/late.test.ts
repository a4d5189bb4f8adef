// Requests that the control table has made late: what happens meanwhile, to them and to whoever repeats them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { enrol, failureOf, intentFor, type Sandbox, startSandbox } from './start.ts';

const CONFIRM = '/v1/payment_intents/*/confirm';
const SOON = { timeout: 10_000 };

async function ready(dataFile?: string) {
  const sandbox = await startSandbox(dataFile === undefined ? {} : { dataFile });
  const { customer, paymentMethod } = await enrol(sandbox);
  const { id } = await intentFor(sandbox, customer.id);
  const confirm = (idempotencyKey: string, timeout = 10_000) =>
    sandbox.stripe.paymentIntents.confirm(
      id,
      { off_session: true, payment_method: paymentMethod },
      { idempotencyKey, timeout },
    );
  return { sandbox, id, confirm };
}

const late = (
  sandbox: Sandbox,
  when: 'before' | 'after',
  delaySeconds = 3,
  path = CONFIRM,
  method = 'POST',
) => sandbox.control('/faults', { method, path, kind: 'late', when, times: 1, delaySeconds });

const moved = async (sandbox: Sandbox) => {
  const { attempts, succeeded } = (await sandbox.control('/truth?chargeId=ch-1')).body;
  return [attempts, succeeded];
};

const held = async (sandbox: Sandbox) => (await sandbox.control('/late')).body.requests;

describe('a request that takes effect late', () => {
  test('does so although its client has gone, and its key is in use until then', async () => {
    const { sandbox, id, confirm } = await ready();
    await late(sandbox, 'before');
    expect(await failureOf(confirm('key-1', 200))).toMatchObject({ type: 'StripeConnectionError' });

    expect(await held(sandbox)).toMatchObject([
      { method: 'POST', path: `/v1/payment_intents/${id}/confirm`, when: 'before' },
    ]);
    expect(await failureOf(confirm('key-1'))).toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    });
    expect(await moved(sandbox)).toEqual([0, 0]);

    await expect.poll(() => moved(sandbox), SOON).toEqual([1, 1]);
    expect(await held(sandbox)).toEqual([]);
    const again = await confirm('key-1');
    expect(again.status).toBe('succeeded');
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await moved(sandbox)).toEqual([1, 1]);
  });

  test('holds up nobody else: another key is served meanwhile, and the late one finds what it left', async () => {
    const { sandbox, confirm } = await ready();
    await late(sandbox, 'before');
    const first = failureOf(confirm('key-1'));
    await expect.poll(() => held(sandbox), SOON).toHaveLength(1);
    expect((await confirm('key-2')).status).toBe('succeeded');
    expect(await held(sandbox)).toHaveLength(1);
    expect(await first).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    expect(await moved(sandbox)).toEqual([1, 1]);
  });

  test('may be one without a key, and one that only asks', async () => {
    const { sandbox, id } = await ready();
    await late(sandbox, 'before', 2, `/v1/payment_intents/${id}`, 'GET');
    const asked = sandbox.stripe.paymentIntents.retrieve(id);
    await expect.poll(() => held(sandbox), SOON).toHaveLength(1);
    await sandbox.stripe.paymentIntents.update(id, { description: 'meanwhile' });
    expect((await asked).description).toBe('meanwhile');
  });
});

describe('an answer that comes late', () => {
  test('is of a request that took effect at once, whose key is in use until it comes', async () => {
    const { sandbox, confirm } = await ready();
    await late(sandbox, 'after');
    const startedAt = Date.now();
    const first = confirm('key-1');
    await expect.poll(() => moved(sandbox), SOON).toEqual([1, 1]);
    expect(await failureOf(confirm('key-1'))).toMatchObject({ code: 'idempotency_key_in_use' });
    expect((await first).status).toBe('succeeded');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_990);
    expect((await confirm('key-1')).lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await moved(sandbox)).toEqual([1, 1]);
  });
});

test('a sandbox that closes waits for no late request: it has never been, and is not late again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const dataFile = join(folder, 'sandbox.jsonl');
  const { sandbox, id, confirm } = await ready(dataFile);
  await late(sandbox, 'before', 60);
  const lost = failureOf(confirm('key-1'));
  await expect.poll(() => held(sandbox), SOON).toHaveLength(1);
  await sandbox.close();
  expect(await lost).toMatchObject({ type: 'StripeConnectionError' });

  const second = await startSandbox({ dataFile });
  expect((await second.control('/faults')).body).toEqual({ faults: [] });
  expect((await second.stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
});
