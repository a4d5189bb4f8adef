// A charge that has failed is owed still: an operator collects it after all or forgives it, and another card may pay it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-policy-'));
  const file = join(folder, 'policy.json');
  const once = { soft: { days: [] } };
  const policies = { once, again: { ...once, failedCharges: 'collect_on_new_card' } };
  await writeFile(file, JSON.stringify({ policies }));
  stack = await startTestStack({ env: { POLICY_FILE: file } });
});
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A customer whose one charge was declined and, by its policy, given up. */
async function failedOf(customerId: string, policy = 'once', currency = 'eur'): Promise<string> {
  const chargeId = `${customerId}-1`;
  const paymentMethod = await stack.enrol(customerId);
  await stack.control('outcomes', { paymentMethod, outcomes: ['insufficient_funds'] });
  await stack.post(`/v1/customers/${customerId}/charges`, { chargeId, amount: 1500, currency, policy });
  await stack.untilCharge(customerId, chargeId, 'failed');
  return `/v1/customers/${customerId}/charges/${chargeId}`;
}

async function giveCard(customerId: string): Promise<void> {
  const before = await stack.get(`/v1/customers/${customerId}`);
  await stack.post(`/v1/customers/${customerId}/enrolments`, {
    paymentMethod: 'pm_card_mastercard',
    consent: CONSENT,
  });
  await stack.until(
    `/v1/customers/${customerId}`,
    ({ mandate }) => mandate?.setupIntentId !== before.mandate.setupIntentId,
  );
}

test('it is shown as due in its currency, and a retry collects it once, on another PaymentIntent', async () => {
  const path = await failedOf('after-all', 'once', 'usd');
  expect(await stack.get('/v1/customers/after-all')).toMatchObject({
    needsAttention: ['failed'],
    amountsDue: [{ currency: 'usd', amount: 1500 }],
  });
  const first = await stack.get(path);

  const [one, other] = await Promise.all([stack.post(`${path}/retry`), stack.post(`${path}/retry`)]);
  expect([one.status, other.status]).toEqual([200, 200]);
  const paid = await stack.untilCharge('after-all', 'after-all-1', 'succeeded');
  expect(paid.paymentIntentId).not.toBe(first.paymentIntentId);
  const { intents, ...truth } = await stack.truth('after-all-1');
  expect(truth).toMatchObject({ attempts: 2, succeeded: 1 });
  expect(intents.map(({ status }: { status: string }) => status)).toEqual(['canceled', 'succeeded']);
  expect(await stack.get('/v1/customers/after-all')).toMatchObject({ needsAttention: [], amountsDue: [] });
  const evidence = await stack.untilOnRecord('after-all', 'charge_reopened');
  expect(evidence.filter(({ kind }) => kind === 'charge_reopened')).toHaveLength(1);
  expect((await stack.post(`${path}/retry`)).body.code).toBe('charge_closed');
});

test('a waiver ends what is owed, and nothing brings it back', async () => {
  const path = await failedOf('forgiven', 'again');
  const waived = await stack.post(`${path}/waive`, { reason: 'goodwill' });
  expect(waived).toMatchObject({ status: 200, body: { status: 'waived' } });
  await stack.untilOnRecord('forgiven', 'charge_waived');
  expect(await stack.get('/v1/customers/forgiven')).toMatchObject({ needsAttention: [], amountsDue: [] });
  expect((await stack.post(`${path}/waive`)).body.status).toBe('waived');
  expect((await stack.post(`${path}/retry`)).body.code).toBe('charge_closed');
  await giveCard('forgiven');
  expect(await stack.truth('forgiven-1')).toMatchObject({ attempts: 1, succeeded: 0 });
});

test('another card pays it at once where its policy says so, and only there', async () => {
  await failedOf('again', 'again');
  await failedOf('waits', 'once');
  await Promise.all([giveCard('again'), giveCard('waits')]);
  await stack.untilCharge('again', 'again-1', 'succeeded');
  expect(await stack.truth('again-1')).toMatchObject({ succeeded: 1 });
  expect(await stack.get('/v1/customers/waits')).toMatchObject({
    needsAttention: ['failed'],
    amountsDue: [{ currency: 'eur', amount: 1500 }],
  });
  expect(await stack.truth('waits-1')).toMatchObject({ attempts: 1, succeeded: 0 });
});

test('what is not failed is not waived, and what is not there is not found', async () => {
  await stack.enrol('open');
  const dueAt = new Date(Date.now() + 3_600_000).toISOString();
  await stack.post('/v1/customers/open/charges', { chargeId: 'open-1', amount: 100, currency: 'eur', dueAt });
  expect(await stack.post('/v1/customers/open/charges/open-1/waive')).toMatchObject({
    status: 409,
    body: { code: 'wrong_state' },
  });
  expect((await stack.post('/v1/customers/open/charges/none/waive')).status).toBe(404);
});
