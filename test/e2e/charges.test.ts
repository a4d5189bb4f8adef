// Charges while the customer is away: once, at their time, whatever the caller repeats.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test('a charge is collected while the customer is away, and named at Stripe', async () => {
  const card = await stack.enrol('plain');
  const { status, body } = await stack.post('/v1/customers/plain/charges?wait=15', {
    chargeId: 'plain-1',
    amount: 4900,
    currency: 'eur',
    description: 'November',
    statementDescriptorSuffix: 'NOV',
    metadata: { order: '17' },
  });
  expect(status).toBe(202);
  expect(body).toMatchObject({ chargeId: 'plain-1', status: 'succeeded', amount: 4900, currency: 'eur' });
  expect(body.attempts).toMatchObject([{ number: 1, outcome: 'succeeded' }]);
  expect(await stack.truth('plain-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  const intent = await stack.stripe('GET', `payment_intents/${body.paymentIntentId}`);
  expect(intent).toMatchObject({ description: 'November', payment_method: card, amount_received: 4900 });
  expect(intent.metadata).toMatchObject({ order: '17', customerId: 'plain', chargeId: 'plain-1' });
});

test('the same charge posted 20 times at once is collected once', async () => {
  await stack.enrol('twenty');
  const request = { chargeId: 'twenty-1', amount: 700, currency: 'usd' };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => stack.post('/v1/customers/twenty/charges', request)),
  );
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(19);
  await stack.untilCharge('twenty', 'twenty-1', 'succeeded');
  const truth = await stack.truth('twenty-1');
  expect(truth).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(truth.intents).toHaveLength(1);
});

test('a charge that is over is found again by its id, and other terms under it are refused', async () => {
  await stack.enrol('known');
  const request = { chargeId: 'known-1', amount: 700, currency: 'usd', metadata: { a: '1', b: '2' } };
  await stack.post('/v1/customers/known/charges?wait=15', request);
  const possiblySent = await stack.post('/v1/customers/known/charges', {
    ...request,
    metadata: { b: '2', a: '1' },
  });
  expect(possiblySent).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  for (const other of [
    { amount: 701 },
    { currency: 'eur' },
    { metadata: { a: '1' } },
    { description: 'x' },
  ]) {
    const refused = await stack.post('/v1/customers/known/charges', { ...request, ...other });
    expect(refused).toMatchObject({ status: 409, body: { code: 'charge_conflict' } });
  }
  expect(await stack.truth('known-1')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('a charge due in the future waits for its time', async () => {
  await stack.enrol('future');
  const dueAt = new Date(Date.now() + 10 * DAY).toISOString();
  const { body } = await stack.post('/v1/customers/future/charges', {
    chargeId: 'future-1',
    amount: 1000,
    currency: 'eur',
    dueAt,
  });
  expect(body).toMatchObject({ status: 'scheduled', dueAt });
  await stack.passTime('future', 9 * DAY);
  expect(await stack.truth('future-1')).toMatchObject({ attempts: 0, intents: [] });
  await stack.passTime('future', 2 * DAY);
  const charge = await stack.untilCharge('future', 'future-1', 'succeeded');
  expect(Date.parse(charge.attempts[0].at)).toBeGreaterThanOrEqual(Date.parse(dueAt));
  expect(await stack.truth('future-1')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('a soft decline is tried again on its day, on the same intent', async () => {
  const card = await stack.enrol('soft');
  await stack.control('outcomes', {
    paymentMethod: card,
    outcomes: ['insufficient_funds', 'insufficient_funds'],
  });
  await stack.post('/v1/customers/soft/charges', { chargeId: 'soft-1', amount: 1000, currency: 'eur' });
  const declined = await stack.untilCharge('soft', 'soft-1', 'retrying');
  expect(declined.attempts).toMatchObject([{ outcome: 'declined', declineCode: 'insufficient_funds' }]);
  const wait = Date.parse(declined.nextAttemptAt) - Date.parse(declined.attempts[0].at);
  expect(wait).toBe(DAY);
  expect((await stack.get('/v1/customers/soft')).status).toBe('past_due');
  await stack.passTime('soft', 3.5 * DAY);
  const charge = await stack.untilCharge('soft', 'soft-1', 'succeeded');
  expect(charge.attempts.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'declined',
    'declined',
    'succeeded',
  ]);
  const truth = await stack.truth('soft-1');
  expect(truth).toMatchObject({ succeeded: 1, attempts: 3 });
  expect(truth.intents).toHaveLength(1);
});

test('a charge nobody pays fails when its calendar is used up, and can never be paid afterwards', async () => {
  await stack.enrol('broke', 'pm_card_chargeCustomerFail');
  await stack.post('/v1/customers/broke/charges', { chargeId: 'broke-1', amount: 1000, currency: 'eur' });
  await stack.untilCharge('broke', 'broke-1', 'retrying');
  await stack.passTime('broke', 9 * DAY);
  const charge = await stack.untilCharge('broke', 'broke-1', 'failed');
  expect(charge.attempts).toHaveLength(4);
  const truth = await stack.truth('broke-1');
  expect(truth).toMatchObject({ succeeded: 0, attempts: 4, intents: [{ status: 'canceled' }] });
});

test('another card pays at once what the old one owed', async () => {
  const card = await stack.enrol('replaced');
  await stack.control('outcomes', { paymentMethod: card, outcomes: ['lost_card'] });
  await stack.post('/v1/customers/replaced/charges', {
    chargeId: 'replaced-1',
    amount: 1000,
    currency: 'eur',
  });
  await stack.untilCharge('replaced', 'replaced-1', 'awaiting_card');
  const waiting = await stack.post('/v1/customers/replaced/charges', {
    chargeId: 'replaced-2',
    amount: 500,
    currency: 'eur',
  });
  expect(waiting.status).toBe(202);
  await stack.untilCharge('replaced', 'replaced-2', 'awaiting_card');
  const enrolled = await stack.post('/v1/customers/replaced/enrolments', {
    paymentMethod: 'pm_card_mastercard',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-20T09:00:00Z' },
  });
  expect(enrolled.status).toBe(201);
  await stack.untilCharge('replaced', 'replaced-1', 'succeeded');
  await stack.untilCharge('replaced', 'replaced-2', 'succeeded');
  const first = await stack.truth('replaced-1');
  expect(first).toMatchObject({ succeeded: 1, attempts: 2 });
  expect(first.intents).toHaveLength(1);
  expect(first.charges.at(-1).paymentMethodId).not.toBe(card);
  expect(await stack.truth('replaced-2')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('an Indian card is charged with its mandate, and a day of processing is waited out', async () => {
  const terms = { maxAmount: 1_000_000, currency: 'inr', every: { unit: 'month', count: 1 } };
  const opened = await stack.post('/v1/customers', {
    customerId: 'india',
    consent: { termsVersion: '2026-11', acceptedAt: '2026-11-01T09:00:00Z' },
    terms,
  });
  await stack.completeEnrolment('india', opened.body.enrolment);
  const customer = await stack.untilCustomer('india', 'active');
  expect(customer).toMatchObject({ card: { country: 'IN' }, mandate: { status: 'active' } });
  const { stripeMandateId } = customer.mandate;
  expect(stripeMandateId).toMatch(/^mandate_/);

  const beyond = await stack.post('/v1/customers/india/charges', {
    chargeId: 'india-0',
    amount: 1_000_001,
    currency: 'inr',
  });
  expect(beyond).toMatchObject({ status: 422, body: { code: 'mandate_limit_exceeded' } });

  await stack.post('/v1/customers/india/charges', { chargeId: 'india-1', amount: 50_000, currency: 'inr' });
  const processing = await stack.untilCharge('india', 'india-1', 'processing');
  await stack.passTime('india', 25 * 3_600_000);
  expect((await stack.get('/v1/customers/india/charges/india-1')).status).toBe('processing');
  await stack.passTime('india', 2 * 3_600_000);
  const charge = await stack.untilCharge('india', 'india-1', 'succeeded');
  expect(charge.paymentIntentId).toBe(processing.paymentIntentId);
  expect(await stack.truth('india-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  const intent = await stack.stripe(
    'GET',
    `payment_intents/${charge.paymentIntentId}?expand[]=latest_charge`,
  );
  expect(intent.latest_charge.payment_method_details.card.mandate).toBe(stripeMandateId);
});
