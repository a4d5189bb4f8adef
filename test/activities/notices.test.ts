// What the merchant's endpoint gets of a notice, and what its answers mean.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/activity';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { createNoticeActivities } from '../../activities/notices.ts';
import { freePort } from '../../dev/free-port.ts';
import type { Notice } from '../../domain/model/facts.ts';

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
  const { sendMerchantNotice } = createNoticeActivities({
    merchantWebhook: { url, secret: SECRET, publicOnly: false },
    links,
  });
  return { url, received, send: (notice: Notice) => sendMerchantNotice({ customerId: 'ada', notice }) };
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
  const { received, send } = await answering(204);
  await expect(send(STEP_UP)).resolves.toEqual({ outcome: 'sent', status: 204 });
  expect(received[0]?.method).toBe('POST');
  expect(received[0]?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({
    type: 'charge.step_up_required',
    timestamp: '2027-01-02T03:04:05.000Z',
    data: {
      customerId: 'ada',
      chargeId: 'july',
      amount: 4900,
      currency: 'eur',
      status: 'awaiting_step_up',
      deadline: '2027-01-09T00:00:00.000Z',
      url: 'https://pay.example/step-up/ada-july',
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

test('a notice keeps its id over all tries, and no two notices share one', async () => {
  const { received, send } = await answering(200);
  await send(STEP_UP);
  await send(STEP_UP);
  await send({ ...STEP_UP, noticeId: '13' });
  expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(['ada:12', 'ada:12', 'ada:13']);
});

test('who has yet to give a card gets the link of that enrolment', async () => {
  const { received, send } = await answering(200);
  await send({
    noticeId: '1',
    kind: 'customer.enrolment_waiting',
    atMs: STEP_UP.atMs,
    data: { enrolmentNumber: 3 },
  });
  expect(JSON.parse(received[0]?.body ?? '').data).toEqual({
    customerId: 'ada',
    enrolmentNumber: 3,
    url: 'https://pay.example/enrol/ada-3',
  });
});

test('a notice that asks nothing of the customer has no link', async () => {
  const { received, send } = await answering(200);
  await send({ ...STEP_UP, kind: 'charge.succeeded' });
  expect(JSON.parse(received[0]?.body ?? '').data).not.toHaveProperty('url');
});

test('a merchant without an endpoint is no fault', async () => {
  const { sendMerchantNotice } = createNoticeActivities({ merchantWebhook: null, links });
  await expect(sendMerchantNotice({ customerId: 'ada', notice: STEP_UP })).resolves.toEqual({
    outcome: 'no_endpoint',
  });
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
  const { sendMerchantNotice } = createNoticeActivities({
    merchantWebhook: { url, secret: SECRET, publicOnly: false },
    links,
  });
  const failure = await failureOf(sendMerchantNotice({ customerId: 'ada', notice: STEP_UP }));
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
