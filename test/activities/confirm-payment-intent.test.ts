// The exact request that asks for the money, and when it is not sent.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Pace } from '../../stripe/pace.ts';
import { type ScriptedAnswer, type StripeRequest, scriptedStripe } from '../stripe/scripted-stripe.ts';
import { attempting, attemptOnce } from './_attempts.ts';

const STEP = { customerId: 'ada', chargeId: 'july', paymentIntentId: 'pi_1' } as const;

const CHARGE = { id: 'ch_1', object: 'charge', amount_refunded: 0, failure_code: null };
const PAID = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount: 2000,
  amount_received: 2000,
  currency: 'eur',
  customer: 'cus_1',
  latest_charge: CHARGE,
};
const UNPAID = { ...PAID, status: 'requires_payment_method', amount_received: 0, latest_charge: null };
const DECLINED = {
  error: {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'insufficient_funds',
    charge: 'ch_1',
    payment_intent: { ...PAID, status: 'requires_payment_method', amount_received: 0, latest_charge: 'ch_1' },
  },
};

let isKillSwitchOn: boolean;
let indexedForMs: number | null;
beforeEach(() => {
  indexedForMs = 20;
  isKillSwitchOn = false;
});

/** Runs the confirm once, as try number `attempt` of its activity. */
async function confirm(
  step: object = {},
  {
    answer = () => [200, PAID] as const,
    installationId = 'here',
    attempt = 1,
    pace,
  }: {
    readonly answer?: (request: StripeRequest) => ScriptedAnswer;
    readonly installationId?: string;
    readonly attempt?: number;
    readonly pace?: Pace;
  } = {},
) {
  const { stripe, requests } = await scriptedStripe(answer, pace);
  const ledger = {
    installationId,
    isKillSwitchOn: async () => isKillSwitchOn,
    indexedForMs: async () => indexedForMs,
    recordedAttempt: async () => null,
    recordAttempt: async (_entry, _key, { events, digest }) => ({
      events,
      recorded: { through: 1, digest, alreadyClosed: [] },
    }),
  } as Partial<Ledger> as Ledger;
  const attempted = attemptOnce({ stripe, ledger }, attempting({ ...STEP, ...step }), { attempt });
  const event = attempted.then(({ events }) => events.at(-1)?.event);
  return { event: await event.catch((failure: unknown) => failure), requests };
}

const keyOf = async (step: object, installationId = 'here') =>
  (
    await confirm(step, { installationId, answer: ({ method }) => [200, method === 'POST' ? PAID : UNPAID] })
  ).requests.find(({ method }) => method === 'POST')?.idempotencyKey;

test('off-session, with the card named, the charge expanded, and nothing else', async () => {
  const { requests } = await confirm();
  expect(requests).toEqual([
    {
      method: 'POST',
      path: '/v1/payment_intents/pi_1/confirm',
      params: { off_session: 'true', payment_method: 'pm_1', 'expand[0]': 'latest_charge' },
      idempotencyKey: expect.stringMatching(/^confirm-payment-intent-[0-9a-f]{64}$/),
    },
  ]);
});

test('where Stripe has made a mandate it is named too', async () => {
  const { requests } = await confirm({ stripeMandateId: 'mandate_1' });
  expect(requests[0]?.params).toEqual({
    off_session: 'true',
    payment_method: 'pm_1',
    mandate: 'mandate_1',
    'expand[0]': 'latest_charge',
  });
});

describe('the idempotency key', () => {
  test('is the same for the same attempt, whoever sends it and whatever it has learnt', async () => {
    const key = await keyOf({});
    expect(await keyOf({ known: 'ch_0', fingerprint: 'another' })).toBe(key);
  });

  test('differs by attempt, intent number, charge, customer and installation', async () => {
    const keys = [
      await keyOf({}),
      await keyOf({ attemptNumber: 2 }),
      await keyOf({ intentNumber: 2 }),
      await keyOf({ chargeId: 'august' }),
      await keyOf({ customerId: 'bob' }),
      await keyOf({}, 'elsewhere'),
      await keyOf({ customerId: 'ada', chargeId: 'july', intentNumber: 11, attemptNumber: 1 }),
      await keyOf({ customerId: 'ada', chargeId: 'july', intentNumber: 1, attemptNumber: 11 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('a later attempt reads the intent first', () => {
  const later = { attemptNumber: 2 };
  const found = (intent: object) => ({
    answer: ({ method, path }: StripeRequest): ScriptedAnswer => {
      if (method === 'POST') return [200, PAID];
      return path.endsWith('/charges')
        ? [200, { object: 'list', has_more: false, data: [CHARGE] }]
        : [200, intent];
    },
  });

  test('and confirms it when it is as it should be', async () => {
    const { event, requests } = await confirm(later, found(UNPAID));
    expect(requests.map(({ method, path }) => [method, path])).toEqual([
      ['GET', '/v1/payment_intents/pi_1'],
      ['POST', '/v1/payment_intents/pi_1/confirm'],
      ['GET', '/v1/charges'],
    ]);
    expect(event).toMatchObject({ kind: 'paymentIntentRead', reading: { status: 'succeeded' } });
  });

  test.each([
    ['over another amount', { amount: 90_000 }],
    ['in another currency', { currency: 'usd' }],
    ['of another customer', { customer: 'cus_2' }],
    ['of no customer', { customer: null }],
    ['paid', { status: 'succeeded', amount_received: 2000 }],
    ['canceled', { status: 'canceled' }],
    ['at the bank', { status: 'requires_action' }],
    ['under way', { status: 'processing' }],
    ['in a state that we do not know', { status: 'requires_patience' }],
  ])('one that is %s is not confirmed: how it is, is the answer', async (_what, changes) => {
    const { event, requests } = await confirm(later, found({ ...UNPAID, ...changes }));
    expect(requests.map(({ method }) => method)).toEqual(['GET']);
    const { amount, currency, customer, status } = { ...UNPAID, ...changes };
    expect(event).toMatchObject({
      kind: 'paymentIntentRead',
      chargeId: 'july',
      reading: { paymentIntentId: 'pi_1', status, amount, currency, stripeCustomerId: customer },
    });
  });

  test.each([
    ['a first one that waited an hour for a worker', 3_600_000],
    ['a first one whose intent is not in the index, as in a ledger restored from a backup', null],
  ])('and so does %s', async (_what, indexed) => {
    indexedForMs = indexed;
    const { requests } = await confirm({}, found({ ...UNPAID, amount: 90_000 }));
    expect(requests.map(({ method }) => method)).toEqual(['GET']);
    expect((await confirm({}, found(UNPAID))).requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  test('one that cannot be read is not confirmed', async () => {
    const answer = (): ScriptedAnswer => [500, { error: { type: 'api_error' } }];
    const { event, requests } = await confirm(later, { answer });
    expect(event).toMatchObject({ type: 'StripeUnavailable' });
    expect(requests).toHaveLength(1);
  });

  test('one whose reading comes too often waits: nothing was sent', async () => {
    const answer = (): ScriptedAnswer => [429, { error: { type: 'invalid_request_error' } }];
    expect((await confirm(later, { answer })).event).toEqual({ kind: 'rateLimited', chargeId: 'july' });
  });
});

describe('while the kill switch is on', () => {
  beforeEach(() => {
    isKillSwitchOn = true;
  });

  test('nothing is sent, and the first try says so', async () => {
    const { event, requests } = await confirm();
    expect(event).toEqual({ kind: 'halted', chargeId: 'july' });
    expect(requests).toEqual([]);
  });

  test('a later try does not say that nothing was sent: the first one may have been', async () => {
    const { event, requests } = await confirm({}, { attempt: 2 });
    expect(event).toMatchObject({ type: 'KillSwitchOn', nonRetryable: true });
    expect(requests).toEqual([]);
  });
});

test('the kill switch set while a confirm waits for its turn stops it', async () => {
  const turn = async (endpoint: string) => {
    if (endpoint.endsWith('/confirm')) isKillSwitchOn = true;
  };
  const { event, requests } = await confirm({}, { pace: { turn, slowDown: () => {} } });
  expect(event).toEqual({ kind: 'halted', chargeId: 'july' });
  expect(requests).toEqual([]);
});

describe('turned away for coming too often', () => {
  const tooMany = { answer: () => [429, { error: { type: 'invalid_request_error' } }] as const };

  test('on the first try: a wait, for certainly nothing was done', async () => {
    expect((await confirm({}, tooMany)).event).toEqual({ kind: 'rateLimited', chargeId: 'july' });
  });

  test('on a later try: unknown, for the first one may have been sent', async () => {
    expect((await confirm({}, { ...tooMany, attempt: 2 })).event).toMatchObject({
      type: 'StripeRateLimited',
      nonRetryable: false,
    });
  });
});

test('a decline is an answer, with Stripe’s codes and the request that brought it', async () => {
  const list = { object: 'list', has_more: false, data: [{ ...CHARGE, failure_code: 'card_declined' }] };
  const { event } = await confirm(
    {},
    { answer: ({ method }) => (method === 'POST' ? [402, DECLINED] : [200, list]) },
  );
  expect(event).toMatchObject({
    kind: 'paymentIntentRead',
    chargeId: 'july',
    reading: {
      status: 'requires_payment_method',
      stripeChargeId: 'ch_1',
      decline: { code: 'card_declined', declineCode: 'insufficient_funds' },
      requestId: 'req_1',
    },
  });
});

test('a server error is no answer', async () => {
  const { event } = await confirm({}, { answer: () => [500, { error: { type: 'api_error' } }] });
  expect(event).toMatchObject({ type: 'StripeUnavailable', nonRetryable: false });
});
