// What the merchant's endpoint gets of a notice, what its answers mean, and what of that is put on record.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MerchantWebhook } from '../../activities/merchant-endpoint.ts';
import { createNoticeActivities, noticeActivityIdOf } from '../../activities/notices.ts';
import { freePort } from '../../dev/free-port.ts';
import type { Notice } from '../../domain/model/facts.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { entry, fact } from '../support/customers.ts';
import { inMemory } from '../support/databases.ts';

const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const STEP_UP: Notice = {
  noticeId: '12',
  kind: 'charge.step_up_required',
  atMs: Date.UTC(2027, 0, 2, 3, 4, 5),
  chargeId: 'july',
  data: { amount: 4900, currency: 'eur', status: 'awaiting_step_up', deadlineMs: Date.UTC(2027, 0, 9) },
};
const links = {
  stepUp: async (customerId: string, chargeId: string) =>
    `https://pay.example/step-up/${customerId}-${chargeId}`,
  enrol: async (customerId: string, number: number) => `https://pay.example/enrol/${customerId}-${number}`,
};

interface ReceivedRequest {
  readonly method: string | undefined;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

/** As Temporal's worker runs it: by default under the notice's own id, started a moment ago. */
interface Run {
  readonly activityId?: string;
  readonly startedMsAgo?: number;
}

let customers = 0;

/** Puts notices on record and has them sent; each endpoint has a customer of its own. */
function senderTo(merchantWebhook: MerchantWebhook | null) {
  const customerId = `ada-${++customers}`;
  let sequence = 0;
  const { sendMerchantNotice } = createNoticeActivities({ ledger, merchantWebhook, links });
  const put = async ({ noticeId, kind, atMs, chargeId, data }: Notice) => {
    sequence += 1;
    const said = fact(sequence, 'notice', {
      atMs,
      ...(chargeId === undefined ? {} : { chargeId }),
      data: { noticeId, notice: kind, ...data },
    });
    await ledger.record(entry(customerId, { facts: [said], notifies: true }));
  };
  const run = (noticeId: string, { activityId, startedMsAgo = 0 }: Run = {}) =>
    new MockActivityEnvironment({
      activityId: activityId ?? noticeActivityIdOf({ customerId, noticeId }),
      scheduledTimestampMs: Date.now() - startedMsAgo,
    }).run(sendMerchantNotice, { customerId, noticeId });
  const send = async (notice: Notice, as?: Run) => {
    if (!(await ledger.findNotice({ customerId, noticeId: notice.noticeId }))) await put(notice);
    return await run(notice.noticeId, as);
  };
  const onRecord = async (noticeId: string) => (await ledger.findNotice({ customerId, noticeId }))?.end;
  return { customerId, put, run, send, onRecord };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A merchant's endpoint that answers in this way, and what it received. */
async function endpoint(answer: (response: ServerResponse) => void) {
  const received: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({
      method: request.method,
      headers: request.headers as ReceivedRequest['headers'],
      body: Buffer.concat(chunks).toString(),
    });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?token=confidential`;
  return { url, received, ...senderTo({ url, secret: SECRET, publicOnly: false }) };
}

const answering = (status: number) =>
  endpoint((response) => response.writeHead(status).end('words of theirs'));

async function failureOf(sending: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await sending.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ApplicationFailure);
  return error as ApplicationFailure;
}

test('the endpoint gets what has happened, with times in RFC 3339 and the link of this moment', async () => {
  const { received, send, customerId } = await answering(204);
  await expect(send(STEP_UP)).resolves.toEqual({ outcome: 'sent', status: 204 });
  expect(received[0]?.method).toBe('POST');
  expect(received[0]?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({
    type: 'charge.step_up_required',
    timestamp: '2027-01-02T03:04:05.000Z',
    data: {
      customerId,
      chargeId: 'july',
      amount: 4900,
      currency: 'eur',
      status: 'awaiting_step_up',
      deadline: '2027-01-09T00:00:00.000Z',
      url: `https://pay.example/step-up/${customerId}-july`,
    },
  });
});

test('a library of Standard Webhooks verifies it, and refuses it once it was changed', async () => {
  const { received, send } = await answering(200);
  await send(STEP_UP);
  const [{ body, headers } = { body: '', headers: {} }] = received;
  expect(new Webhook(SECRET).verify(body, { ...headers })).toMatchObject({ type: 'charge.step_up_required' });
  expect(() => new Webhook(SECRET).verify(body.replace('4900', '1'), { ...headers })).toThrow();
});

test('a notice keeps its id over all tries, no two notices share one, and one that has ended is not sent again', async () => {
  const statuses = [503, 200, 200];
  const { received, send, customerId } = await endpoint((response) =>
    response.writeHead(statuses.shift() ?? 500).end(),
  );
  await failureOf(send(STEP_UP));
  const sent = { outcome: 'sent', status: 200 };
  await expect(send(STEP_UP)).resolves.toEqual(sent);
  await expect(send(STEP_UP)).resolves.toEqual(sent);
  await send({ ...STEP_UP, noticeId: '13' });
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(
    ['12', '12', '13'].map((id) => `${customerId}:${id}`),
  );
});

describe('nothing is sent that the ledger does not say', () => {
  test('a name under which there is no notice, or that is another customer’s', async () => {
    const { received, put, run } = await answering(200);
    await put(STEP_UP);
    for (const noticeId of ['13', '', '12/..']) {
      const failure = await failureOf(run(noticeId));
      expect(failure).toMatchObject({ type: 'NoSuchNotice', nonRetryable: true });
    }
    expect(received).toEqual([]);
  });

  test('a notice that somebody starts under another id, beside the one that may be under way', async () => {
    const { received, put, run, onRecord } = await answering(200);
    await put(STEP_UP);
    const failure = await failureOf(run('12', { activityId: 'by-hand' }));
    expect(failure).toMatchObject({ type: 'NoSuchNotice', nonRetryable: true });
    expect(received).toEqual([]);
    expect(await onRecord('12')).toBeNull();
  });
});

describe('how it ended is on record', () => {
  test('once it was sent', async () => {
    const { send, onRecord } = await answering(202);
    const beforeMs = Date.now();
    await send(STEP_UP);
    expect(await onRecord('12')).toEqual({ atMs: expect.any(Number), outcome: 'sent', status: 202 });
    expect((await onRecord('12'))?.atMs).toBeGreaterThanOrEqual(beforeMs);
  });

  test('before that nothing is, and the pauses are Temporal’s until the last', async () => {
    const { send, onRecord } = await answering(503);
    expect((await failureOf(send(STEP_UP))).nextRetryDelay).toBeUndefined();
    const early = await failureOf(send(STEP_UP, { startedMsAgo: 3 * DAY - 7 * HOUR }));
    expect(early.nextRetryDelay).toBeUndefined();
    const late = await failureOf(send(STEP_UP, { startedMsAgo: 3 * DAY - 2 * HOUR }));
    expect(late).toMatchObject({ type: 'EndpointUnavailable', nonRetryable: false });
    expect(late.nextRetryDelay).toBeGreaterThan(2 * HOUR - 60_000);
    expect(late.nextRetryDelay).toBeLessThanOrEqual(2 * HOUR);
    expect(await onRecord('12')).toBeNull();
  });

  test('after three days it is given up with the last answer', async () => {
    const { send, received, onRecord } = await answering(503);
    const end = { outcome: 'given_up', reason: 'the endpoint answered 503' };
    await expect(send(STEP_UP, { startedMsAgo: 3 * DAY })).resolves.toEqual(end);
    expect(await onRecord('12')).toMatchObject(end);
    expect(received).toHaveLength(1);
  });

  test('one that no worker has tried for three days is tried before it is given up', async () => {
    const { send, onRecord } = await answering(200);
    await send(STEP_UP, { startedMsAgo: 5 * DAY });
    expect(await onRecord('12')).toMatchObject({ outcome: 'sent' });
  });

  test('a ledger that cannot take the end is no end: the notice is posted again under the same id', async () => {
    const { received, url, put, customerId, onRecord } = await answering(200);
    await put(STEP_UP);
    let isAway = true;
    const restless = {
      findNotice: ledger.findNotice,
      recordNoticeDelivery: async (delivery: Parameters<Ledger['recordNoticeDelivery']>[0]) => {
        if (isAway) throw new Error('the database does not answer');
        await ledger.recordNoticeDelivery(delivery);
      },
    };
    const merchantWebhook = { url, secret: SECRET, publicOnly: false };
    const { sendMerchantNotice } = createNoticeActivities({ ledger: restless, merchantWebhook, links });
    const name = { customerId, noticeId: '12' };
    const environment = () => new MockActivityEnvironment({ activityId: noticeActivityIdOf(name) });
    await expect(environment().run(sendMerchantNotice, name)).rejects.toThrow('does not answer');
    expect(await onRecord('12')).toBeNull();
    isAway = false;
    await environment().run(sendMerchantNotice, name);
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(Array(2).fill(`${customerId}:12`));
    expect(await onRecord('12')).toMatchObject({ outcome: 'sent' });
  });
});

test('who has yet to give a card gets the link of that enrolment', async () => {
  const { received, send, customerId } = await answering(200);
  await send({
    noticeId: '1',
    kind: 'customer.enrolment_waiting',
    atMs: STEP_UP.atMs,
    data: { enrolmentNumber: 3 },
  });
  expect(JSON.parse(received[0]?.body ?? '').data).toEqual({
    customerId,
    enrolmentNumber: 3,
    url: `https://pay.example/enrol/${customerId}-3`,
  });
});

test('a notice that asks nothing of the customer has no link', async () => {
  const { received, send } = await answering(200);
  await send({ ...STEP_UP, kind: 'charge.succeeded' });
  expect(JSON.parse(received[0]?.body ?? '').data).not.toHaveProperty('url');
});

test('a merchant whose endpoint was taken away meanwhile is no fault, and that is on record', async () => {
  const { send, onRecord } = senderTo(null);
  await expect(send(STEP_UP)).resolves.toEqual({ outcome: 'no_endpoint' });
  expect(await onRecord('12')).toEqual({ atMs: expect.any(Number), outcome: 'no_endpoint' });
});

test.each([400, 401, 404, 429, 500, 503])(
  '%i is tried again, and its words are kept out of the failure',
  async (status) => {
    const { send } = await answering(status);
    const failure = await failureOf(send(STEP_UP));
    expect(failure.nonRetryable).toBe(false);
    expect(failure.message).toBe(`the endpoint answered ${status}`);
    expect(failure.cause).toBeUndefined();
  },
);

test('410 Gone means that the endpoint wants no more notices', async () => {
  const { send } = await answering(410);
  await expect(send(STEP_UP)).resolves.toEqual({
    outcome: 'given_up',
    reason: 'the endpoint answered 410 Gone',
  });
});

test('a redirect is not followed', async () => {
  const other = await answering(200);
  const { send } = await endpoint((response) => response.writeHead(307, { location: other.url }).end());
  expect((await failureOf(send(STEP_UP))).message).toBe('the endpoint answered 307');
  expect(other.received).toEqual([]);
});

test('an endpoint nobody reaches is tried again, and its address is kept out of the failure', async () => {
  const url = `http://127.0.0.1:${await freePort()}/hooks?token=confidential`;
  const { send } = senderTo({ url, secret: SECRET, publicOnly: false });
  const failure = await failureOf(send(STEP_UP));
  expect(failure.nonRetryable).toBe(false);
  expect(failure.message).toBe('the endpoint gave no answer: ECONNREFUSED');
  expect(JSON.stringify(failure) + failure.stack).not.toContain('confidential');
});

test('an endpoint that does not answer is given up after 15 seconds, to be tried again', {
  timeout: 25_000,
}, async () => {
  const { send } = await endpoint(() => {});
  const startedAt = performance.now();
  expect((await failureOf(send(STEP_UP))).message).toBe('the endpoint gave no answer: TimeoutError');
  expect(performance.now() - startedAt).toBeGreaterThan(14_500);
});
