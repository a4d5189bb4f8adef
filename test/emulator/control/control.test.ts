// The control API: strict bodies, clear refusals, and the truth about what was charged.
import { describe, expect, onTestFinished, test } from 'vitest';
import { enrol, failureOf, intentFor, startEmulator } from '../start.ts';

describe('strict bodies', () => {
  const fault = { method: 'POST', path: '/v1/customers', kind: 500, when: 'before', times: 1 };
  test.each([
    ['/faults', { ...fault, kind: 503 }, /kind must be one of 500, 429/],
    ['/faults', { ...fault, times: 0 }, /times must be >= 1/],
    ['/faults', { ...fault, path: 'customers' }, /path must match/],
    ['/faults', { ...fault, extra: true }, /unknown field "extra"/],
    ['/faults', { method: 'POST', path: '/v1/customers' }, /must have required property 'kind'/],
    ['/faults', { ...fault, kind: 'late' }, /kind late needs delaySeconds/],
    ['/faults', { ...fault, kind: 'late', delaySeconds: 0.5 }, /delaySeconds must be >= 1/],
    ['/faults', { ...fault, kind: 'late', delaySeconds: 61 }, /delaySeconds must be <= 60/],
    ['/faults', { ...fault, kind: 'hang', delaySeconds: 5 }, /delaySeconds is for kind late only/],
    ['/webhooks', { mode: 'sometimes' }, /mode must be one of normal, lose, twice, late, shuffle/],
    ['/outcomes', { paymentMethod: 'pm_1' }, /must have required property 'outcomes'/],
    ['/outcomes', { paymentMethod: 'pm_1', outcomes: [{ code: 'x' }] }, /outcomes\.0/],
    ['/challenges/pi_1', { result: 'maybe' }, /result must be one of succeed, fail/],
    ['/clock', { advanceSeconds: '60' }, /advanceSeconds must be number/],
    ['/clock', { advanceSeconds: -1 }, /advanceSeconds must be >= 0/],
  ])('POST %s %o is 400 and says why', async (path, body, detail) => {
    const emulator = await startEmulator();
    const answer = await emulator.control(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toMatch(detail);
    expect(answer.body).toMatchObject({ title: 'Bad Request', status: 400 });
  });

  test('no JSON is 400, an unknown path 404', async () => {
    const { url } = await startEmulator();
    const broken = await fetch(`${url}/_emulator/clock`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(broken.status).toBe(400);
    expect(broken.headers.get('content-type')).toContain('application/problem+json');
    expect((await fetch(`${url}/_emulator/nothing`)).status).toBe(404);
  });
});

describe('outcomes', () => {
  test('are used up one by one by the charges of this card, then the card is itself again', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    const outcomes = [
      'insufficient_funds',
      { decline_code: 'do_not_honor', advice_code: 'do_not_try_again' },
      { decline_code: 'insufficient_funds', advice_code: null },
      'a_code_of_tomorrow',
      'expired_card',
      'succeed',
    ];
    expect((await emulator.control('/outcomes', { paymentMethod, outcomes })).status).toBe(200);
    const charge = async () => {
      const { id } = await intentFor(emulator, customer.id);
      return emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    };
    const seen: unknown[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { code, decline_code, advice_code } = await failureOf(charge());
      seen.push([code, decline_code, advice_code]);
    }
    expect(seen).toEqual([
      ['card_declined', 'insufficient_funds', 'try_again_later'],
      ['card_declined', 'do_not_honor', 'do_not_try_again'],
      ['card_declined', 'insufficient_funds', undefined],
      ['card_declined', 'a_code_of_tomorrow', undefined],
      ['expired_card', 'expired_card', 'confirm_card_data'],
    ]);
    expect((await charge()).status).toBe('succeeded');
    expect((await charge()).status).toBe('succeeded');
  });

  test('override the card: one that always asks for the customer can be let through', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator, 'pm_card_authenticationRequired');
    await emulator.control('/outcomes', { paymentMethod, outcomes: ['succeed'] });
    const { id } = await intentFor(emulator, customer.id);
    const paid = await emulator.stripe.paymentIntents.confirm(id, {
      off_session: true,
      payment_method: paymentMethod,
    });
    expect(paid.status).toBe('succeeded');
  });

  test('authentication_required after the customer has authenticated is a decline', async () => {
    const emulator = await startEmulator();
    const { customer, paymentMethod } = await enrol(emulator);
    await emulator.control('/outcomes', {
      paymentMethod,
      outcomes: ['authentication_required', 'authentication_required'],
    });
    const { id } = await intentFor(emulator, customer.id);
    await failureOf(
      emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod }),
    );
    const { body } = await emulator.control(`/challenges/${id}`, { result: 'succeed' });
    expect(body.status).toBe('requires_payment_method');
    expect((await emulator.stripe.paymentIntents.retrieve(id)).last_payment_error?.code).toBe(
      'authentication_required',
    );
    expect((await emulator.control('/truth?chargeId=ch-1')).body).toMatchObject({
      attempts: 2,
      succeeded: 0,
    });
  });

  test('of an unknown payment method are 404', async () => {
    const emulator = await startEmulator();
    const answer = await emulator.control('/outcomes', { paymentMethod: 'pm_none', outcomes: ['succeed'] });
    expect(answer.status).toBe(404);
  });
});

test('a challenge or a settlement nobody waits for is 409, of an unknown intent 404', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const { id } = await intentFor(emulator, customer.id);
  expect((await emulator.control(`/challenges/${id}`, { result: 'succeed' })).status).toBe(409);
  expect((await emulator.control(`/settle/${id}`, {})).status).toBe(409);
  expect((await emulator.control('/challenges/pi_none', { result: 'succeed' })).status).toBe(404);
  expect((await emulator.control('/settle/pi_none', {})).status).toBe(404);
});

test('settle needs no body', async () => {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  await emulator.control('/outcomes', { paymentMethod, outcomes: ['processing', 'processing'] });
  for (const headers of [{}, { 'content-type': 'application/json' }]) {
    const { id } = await intentFor(emulator, customer.id);
    await emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
    const answer = await fetch(`${emulator.url}/_emulator/settle/${id}`, { method: 'POST', headers });
    expect(await answer.json()).toEqual({ intentId: id, status: 'succeeded' });
  }
});

test('the truth tells every attempt by the merchant’s charge id, and everything without one', async () => {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  await emulator.control('/outcomes', { paymentMethod, outcomes: ['insufficient_funds'] });
  const first = await intentFor(emulator, customer.id, 'ch-1');
  const confirm = (id: string) =>
    emulator.stripe.paymentIntents.confirm(id, { off_session: true, payment_method: paymentMethod });
  await failureOf(confirm(first.id));
  await confirm(first.id);
  const second = await intentFor(emulator, customer.id, 'ch-2', 700);
  await confirm(second.id);

  const { body } = await emulator.control('/truth?chargeId=ch-1');
  expect(body).toMatchObject({
    attempts: 2,
    succeeded: 1,
    charges: [
      { status: 'failed', paid: false, declineCode: 'insufficient_funds', chargeId: 'ch-1' },
      {
        status: 'succeeded',
        paid: true,
        refunded: false,
        declineCode: null,
        chargeId: 'ch-1',
        customerId: 'c-1',
        paymentIntentId: first.id,
        paymentMethodId: paymentMethod,
        amount: 2000,
        currency: 'eur',
      },
    ],
    intents: [{ paymentIntentId: first.id, status: 'succeeded', confirmations: 2, amountReceived: 2000 }],
  });
  expect((await emulator.control('/truth')).body).toMatchObject({ attempts: 3, succeeded: 2 });
  expect((await emulator.control('/truth?chargeId=none')).body).toMatchObject({
    attempts: 0,
    charges: [],
    intents: [],
  });
  expect((await emulator.control('/truth?nonsense=1')).status).toBe(400);
});

test('the index explains the control API and lists what there is', async () => {
  const emulator = await startEmulator();
  const { paymentMethod } = await enrol(emulator);
  const late = { method: 'GET', path: '/v1/customers', kind: 'late', when: 'after', times: 2 };
  await emulator.control('/faults', { ...late, delaySeconds: 60 });
  const unanswered = failureOf(emulator.stripe.customers.list());
  onTestFinished(async () => {
    await emulator.close();
    await unanswered;
  });
  await expect.poll(async () => (await emulator.control('/late')).body.requests).toHaveLength(1);
  const answer = await fetch(`${emulator.url}/_emulator/`);
  expect(answer.headers.get('content-type')).toContain('text/html');
  const html = await answer.text();
  for (const expected of [
    'POST /_emulator/outcomes',
    'GET /_emulator/truth',
    'late by 60 s',
    'Requests held',
    paymentMethod,
    'setup_intent.succeeded',
  ]) {
    expect(html).toContain(expected);
  }
});
