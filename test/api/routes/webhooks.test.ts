// Whose events are accepted, and whose workflow they wake.
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STRIPE_EVENTS } from '../../../domain/shared/stripe-events.ts';
import { type ChargeView, viewOf } from '../../../domain/view.ts';
import { enrolled, stepUp, tried } from '../../domain/fixtures.ts';
import { STARTING, startTestApp, type TestApp, WEBHOOK_SECRETS } from '../_app.ts';

const [SECRET = '', OLD_SECRET = ''] = WEBHOOK_SECRETS;

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
  await api.put('known');
  await api.ledger.addStripeObject({ stripeId: 'pi_known', customerId: 'known', chargeId: 'c' });
  await api.ledger.addStripeObject({ stripeId: 'seti_known', customerId: 'known' });
  await api.ledger.addStripeObject({ stripeId: 'cus_known', customerId: 'known' });
}, STARTING);
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

const HUGE = 'x'.repeat(700_000);
const malformed = (change: object) =>
  JSON.stringify({ ...JSON.parse(eventOf({ id: 'pi_unknown' })), ...change });
const HUGE_ID = malformed({ id: `evt_${HUGE}` });
const FOREIGN_ID = malformed({ id: 'page-1' });
const HUGE_TYPE = malformed({ type: HUGE });
const HUGE_OBJECT = eventOf({ id: HUGE });
const NO_ID = eventOf({ object: 'payment_intent' });
const STRANGE_OBJECT = eventOf({ id: 'pi_1 or 1=1' });

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
    ['signed, with a huge id', HUGE_ID, () => sign(HUGE_ID), 'webhook_payload_invalid'],
    [
      'signed, with an id that is none of Stripe’s',
      FOREIGN_ID,
      () => sign(FOREIGN_ID),
      'webhook_payload_invalid',
    ],
    ['signed, of a huge type', HUGE_TYPE, () => sign(HUGE_TYPE), 'webhook_payload_invalid'],
    ['signed, about a huge object id', HUGE_OBJECT, () => sign(HUGE_OBJECT), 'webhook_payload_invalid'],
    ['signed, about an object without an id', NO_ID, () => sign(NO_ID), 'webhook_payload_invalid'],
    [
      'signed, about a strange object id',
      STRANGE_OBJECT,
      () => sign(STRANGE_OBJECT),
      'webhook_payload_invalid',
    ],
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
  const body = eventOf({ id: 'pi_of_somebody_else', object: 'payment_intent', livemode: false });
  for (const contentType of ['application/json', 'application/json; charset=utf-8', 'text/plain'])
    expect((await send(body, sign(body), contentType)).status).toBe(200);
  expect(await api.ledger.countUnclaimedEvents()).toBe(before + 1);
});

test('an event of the other mode is refused, and wakes nobody', async () => {
  const before = await api.ledger.countUnclaimedEvents();
  const body = JSON.stringify({ ...JSON.parse(eventOf({ id: 'pi_known' })), livemode: true });
  expect(await send(body, sign(body))).toMatchObject({
    status: 400,
    body: { code: 'webhook_livemode_mismatch' },
  });
  expect(await api.ledger.countUnclaimedEvents()).toBe(before);
});

test('metadata of another installation speaks for nobody here', async () => {
  const metadata = { customerId: 'known', installationId: 'another' };
  const body = eventOf({ id: 'pi_other', metadata });
  expect((await send(body, sign(body))).status).toBe(200);
});

test('a customer is found by any of their objects; while Temporal is unreachable, the answer has Stripe send again', async () => {
  const { installationId } = api.ledger;
  const ours = {
    'the object itself': { id: 'pi_known' },
    'its payment intent': { id: 'dp_1', payment_intent: 'pi_known' },
    'its expanded payment intent': { id: 'dp_1', payment_intent: { id: 'pi_known' } },
    'its setup intent': { id: 'setatt_1', setup_intent: 'seti_known' },
    'our metadata': {
      id: 'seti_new',
      object: 'setup_intent',
      metadata: { customerId: 'known', installationId },
    },
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

describe('an event that cannot change anything wakes nobody', () => {
  // There is no Temporal here: whatever would wake a workflow is answered 503.
  const WAKES = 503;
  const WAKES_NOBODY = 200;
  const chargeOf = (chargeId: string, status: ChargeView['status']): ChargeView => ({
    chargeId,
    status,
    amount: 4900,
    currency: 'eur',
    attempts: [],
    paymentIntentId: `pi_${chargeId}`,
    dueAtMs: 0,
  });
  const STATUSES = ['succeeded', 'failed', 'cancelled', 'awaiting_step_up', 'unknown', 'processing'] as const;
  beforeAll(async () => {
    const enrolment = { number: 1, requestId: 'r', setupIntentId: 'seti_settled', hasConsent: true };
    await api.put('settled', {
      charges: STATUSES.map((status) => chargeOf(status, status)),
      view: { enrolment: { ...enrolment, status: 'succeeded', closed: true } },
    });
    await api.put('enrolling', {
      view: {
        enrolment: { ...enrolment, setupIntentId: 'seti_open', status: 'awaiting_customer', closed: false },
      },
    });
    for (const chargeId of STATUSES) {
      await api.ledger.addStripeObject({ stripeId: `pi_${chargeId}`, customerId: 'settled', chargeId });
      await api.ledger.addStripeObject({ stripeId: `pi_other_${chargeId}`, customerId: 'settled', chargeId });
    }
    await api.ledger.addStripeObject({ stripeId: 'seti_settled', customerId: 'settled' });
    await api.ledger.addStripeObject({ stripeId: 'seti_earlier', customerId: 'settled' });
    await api.ledger.addStripeObject({ stripeId: 'seti_open', customerId: 'enrolling' });
  });

  test.each([
    ['payment_intent.succeeded', 'pi_succeeded', WAKES_NOBODY],
    ['payment_intent.canceled', 'pi_failed', WAKES_NOBODY],
    ['payment_intent.canceled', 'pi_cancelled', WAKES_NOBODY],
    ['payment_intent.processing', 'pi_processing', WAKES_NOBODY],
    ['setup_intent.succeeded', 'seti_settled', WAKES_NOBODY],
    ['payment_method.attached', 'pi_unknown', WAKES_NOBODY],
    ['payment_intent.created', 'pi_unknown', WAKES_NOBODY],
    ['charge.succeeded', 'pi_unknown', WAKES_NOBODY],
    ['coupon.created', 'ids of some objects are the merchant’s own', WAKES_NOBODY],
    ['payment_intent.succeeded', 'pi_other_succeeded', WAKES],
    ['payment_intent.succeeded', 'pi_failed', WAKES],
    ['payment_intent.succeeded', 'pi_cancelled', WAKES],
    ['payment_intent.succeeded', 'pi_awaiting_step_up', WAKES],
    ['payment_intent.succeeded', 'pi_unknown', WAKES],
    ['payment_intent.succeeded', 'pi_processing', WAKES],
    ['payment_intent.processing', 'pi_awaiting_step_up', WAKES],
    ['payment_intent.canceled', 'pi_succeeded', WAKES],
    ['payment_intent.canceled', 'pi_other_failed', WAKES],
    ['payment_intent.canceled', 'pi_awaiting_step_up', WAKES],
    ['payment_intent.payment_failed', 'pi_succeeded', WAKES],
    ['payment_intent.requires_action', 'pi_failed', WAKES],
    ['setup_intent.succeeded', 'seti_earlier', WAKES],
    ['setup_intent.succeeded', 'seti_open', WAKES],
    ['setup_intent.canceled', 'seti_settled', WAKES],
  ])('%s of %s', async (type, id, status) => {
    const before = await api.ledger.countUnclaimedEvents();
    const body = eventOf({ id }, type);
    expect((await send(body, sign(body))).status).toBe(status);
    expect(await api.ledger.countUnclaimedEvents()).toBe(before);
  });

  test.each(Object.keys(STRIPE_EVENTS))('%s of an open charge wakes', async (type) => {
    const body = eventOf({ id: 'dp_1', payment_intent: 'pi_awaiting_step_up' }, type);
    expect((await send(body, sign(body))).status).toBe(WAKES);
  });

  describe('the decline of an open charge', () => {
    const DUE = { is: 'due', atMs: Date.UTC(2100, 0) } as const;
    const CARDLESS = { is: 'awaiting_card', sinceMs: 0 } as const;
    const UNKNOWN = { is: 'unknown', sinceMs: 0 } as const;
    test.each([
      ['on record, of one that is tried again later', DUE, 'ch_1', 'card_declined', WAKES_NOBODY],
      ['on record, of one that waits for a card', CARDLESS, 'ch_1', 'card_declined', WAKES_NOBODY],
      [
        'on record, by which the customer is asked',
        stepUp(),
        'ch_1',
        'authentication_required',
        WAKES_NOBODY,
      ],
      ['of another try', DUE, 'ch_2', 'card_declined', WAKES],
      ['of a try nobody knows', DUE, null, 'card_declined', WAKES],
      ['of one whose outcome is unknown', UNKNOWN, 'ch_1', 'card_declined', WAKES],
      ['at the bank', stepUp(), 'ch_1', 'payment_intent_authentication_failure', WAKES],
    ] as const)('%s', async (what, phase, latest_charge, code, status) => {
      const customerId = what.replaceAll(/\W/g, '-');
      const id = `pi_${customerId.replaceAll('-', '')}`;
      const open = tried(phase, 'declined', { chargeId: 'c', paymentIntentId: id, stripeChargeId: 'ch_1' });
      const snapshot = enrolled({ customerId, charges: [open] });
      const view = viewOf(snapshot, 0);
      await api.put(customerId, { charges: view.charges, snapshot });
      await api.ledger.addStripeObject({ stripeId: id, customerId, chargeId: 'c' });
      const object = { id, latest_charge, last_payment_error: { code } };
      const body = eventOf(object, 'payment_intent.payment_failed');
      expect((await send(body, sign(body))).status).toBe(status);
    });
  });

  describe('about an attempt that is under way', () => {
    async function attempted(customerId: string) {
      await api.put(customerId);
      await api.ledger.claimCharge(customerId, { chargeId: 'c', amount: 4900, currency: 'eur' }, 'shop');
      await api.ledger.acceptCharge(customerId, 'c');
      await api.ledger.addStripeObject({ stripeId: `pi_${customerId}`, customerId, chargeId: 'c' });
      const body = eventOf({ id: `pi_${customerId}` });
      return send(body, sign(body));
    }

    test('is held until that is on record', async () => {
      const answer = attempted('quick');
      await new Promise((resolve) => setTimeout(resolve, 250));
      const charges = [{ ...chargeOf('c', 'succeeded'), paymentIntentId: 'pi_quick' }];
      await api.put('quick', { charges });
      expect((await answer).status).toBe(WAKES_NOBODY);
    });

    test('and is passed on where that takes longer than a moment', async () => {
      const startedAt = Date.now();
      expect((await attempted('slow')).status).toBe(WAKES);
      expect(Date.now() - startedAt).toBeGreaterThan(1_400);
    });
  });

  test('refunds and disputes of a settled charge wake', async () => {
    for (const type of ['refund.created', 'refund.updated', 'refund.failed', 'charge.dispute.created']) {
      const body = eventOf({ id: 're_1', payment_intent: 'pi_succeeded' }, type);
      expect((await send(body, sign(body))).status, type).toBe(WAKES);
    }
  });

  test('metadata that names no possible customer speaks for nobody', async () => {
    const before = await api.ledger.countUnclaimedEvents();
    const { installationId } = api.ledger;
    const body = eventOf({
      id: 'seti_strange',
      object: 'setup_intent',
      metadata: { customerId: 'a/b'.repeat(50_000), installationId },
    });
    expect((await send(body, sign(body))).status).toBe(WAKES_NOBODY);
    expect(await api.ledger.countUnclaimedEvents()).toBe(before + 1);
  });
});
