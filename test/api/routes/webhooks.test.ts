// Who may ring the bell, and for whom it rings.
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp, WEBHOOK_SECRETS } from '../_app.ts';

const [SECRET = '', OLD_SECRET = ''] = WEBHOOK_SECRETS;

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
  await api.put('known');
  await api.ledger.addStripeObject({ stripeId: 'pi_known', customerId: 'known', chargeId: 'c' });
  await api.ledger.addStripeObject({ stripeId: 'seti_known', customerId: 'known' });
  await api.ledger.addStripeObject({ stripeId: 'cus_known', customerId: 'known' });
});
afterAll(() => api.close());

let events = 0;
const eventOf = (object: object | null, type = 'payment_intent.succeeded') =>
  JSON.stringify({ id: `evt_${++events}`, object: 'event', type, data: { object } });

const NO_OBJECT = eventOf(null);
const THIN = '{"object":"v2.core.event","id":"evt_1"}';

const now = () => Math.floor(Date.now() / 1000);
const sign = (payload: string, { secret = SECRET, timestamp = now() } = {}) =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });

async function send(payload: string, signature: string | undefined, contentType = 'application/json') {
  const answer = await api.app.inject({
    method: 'POST',
    url: '/webhooks/stripe',
    headers: {
      'content-type': contentType,
      ...(signature === undefined ? {} : { 'stripe-signature': signature }),
    },
    payload,
  });
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
}

describe('refused with 400, and nothing is kept', () => {
  const body = eventOf({ id: 'pi_unknown' });
  const other = body.replace('pi_unknown', 'pi_known');
  test.each([
    ['unsigned', body, () => undefined, 'webhook_signature_missing'],
    ['an empty signature', body, () => '', 'webhook_signature_missing'],
    ['no signature in the header', body, () => 'hello', 'webhook_signature_invalid'],
    ['a foreign secret', body, () => sign(body, { secret: 'whsec_foreign' }), 'webhook_signature_invalid'],
    ['the signature of another body', other, () => sign(body), 'webhook_signature_invalid'],
    ['the same JSON written otherwise', ` ${body}`, () => sign(body), 'webhook_signature_invalid'],
    ['an old scheme', body, () => sign(body).replace('v1=', 'v0='), 'webhook_signature_invalid'],
    [
      'a changed timestamp',
      body,
      () => sign(body).replace(/t=\d+/, `t=${now() - 5}`),
      'webhook_signature_invalid',
    ],
    ['too old', body, () => sign(body, { timestamp: now() - 302 }), 'webhook_timestamp_stale'],
    ['too far ahead', body, () => sign(body, { timestamp: now() + 310 }), 'webhook_timestamp_future'],
    ['signed, and no body', '', () => sign(''), 'webhook_payload_invalid'],
    ['signed, and no JSON', 'nonsense', () => sign('nonsense'), 'webhook_payload_invalid'],
    ['signed, and no event', '{"a":1}', () => sign('{"a":1}'), 'webhook_payload_invalid'],
    ['signed, and no object', NO_OBJECT, () => sign(NO_OBJECT), 'webhook_payload_invalid'],
    ['signed, and thin', THIN, () => sign(THIN), 'webhook_payload_invalid'],
  ])('%s', async (_what, payload, signature, code) => {
    const before = await api.ledger.countUnclaimedEvents();
    expect(await send(payload, signature())).toMatchObject({ status: 400, body: { status: 400, code } });
    expect(await api.ledger.countUnclaimedEvents()).toBe(before);
  });
});

test.each([
  ['the newest secret', SECRET, 0],
  ['a secret that is being rolled out', OLD_SECRET, 0],
  ['almost too old', SECRET, -290],
  ['a clock that is ahead', SECRET, 290],
])('accepted: %s', async (_what, secret, seconds) => {
  const body = eventOf({ id: 'pi_unknown' });
  const answer = await send(body, sign(body, { secret, timestamp: now() + seconds }));
  expect(answer).toMatchObject({ status: 200, body: { received: true } });
});

test('what is not ours is kept and counted once, however often it comes, and whatever it calls itself', async () => {
  const before = await api.ledger.countUnclaimedEvents();
  const body = eventOf({ object: 'balance', livemode: false }, 'balance.available');
  for (const contentType of ['application/json', 'application/json; charset=utf-8', 'text/plain'])
    expect((await send(body, sign(body), contentType)).status).toBe(200);
  expect(await api.ledger.countUnclaimedEvents()).toBe(before + 1);
});

test('metadata of another installation speaks for nobody here', async () => {
  const metadata = { customerId: 'known', installationId: 'another' };
  const body = eventOf({ id: 'pi_other', metadata });
  expect((await send(body, sign(body))).status).toBe(200);
});

test('a customer is found by any of their objects; while Temporal is away, Stripe is asked to send again', async () => {
  const { installationId } = api.ledger;
  const ours = {
    'the object itself': { id: 'pi_known' },
    'its payment intent': { id: 'dp_1', payment_intent: 'pi_known' },
    'its expanded payment intent': { id: 'dp_1', payment_intent: { id: 'pi_known' } },
    'its setup intent': { id: 'setatt_1', setup_intent: 'seti_known' },
    'our metadata': { id: 'pi_new', metadata: { customerId: 'known', installationId } },
    'its customer': { id: 'pm_1', customer: 'cus_known' },
  };
  const before = await api.ledger.countUnclaimedEvents();
  const answers = await Promise.all(
    Object.entries(ours).map(async ([how, object]) => {
      const body = eventOf(object);
      const { status, body: problem, headers } = await send(body, sign(body));
      return { how, status, code: problem.code, retryAfter: headers['retry-after'] };
    }),
  );
  expect(answers).toEqual(
    Object.keys(ours).map((how) => ({ how, status: 503, code: 'temporal_unavailable', retryAfter: '5' })),
  );
  expect(await api.ledger.countUnclaimedEvents()).toBe(before);
});

test('an event larger than any of Stripe’s is 413', async () => {
  const body = eventOf({ id: 'pi_1', description: 'x'.repeat(1_100_000) });
  expect(await send(body, sign(body))).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
});
