// Requests that the control API has made late: what happens meanwhile, to them and to whoever repeats them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

const CONFIRM = '/v1/payment_intents/*/confirm';
const SOON = { timeout: 10_000 };
/** They wait for what is late. */
const PATIENT = { timeout: 30_000 };

async function ready(dataFile?: string) {
  const emulator = await startEmulator(dataFile === undefined ? {} : { dataFile });
  const { customer, paymentMethod } = await enrol(emulator);
  const { id } = await intentFor(emulator, customer.id);
  const confirm = (idempotencyKey: string, timeout = 10_000) =>
    emulator.stripe.paymentIntents.confirm(
      id,
      { off_session: true, payment_method: paymentMethod },
      { idempotencyKey, timeout },
    );
  return { emulator, id, confirm };
}

const late = (
  emulator: Emulator,
  when: 'before' | 'after',
  delaySeconds = 3,
  path = CONFIRM,
  method = 'POST',
) => emulator.control('/faults', { method, path, kind: 'late', when, times: 1, delaySeconds });

const moved = async (emulator: Emulator) => {
  const { attempts, succeeded } = (await emulator.control('/truth?chargeId=ch-1')).body;
  return [attempts, succeeded];
};

const held = async (emulator: Emulator) => (await emulator.control('/late')).body.requests;

describe('a request that takes effect late', PATIENT, () => {
  test('does so although its client has gone, and its key is in use until then', async () => {
    const { emulator, id, confirm } = await ready();
    await late(emulator, 'before');
    expect(await failureOf(confirm('key-1', 200))).toMatchObject({ type: 'StripeConnectionError' });

    expect(await held(emulator)).toMatchObject([
      { method: 'POST', path: `/v1/payment_intents/${id}/confirm`, when: 'before' },
    ]);
    expect(await failureOf(confirm('key-1'))).toMatchObject({
      statusCode: 409,
      code: 'idempotency_key_in_use',
    });
    expect(await moved(emulator)).toEqual([0, 0]);

    await expect.poll(() => moved(emulator), SOON).toEqual([1, 1]);
    expect(await held(emulator)).toEqual([]);
    const again = await confirm('key-1');
    expect(again.status).toBe('succeeded');
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await moved(emulator)).toEqual([1, 1]);
  });

  test('holds up nobody else: another key is served meanwhile, and the late one finds what it left', async () => {
    const { emulator, confirm } = await ready();
    await late(emulator, 'before');
    const first = failureOf(confirm('key-1'));
    await expect.poll(() => held(emulator), SOON).toHaveLength(1);
    expect((await confirm('key-2')).status).toBe('succeeded');
    expect(await held(emulator)).toHaveLength(1);
    expect(await first).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    expect(await moved(emulator)).toEqual([1, 1]);
  });

  test('may be one without a key, and one that only asks', async () => {
    const { emulator, id } = await ready();
    await late(emulator, 'before', 2, `/v1/payment_intents/${id}`, 'GET');
    const asked = emulator.stripe.paymentIntents.retrieve(id);
    await expect.poll(() => held(emulator), SOON).toHaveLength(1);
    await emulator.stripe.paymentIntents.update(id, { description: 'meanwhile' });
    expect((await asked).description).toBe('meanwhile');
  });
});

describe('an answer that comes late', PATIENT, () => {
  test('is of a request that took effect at once, whose key is in use until it comes', async () => {
    const { emulator, confirm } = await ready();
    await late(emulator, 'after');
    const startedAt = Date.now();
    const first = confirm('key-1');
    await expect.poll(() => moved(emulator), SOON).toEqual([1, 1]);
    expect(await failureOf(confirm('key-1'))).toMatchObject({ code: 'idempotency_key_in_use' });
    expect((await first).status).toBe('succeeded');
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_990);
    expect((await confirm('key-1')).lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(await moved(emulator)).toEqual([1, 1]);
  });
});

test(
  'an emulator that closes waits for no late request: it has never been, and is not late again',
  PATIENT,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const dataFile = join(folder, 'emulator.jsonl');
    const { emulator, id, confirm } = await ready(dataFile);
    await late(emulator, 'before', 60);
    const lost = failureOf(confirm('key-1'));
    await expect.poll(() => held(emulator), SOON).toHaveLength(1);
    await emulator.close();
    expect(await lost).toMatchObject({ type: 'StripeConnectionError' });

    const second = await startEmulator({ dataFile });
    expect((await second.control('/faults')).body).toEqual({ faults: [] });
    expect((await second.stripe.paymentIntents.retrieve(id)).status).toBe('requires_payment_method');
  },
);
