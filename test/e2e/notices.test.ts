// Notices to the merchant: each notice signed, once, with links that open; an endpoint that is down is tried again; and
// how each ended is evidence.
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { exportCustomer } from '../../ops/commands/export.ts';
import { BILLING_QUEUE } from '../../workflows/messages.ts';
import { noticeWorkflowIdOf } from '../../workflows/send-notice.ts';
import { type Merchant, type ReceivedNotice, startMerchant } from '../support/merchant.ts';
import { startSharedBackends, startTestStack, type TestStack } from '../support/stack.ts';

/** A notice in the evidence. */
interface Noted {
  readonly kind: string;
  readonly data: { readonly noticeId: string };
  readonly delivery?: { readonly at: string; readonly outcome: string };
}

let merchant: Merchant;
let stack: TestStack;
beforeAll(async () => {
  merchant = await startMerchant();
  stack = await startTestStack({ merchantUrl: merchant.url });
});
afterAll(async () => {
  await stack.stop();
  await merchant.stop();
});
beforeEach(() => merchant.reset());

/** The notices of this type, once there are as many. */
async function hear(type: string, count = 1): Promise<readonly ReceivedNotice[]> {
  const ofType = () => merchant.received.filter((notice) => notice.type === type);
  await expect.poll(() => ofType().length, { timeout: 60_000 }).toBe(count);
  expect(merchant.forged).toEqual([]);
  return ofType();
}

/** How the notices of this customer ended, by id, once they all have. */
async function deliveries(customerId: string, from: TestStack = stack): Promise<Record<string, unknown>> {
  const noticesIn = ({ items }: { items: Noted[] }) => items.filter(({ kind }) => kind === 'notice');
  const evidence = await from.until(`/v1/customers/${customerId}/evidence`, (body) =>
    noticesIn(body).every(({ delivery }) => delivery),
  );
  return Object.fromEntries(noticesIn(evidence).map(({ data, delivery }) => [data.noticeId, delivery]));
}

/** RFC 3339 in UTC. */
const AT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

test('enrolled and collected: notices of both, signed, each once, and the evidence says that they arrived', async () => {
  await stack.enrol('informed');
  expect(await hear('customer.enrolled')).toMatchObject([
    { id: 'informed:enrolled-1', data: { customerId: 'informed', brand: 'visa', last4: '4242' } },
  ]);
  await stack.post('/v1/customers/informed/charges', {
    chargeId: 'informed-1',
    amount: 4900,
    currency: 'eur',
  });
  expect(await hear('charge.succeeded')).toMatchObject([
    { data: { customerId: 'informed', chargeId: 'informed-1', amount: 4900, currency: 'eur' } },
  ]);
  expect(merchant.received).toHaveLength(2);
  expect(await deliveries('informed')).toEqual({
    'enrolled-1': { at: AT, outcome: 'sent', status: 200 },
    'succeeded-informed-1': { at: AT, outcome: 'sent', status: 200 },
  });
});

test('the bank wants the customer: the notice carries a link that opens the page of this charge', async () => {
  const card = await stack.enrol('asked');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/asked/charges', { chargeId: 'asked-1', amount: 3000, currency: 'eur' });
  const [notice] = await hear('charge.step_up_required');
  expect(notice?.data).toMatchObject({ customerId: 'asked', chargeId: 'asked-1', amount: 3000 });
  expect(Date.parse(notice?.data.deadline)).toBeGreaterThan(Date.now());
  expect((await fetch(notice?.data.url)).status).toBe(200);
  const status = await (await fetch(`${notice?.data.url}/status`)).json();
  expect(status).toMatchObject({ status: 'awaiting_step_up' });
});

test('a card that is not chargeable: another one is asked for, and there is a notice of a charge that stays unpaid', async () => {
  const card = await stack.enrol('dead');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['stolen_card'] });
  await stack.post('/v1/customers/dead/charges', { chargeId: 'dead-1', amount: 1000, currency: 'eur' });
  const [waiting] = await hear('charge.awaiting_card');
  expect(waiting?.data).toMatchObject({ customerId: 'dead', chargeId: 'dead-1' });
  await stack.passTime('dead', 61 * 24 * 3_600_000);
  const [failed] = await hear('charge.failed');
  expect(failed?.data).toMatchObject({ customerId: 'dead', chargeId: 'dead-1', reason: 'no_card' });
});

test('an endpoint that fails gets the same notice again, under the same id', async () => {
  merchant.answers.push(503, 500);
  await stack.enrol('flaky');
  const tries = await hear('customer.enrolled', 3);
  expect(tries.map(({ id }) => id)).toEqual(Array(3).fill('flaky:enrolled-1'));
  expect(await deliveries('flaky')).toEqual({ 'enrolled-1': { at: AT, outcome: 'sent', status: 200 } });
});

test('an endpoint that is gone is asked once, and the evidence says that the notice was given up', async () => {
  merchant.answers.push(410);
  await stack.enrol('unwanted');
  const reason = 'the endpoint answered 410 Gone';
  expect(await deliveries('unwanted')).toEqual({ 'enrolled-1': { at: AT, outcome: 'given_up', reason } });
  expect(await hear('customer.enrolled')).toHaveLength(1);
});

test('without an endpoint the evidence and the export say so', async () => {
  const backends = await startSharedBackends();
  onTestFinished(() => backends.stop());
  const withoutEndpoint = await startTestStack({ backends });
  onTestFinished(() => withoutEndpoint.stop());
  await withoutEndpoint.enrol('no-endpoint');
  expect(await deliveries('no-endpoint', withoutEndpoint)).toEqual({
    'enrolled-1': { at: AT, outcome: 'no_endpoint' },
  });
  expect(await exportCustomer('no-endpoint', backends.ledger)).toMatchObject({
    evidence: expect.arrayContaining([
      expect.objectContaining({
        kind: 'notice',
        delivery: { atMs: expect.any(Number), outcome: 'no_endpoint' },
      }),
    ]),
  });
});

test('a notice that somebody starts at Temporal by hand is not sent', async () => {
  await stack.enrol('forged');
  await hear('customer.enrolled');
  const notice = { noticeId: 'succeeded-forged-1', kind: 'charge.succeeded', atMs: 0, chargeId: 'forged-1' };
  const started = stack.client.workflow.execute('SendNotice', {
    taskQueue: BILLING_QUEUE,
    workflowId: noticeWorkflowIdOf('forged', notice.noticeId),
    args: [{ customerId: 'forged', notice: { ...notice, data: { amount: 99_999_999, currency: 'eur' } } }],
  });
  await expect(started).rejects.toMatchObject({ cause: { type: 'InvalidInput' } });
  expect(merchant.received).toHaveLength(1);
});
