// Pause, resume, cancel, come back, and bad input: what the operator and careless callers do to a customer.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { DAY, HOUR, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test('while paused nothing is attempted; resumed, the charge that waited is collected', async () => {
  await stack.enrol('paused');
  const paused = await stack.post('/v1/customers/paused/pause', { reason: 'asked by phone' });
  expect(paused).toMatchObject({ status: 200, body: { status: 'paused' } });
  expect((await stack.post('/v1/customers/paused/pause')).status).toBe(200);
  await stack.post('/v1/customers/paused/charges', { chargeId: 'paused-1', amount: 1000, currency: 'eur' });
  await stack.passTime('paused', 3 * DAY);
  expect(await stack.truth('paused-1')).toMatchObject({ attempts: 0 });
  expect((await stack.post('/v1/customers/paused/resume')).body.status).toBe('active');
  await stack.untilCharge('paused', 'paused-1', 'succeeded');
  expect(await stack.truth('paused-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  const { items } = await stack.get('/v1/customers/paused/evidence');
  const pause = items.find(({ kind }: { kind: string }) => kind === 'paused');
  expect(pause).toMatchObject({ actor: expect.any(String), reason: 'asked by phone' });
});

test('a pause stops the step-up clock', async () => {
  const card = await stack.enrol('clock');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/clock/charges', { chargeId: 'clock-1', amount: 1000, currency: 'eur' });
  await stack.untilCharge('clock', 'clock-1', 'awaiting_step_up');
  await stack.post('/v1/customers/clock/pause');
  await stack.passTime('clock', 30 * DAY);
  await stack.post('/v1/customers/clock/resume');
  await stack.passTime('clock', 6 * DAY);
  expect((await stack.get('/v1/customers/clock/charges/clock-1')).status).toBe('awaiting_step_up');
});

describe('an attempt that was not answered, and that waits to be sent again', () => {
  const path = '/v1/payment_intents/*/confirm';

  /** @returns once two tries are over, the second turned away as one too many, and the third waits */
  async function chargeAtABadMoment(customerId: string, ...outcomes: string[]) {
    const paymentMethod = await stack.enrol(customerId);
    if (outcomes.length > 0) await stack.control('outcomes', { paymentMethod, outcomes });
    await stack.control('faults', { method: 'POST', path, kind: 'drop', when: 'before', times: 2 });
    await stack.control('faults', { method: 'POST', path, kind: 429, when: 'before', times: 1 });
    const charge = { chargeId: `${customerId}-1`, amount: 1000, currency: 'eur' };
    await stack.post(`/v1/customers/${customerId}/charges`, charge);
    const handle = stack.client.workflow.getHandle(workflowIdOf(customerId));
    const isWaiting = async () => {
      const { raw } = await handle.describe();
      return raw.pendingActivities?.some(
        ({ activityType, attempt }) => activityType?.name === 'attemptCharge' && attempt === 3,
      );
    };
    await expect.poll(isWaiting, { timeout: 60_000 }).toBe(true);
  }

  test('is never sent once the customer is cancelled', async () => {
    await chargeAtABadMoment('taken-back');
    expect((await stack.post('/v1/customers/taken-back/cancel')).body.status).toBe('cancelled');
    await stack.untilCharge('taken-back', 'taken-back-1', 'cancelled');
    expect(await stack.truth('taken-back-1')).toMatchObject({ attempts: 0 });
  });

  test('is never sent once the charge is cancelled', async () => {
    await chargeAtABadMoment('let-off');
    await stack.post('/v1/customers/let-off/charges/let-off-1/cancel');
    await stack.untilCharge('let-off', 'let-off-1', 'cancelled');
    expect(await stack.truth('let-off-1')).toMatchObject({ attempts: 0 });
  });

  test('waits as long as the customer is paused', async () => {
    await chargeAtABadMoment('put-off');
    await stack.post('/v1/customers/put-off/pause');
    await stack.untilCharge('put-off', 'put-off-1', 'retrying');
    expect(await stack.truth('put-off-1')).toMatchObject({ attempts: 0 });
    await stack.post('/v1/customers/put-off/resume');
    await stack.untilCharge('put-off', 'put-off-1', 'succeeded');
    expect(await stack.truth('put-off-1')).toMatchObject({ attempts: 1, succeeded: 1 });
  });

  test('is what an operator’s retry asks for: when it is declined it is not sent once more', async () => {
    await chargeAtABadMoment('eager', 'insufficient_funds', 'insufficient_funds');
    expect((await stack.post('/v1/customers/eager/charges/eager-1/retry')).status).toBe(200);
    const charge = await stack.untilCharge('eager', 'eager-1', 'retrying');
    expect(Date.parse(charge.nextAttemptAt) - Date.now()).toBeGreaterThan(HOUR);
    expect(await stack.truth('eager-1')).toMatchObject({ attempts: 1 });
  });
});

test('cancelling a customer ends the open intent at Stripe, and nothing is collected afterwards', async () => {
  const card = await stack.enrol('leaving');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['authentication_required'] });
  await stack.post('/v1/customers/leaving/charges', { chargeId: 'leaving-1', amount: 1000, currency: 'eur' });
  await stack.post('/v1/customers/leaving/charges', { chargeId: 'leaving-2', amount: 1000, currency: 'eur' });
  const open = await stack.untilCharge('leaving', 'leaving-1', 'awaiting_step_up');
  const left = await stack.post('/v1/customers/leaving/cancel', { reason: 'moved away' });
  expect(left).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  await stack.untilCharge('leaving', 'leaving-1', 'cancelled');
  await stack.untilCharge('leaving', 'leaving-2', 'cancelled');
  expect(await stack.truth('leaving-1')).toMatchObject({
    succeeded: 0,
    intents: [{ paymentIntentId: open.paymentIntentId, status: 'canceled' }],
  });
  expect((await stack.post('/v1/customers/leaving/cancel')).status).toBe(200);
  const refused = await stack.post('/v1/customers/leaving/charges', {
    chargeId: 'leaving-3',
    amount: 1000,
    currency: 'eur',
  });
  expect(refused).toMatchObject({ status: 409, body: { code: 'customer_cancelled' } });
  expect((await stack.truth('leaving-3')).intents).toEqual([]);
});

test('money that lands after a cancel is kept and shown', async () => {
  const terms = { maxAmount: 1_000_000, currency: 'inr' };
  const opened = await stack.post('/v1/customers', {
    customerId: 'late',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-01T09:00:00Z' },
    terms,
  });
  expect(opened.status).toBe(201);
  const card = await stack.completeEnrolment('late', opened.body.enrolment);
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['processing'] });
  await stack.post('/v1/customers/late/charges', { chargeId: 'late-1', amount: 50_000, currency: 'inr' });
  const processing = await stack.untilCharge('late', 'late-1', 'processing');
  await stack.post('/v1/customers/late/cancel');
  // On record: the money that comes from here on comes after the cancel for everybody.
  await stack.untilOnRecord('late', 'cancelled');
  await stack.control(`settle/${processing.paymentIntentId}`, {});
  const charge = await stack.untilCharge('late', 'late-1', 'succeeded');
  expect(charge.reason).toBe('landed_after_customer_cancelled');
  expect(await stack.truth('late-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  expect((await stack.get('/v1/customers/late')).status).toBe('cancelled');
});

test('a cancelled customer comes back by a new enrolment, and old charges stay as they were', async () => {
  await stack.enrol('back');
  await stack.post('/v1/customers/back/charges?wait=15', {
    chargeId: 'back-1',
    amount: 1000,
    currency: 'eur',
  });
  await stack.post('/v1/customers/back/cancel');
  await stack.untilCustomer('back', 'cancelled');
  const returned = await stack.post('/v1/customers/back/enrolments', {
    paymentMethod: 'pm_card_visa',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-22T09:00:00Z' },
  });
  expect(returned.status).toBe(201);
  await stack.untilCustomer('back', 'active');
  const possiblySent = await stack.post('/v1/customers/back/charges', {
    chargeId: 'back-1',
    amount: 1000,
    currency: 'eur',
  });
  expect(possiblySent).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  await stack.post('/v1/customers/back/charges?wait=15', {
    chargeId: 'back-2',
    amount: 1000,
    currency: 'eur',
  });
  expect(await stack.truth('back-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(await stack.truth('back-2')).toMatchObject({ succeeded: 1, attempts: 1 });
});

describe('bad input is refused in words, and changes nothing', () => {
  beforeAll(() => stack.enrol('strict'));

  test.each([
    { what: 'an amount of 0', body: { amount: 0 }, status: 422, code: 'amount_too_small' },
    { what: 'a fraction', body: { amount: 10.5 }, status: 400, code: 'invalid_request' },
    { what: 'an amount as text', body: { amount: '1000' }, status: 400, code: 'invalid_request' },
    { what: 'a currency nobody has', body: { currency: 'xxx' }, status: 422, code: 'currency_unsupported' },
    { what: 'an id with a slash', body: { chargeId: 'a/b' }, status: 400, code: 'invalid_request' },
    { what: 'an unknown field', body: { amuont: 1 }, status: 400, code: 'invalid_request' },
    { what: 'a due time that is none', body: { dueAt: 'tomorrow' }, status: 400, code: 'invalid_request' },
    {
      what: 'metadata under our own key',
      body: { metadata: { chargeId: 'x' } },
      status: 422,
      code: 'metadata_reserved',
    },
  ])('$what', async ({ body, status, code }) => {
    const request = { chargeId: 'strict-1', amount: 1000, currency: 'eur', ...body };
    const answer = await stack.post('/v1/customers/strict/charges', request);
    expect(answer).toMatchObject({ status, body: { status, code, detail: expect.any(String) } });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect((await stack.get('/v1/customers/strict/charges')).items).toEqual([]);
    expect((await stack.truth('strict-1')).intents).toEqual([]);
  });

  test('a card without consent', async () => {
    const answer = await stack.post('/v1/customers', { customerId: 'rash', paymentMethod: 'pm_card_visa' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'consent_required' } });
    expect((await stack.call('GET', '/v1/customers/rash')).status).toBe(404);
  });

  test('a charge for somebody nobody knows', async () => {
    const answer = await stack.post('/v1/customers/nobody/charges', {
      chargeId: 'nobody-1',
      amount: 1000,
      currency: 'eur',
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'customer_not_found' } });
  });
});
