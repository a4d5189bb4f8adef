// Refunds made by hand and disputes end up in the evidence, also those of customers who were cancelled long ago.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the servers send
type Json = any;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

/** @returns the PaymentIntent that was paid */
async function paid(customerId: string, paymentMethod?: string): Promise<string> {
  await stack.enrol(customerId, paymentMethod);
  const request = { chargeId: `${customerId}-1`, amount: 3000, currency: 'eur' };
  expect((await stack.post(`/v1/customers/${customerId}/charges`, request)).status).toBe(202);
  return (await stack.untilCharge(customerId, `${customerId}-1`, 'succeeded')).paymentIntentId;
}

/** What is on record of this kind, once there are as many. */
async function onRecord(customerId: string, kind: 'refund' | 'dispute', count: number): Promise<Json[]> {
  const ofKind = ({ items }: Json) => items.filter((item: Json) => item.kind === kind);
  const path = `/v1/customers/${customerId}/evidence`;
  return ofKind(await stack.until(path, (body) => ofKind(body).length >= count));
}

const run = (customerId: string) => stack.client.workflow.getHandle(workflowIdOf(customerId)).describe();
const untilEnded = (customerId: string) =>
  expect.poll(async () => (await run(customerId)).status.name, { timeout: 60_000 }).toBe('COMPLETED');

async function cancelCustomer(customerId: string) {
  await stack.post(`/v1/customers/${customerId}/cancel`);
  await untilEnded(customerId);
}

test('a refund by hand is on record with the charge it takes money from, as Stripe has it', async () => {
  const paymentIntentId = await paid('refunded');
  const refund = await stack.stripe('POST', 'refunds', {
    payment_intent: paymentIntentId,
    amount: '1200',
    reason: 'requested_by_customer',
  });
  const [item] = await onRecord('refunded', 'refund', 1);
  expect(item).toMatchObject({
    chargeId: 'refunded-1',
    data: {
      refundId: refund.id,
      status: 'succeeded',
      amount: 1200,
      currency: 'eur',
      reason: 'requested_by_customer',
      paymentIntentId,
      stripeChargeId: refund.charge,
      requestId: expect.stringMatching(/^req_/),
    },
  });
  const { createdAt, settledAt, ...shown } = await stack.get('/v1/customers/refunded/charges/refunded-1');
  expect(shown).toMatchObject({
    status: 'succeeded',
    amount: 3000,
    amountReceived: 3000,
    amountRefunded: 1200,
  });
  expect(Date.parse(settledAt)).toBeGreaterThanOrEqual(Date.parse(createdAt));
});

test('a refund that comes back undelivered is on record as both, in that order', async () => {
  const paymentIntentId = await paid('undelivered', 'pm_card_refundFail');
  await stack.stripe('POST', 'refunds', { payment_intent: paymentIntentId });
  const items = await onRecord('undelivered', 'refund', 2);
  expect(items.map(({ data }) => [data.status, data.failureReason])).toEqual([
    ['succeeded', null],
    ['failed', 'expired_or_canceled_card'],
  ]);
  const shown = await stack.get('/v1/customers/undelivered/charges/undelivered-1');
  expect(shown.amountRefunded).toBeUndefined();
});

test('a dispute is on record from its opening to its end, and nothing that anybody wrote in it', async () => {
  const paymentIntentId = await paid('disputed', 'pm_card_createDispute');
  const [opened] = await onRecord('disputed', 'dispute', 1);
  const { data } = await stack.stripe('GET', `disputes?payment_intent=${paymentIntentId}`);
  expect(opened).toMatchObject({
    chargeId: 'disputed-1',
    data: {
      disputeId: data[0].id,
      status: 'needs_response',
      amount: 3000,
      reason: 'fraudulent',
      networkReasonCode: data[0].payment_method_details.card.network_reason_code,
      respondBy: new Date(data[0].evidence_details.due_by * 1000).toISOString(),
    },
  });
  await stack.stripe('POST', `disputes/${data[0].id}`, {
    'evidence[uncategorized_text]': 'winning_evidence',
    'evidence[customer_name]': 'Jenny Rosen',
    submit: 'true',
  });
  const path = '/v1/customers/disputed/charges/disputed-1';
  expect((await stack.get(path)).dispute).toEqual({
    disputeId: data[0].id,
    status: 'needs_response',
    amount: 3000,
    reason: 'fraudulent',
    respondBy: opened?.data.respondBy,
  });
  await stack.control('clock', { advanceSeconds: 60 });
  await stack.until('/v1/customers/disputed/evidence', ({ items }) =>
    items.some((item: Json) => item.kind === 'dispute' && item.data.status === 'won'),
  );
  expect((await stack.get(path)).dispute).toMatchObject({ status: 'won' });
  const { events } = await stack.client.workflow.getHandle(workflowIdOf('disputed')).fetchHistory();
  expect(JSON.stringify(await stack.get('/v1/customers/disputed/evidence'))).not.toContain('Jenny');
  const payloads = (events ?? []).map((event) => Buffer.from(JSON.stringify(event)).toString());
  expect(payloads.join()).not.toContain(Buffer.from('Jenny').toString('base64').slice(0, 6));
});

test('one that comes after the customer was cancelled starts their run again, is recorded, and the run ends', async () => {
  const paymentIntentId = await paid('gone');
  await cancelCustomer('gone');
  const { runId } = await run('gone');
  await stack.control('disputes', { paymentIntentId });
  expect(await onRecord('gone', 'dispute', 1)).toMatchObject([{ chargeId: 'gone-1' }]);
  await untilEnded('gone');
  expect((await run('gone')).runId).not.toBe(runId);
  expect((await stack.get('/v1/customers/gone')).status).toBe('cancelled');
  expect(await stack.truth('gone-1')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('one whose event failed to arrive, for a customer who was cancelled, is found by the catch-up, once', async () => {
  const paymentIntentId = await paid('missed');
  await cancelCustomer('missed');
  await stack.control('webhooks', { mode: 'lose' });
  await stack.control('disputes', { paymentIntentId });
  await stack.control('webhooks', { mode: 'normal' });
  await stack.catchUp();
  expect(await onRecord('missed', 'dispute', 1)).toMatchObject([{ chargeId: 'missed-1' }]);
  await untilEnded('missed');
  await stack.catchUp();
  await untilEnded('missed');
  expect(await onRecord('missed', 'dispute', 1)).toHaveLength(1);
});

test('one of a payment that somebody made by hand belongs to no charge', async () => {
  const card = await stack.enrol('by-hand');
  const { stripeCustomerId } = await stack.get('/v1/customers/by-hand');
  const payment = await stack.payByHand(stripeCustomerId, card);
  await stack.stripe('POST', 'refunds', { payment_intent: payment.id });
  await stack.passTime('by-hand', 60_000);
  const { items } = await stack.get('/v1/customers/by-hand/evidence');
  expect(items.filter(({ kind }: Json) => kind === 'refund')).toEqual([]);
});
