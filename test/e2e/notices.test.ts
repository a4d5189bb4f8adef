// Notices to the merchant: each notice signed, once, with links that open, whoever starts it and whatever is lost; an
// endpoint that is down is tried again; and how each ended is evidence.
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { noticeActivityIdOf } from '../../activities/index.ts';
import { exportCustomer } from '../../ops/commands/export.ts';
import { recoverOne } from '../../ops/commands/recover.ts';
import { SEND_NOTICE } from '../../worker/notice-starter.ts';
import { BILLING_QUEUE } from '../../workflows/messages.ts';
import { entry, fact } from '../support/customers.ts';
import { type Merchant, type ReceivedNotice, startMerchant } from '../support/merchant.ts';
import {
  type SharedBackends,
  startSharedBackends,
  startTestStack,
  type TestStack,
} from '../support/stack.ts';

/** A notice in the evidence. */
interface Noted {
  readonly kind: string;
  readonly data: { readonly noticeId: string };
  readonly delivery?: { readonly at: string; readonly outcome: string };
}

let merchant: Merchant;
let backends: Awaited<ReturnType<typeof startSharedBackends>>;
let stack: TestStack;
beforeAll(async () => {
  merchant = await startMerchant();
  backends = await startSharedBackends();
  stack = await startTestStack({ backends, merchantUrl: merchant.url });
});
afterAll(async () => {
  await stack.stop();
  await backends.stop();
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

/** A stack of its own, for as long as the test runs. */
async function anotherStack(options: Parameters<typeof startTestStack>[0] = {}) {
  const own = options.backends ?? (await ownBackends());
  const started = await startTestStack({ ...options, backends: own });
  let isRunning = true;
  const stop = async () => {
    if (isRunning) await started.stop();
    isRunning = false;
  };
  onTestFinished(stop);
  return { stack: started, backends: own, stop };
}

async function ownBackends(): Promise<SharedBackends> {
  const own = await startSharedBackends();
  onTestFinished(() => own.stop());
  return own;
}

const sendings = (of: TestStack) => of.client.activity.count(`ActivityType = '${SEND_NOTICE}'`);

test('without an endpoint nothing is started, and the evidence and the export say so', async () => {
  const { stack: silent, backends: own } = await anotherStack();
  await silent.enrol('no-endpoint');
  expect(await deliveries('no-endpoint', silent)).toEqual({
    'enrolled-1': { at: AT, outcome: 'no_endpoint' },
  });
  expect(await exportCustomer('no-endpoint', own.ledger)).toMatchObject({
    evidence: expect.arrayContaining([
      expect.objectContaining({
        kind: 'notice',
        delivery: { atMs: expect.any(Number), outcome: 'no_endpoint' },
      }),
    ]),
  });
  await silent.catchUp();
  expect(await own.ledger.openNotices('no-endpoint')).toEqual([]);
  expect(await sendings(silent)).toMatchObject({ count: 0 });
});

const NOTICED = fact(1, 'notice', {
  chargeId: 'c-1',
  data: { noticeId: 'succeeded-c-1', notice: 'charge.succeeded', amount: 900, currency: 'eur' },
});

test('what a writer has left behind, dead between its commit and the start, is sent once by the catch-ups', async () => {
  await backends.ledger.record(entry('left', { facts: [NOTICED], notifies: true }));
  await Promise.all([stack.catchUp(), stack.catchUp(), stack.catchUp()]);
  const [notice] = await hear('charge.succeeded');
  expect(notice).toMatchObject({ id: 'left:succeeded-c-1', data: { amount: 900, currency: 'eur' } });
  await expect.poll(() => backends.ledger.openNotices('left')).toEqual([]);
  await stack.catchUp();
  expect(merchant.received).toHaveLength(1);
});

test('what was on its way when Temporal was lost is sent by the next one, and nothing that had arrived is', async () => {
  const own = await ownBackends();
  const first = await anotherStack({ backends: own, merchantUrl: merchant.url });
  await first.stack.enrol('heard');
  await hear('customer.enrolled');
  await expect.poll(() => own.ledger.openNotices('heard')).toEqual([]);
  await first.stop();
  const down = await anotherStack({ backends: own, merchantUrl: 'http://127.0.0.1:9/' }); // nobody listens there
  await down.stack.enrol('recovered');
  await down.stop(); // and nobody will ever work in that namespace again
  expect(await own.ledger.openNotices('recovered')).toEqual(['enrolled-1']);

  const { stack: back } = await anotherStack({ backends: own, merchantUrl: merchant.url });
  expect(await recoverOne('recovered', { ledger: own.ledger, client: back.client })).toBe('started');
  await back.catchUp();
  const ids = () => merchant.received.map(({ id }) => id).sort();
  await expect.poll(ids, { timeout: 60_000 }).toEqual(['heard:enrolled-1', 'recovered:enrolled-1']);
  expect(await deliveries('recovered', back)).toMatchObject({ 'enrolled-1': { outcome: 'sent' } });
});

/** As `temporal activity start` does. */
const startByHand = (customerId: string, noticeId: string, args: readonly unknown[], id?: string) =>
  stack.client.activity.execute(SEND_NOTICE, {
    id: id ?? noticeActivityIdOf({ customerId, noticeId }),
    taskQueue: BILLING_QUEUE,
    args: [...args],
    startToCloseTimeout: '30 seconds',
  });

test('a notice that somebody starts at Temporal by hand is not sent', async () => {
  await stack.enrol('forged');
  await hear('customer.enrolled');
  await expect.poll(() => backends.ledger.openNotices('forged')).toEqual([]);
  const name = { customerId: 'forged', noticeId: 'succeeded-forged-1' };
  const notice = { kind: 'charge.succeeded', atMs: 0, data: { amount: 99_999_999, currency: 'eur' } };
  const refused = { cause: { type: 'NoSuchNotice' } };
  await expect(startByHand('forged', name.noticeId, [{ ...name, notice }])).rejects.toMatchObject(refused);
  for (const args of [[], [null], ['x'], [{ ...name, customerId: 5 }], [{ customerId: ['forged'] }]])
    await expect(startByHand('forged', 'x', args)).rejects.toMatchObject(refused);
  const told = { customerId: 'forged', noticeId: 'enrolled-1' };
  await expect(startByHand('forged', 'enrolled-1', [told], 'again')).rejects.toMatchObject(refused);
  expect(merchant.received).toHaveLength(1);
});

test('nor does it keep the true one from being sent later', async () => {
  const name = { customerId: 'early', noticeId: 'succeeded-c-1' };
  await expect(startByHand('early', name.noticeId, [name])).rejects.toMatchObject({
    cause: { type: 'NoSuchNotice' },
  });
  await backends.ledger.record(entry('early', { facts: [NOTICED], notifies: true }));
  await stack.catchUp();
  expect(await hear('charge.succeeded')).toMatchObject([{ id: 'early:succeeded-c-1' }]);
  await expect
    .poll(async () => (await backends.ledger.findNotice(name))?.end)
    .toMatchObject({ outcome: 'sent' });
});
