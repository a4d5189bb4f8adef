// Two installations that meet: on one Stripe account, where they must not touch each other, and in one namespace of
// Temporal, where they must not be.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { freePort } from '../../dev/free-port.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { scheduleCatchUp } from '../../worker/catch-up-schedule.ts';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

interface Intent {
  readonly id: string;
  readonly status: string;
  readonly metadata: { readonly installationId: string };
}

let one: TestStack;
let other: TestStack;
let folder: string;
let ledger: Ledger;
/** What the other installation shares with the first: Stripe, and nothing else. The ledgers of other tests are copies. */
const backends = async () => ({
  ledger,
  emulatorUrl: one.emulatorUrl,
  port: await freePort(),
  webhookSecret: 'whsec_of_the_other_one',
});
beforeAll(async () => {
  one = await startTestStack();
  folder = await mkdtemp(join(tmpdir(), 'offsession-other-'));
  ledger = await openLedger({ dataDir: folder });
  other = await startTestStack({ backends: await backends() });
});
afterAll(async () => {
  await other?.stop();
  await ledger?.close();
  await one?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('the same customer at Stripe, under the same ids: each finds its own intent, and each is paid once', async () => {
  await one.enrol('ada');
  const { stripeCustomerId } = await one.get('/v1/customers/ada');
  await other.enrol('ada', 'pm_card_visa', { stripeCustomerId });
  const charge = { chargeId: 'ada-1', amount: 1900, currency: 'eur' };
  await other.post('/v1/customers/ada/charges', charge);
  const theirs = await other.untilCharge('ada', 'ada-1', 'succeeded');
  const fault = { method: 'POST', path: '/v1/payment_intents', kind: 'drop', when: 'after' };
  await one.control('faults', { ...fault, times: UNTIL_GIVEN_UP });
  await one.post('/v1/customers/ada/charges', charge);
  const ours = await one.untilCharge('ada', 'ada-1', 'succeeded');
  expect(ours.paymentIntentId).not.toBe(theirs.paymentIntentId);
  const { data }: { data: Intent[] } = await one.stripe(
    'GET',
    `payment_intents?customer=${stripeCustomerId}`,
  );
  const paid = data.filter(({ status }) => status === 'succeeded');
  expect(paid.map(({ id }) => id).sort()).toEqual([ours.paymentIntentId, theirs.paymentIntentId].sort());
  expect(new Set(paid.map(({ metadata }) => metadata.installationId)).size).toBe(2);
});

test('what happens to the money of one changes nothing at the other', async () => {
  const { paymentIntentId } = await other.get('/v1/customers/ada/charges/ada-1');
  const onRecord = async () =>
    (await one.get('/v1/customers/ada/evidence')).items.map((fact: { kind: string }) => fact.kind);
  const before = await onRecord();
  // The webhook goes to the first installation.
  await one.stripe('POST', 'refunds', { payment_intent: paymentIntentId, amount: '100' });
  await one.catchUp();
  expect(await onRecord()).toEqual(before);
});

test('a worker does not start in the namespace of another installation, and says what to do', async () => {
  const connection = await NativeConnection.connect({ address: inject('temporalAddress') });
  onTestFinished(() => connection.close());
  const { namespace } = one.client.options;
  await expect(scheduleCatchUp(connection, { namespace, installationId: 'another' })).rejects.toThrow(
    /belongs to another installation.*TEMPORAL_NAMESPACE/,
  );
  await expect(startTestStack({ namespace, backends: await backends() })).rejects.toThrow(
    'belongs to another installation',
  );
});
