// What a caller got wrong is put right under the same id; what would take from another customer is refused.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

const card = { paymentMethod: 'pm_card_visa', consent: CONSENT };

test('a wrong stripeCustomerId is put right by asking again with the right one', async () => {
  const wrong = { customerId: 'typo', stripeCustomerId: 'cus_there_is_none', ...card };
  expect((await stack.post('/v1/customers', wrong)).body.enrolment.status).toBe('failed');
  await stack.until('/v1/customers/typo', ({ enrolment }) => enrolment.status === 'failed');
  const { id } = await stack.stripe('POST', 'customers', {});
  const right = { ...wrong, stripeCustomerId: id };
  await expect.poll(async () => (await stack.post('/v1/customers', right)).status).toBeLessThan(300);
  const customer = await stack.untilCustomer('typo', 'active');
  expect(customer.stripeCustomerId).toBe(id);
  const charge = { chargeId: 'typo-1', amount: 1000, currency: 'eur' };
  const { body } = await stack.post('/v1/customers/typo/charges?wait=20', charge);
  expect(body.status).toBe('succeeded');
  expect((await stack.post('/v1/customers', wrong)).body.code).toBe('customer_conflict');
});

test('two customers never share a customer at Stripe, not even when both ask at once', async () => {
  const { id } = await stack.stripe('POST', 'customers', {});
  const ask = (customerId: string) =>
    stack.post('/v1/customers', { customerId, stripeCustomerId: id, ...card });
  const answers = await Promise.all(['share-a', 'share-b', 'share-c'].map(ask));
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  const winner = answers.findIndex(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 409);
  for (const { body } of refused) expect(body.code).toBe('stripe_customer_in_use');
  const names = ['share-a', 'share-b', 'share-c'];
  await stack.untilCustomer(names[winner] ?? '', 'active');
  // One that we made ourselves is in use too.
  await stack.enrol('made');
  const { stripeCustomerId } = await stack.get('/v1/customers/made');
  const thief = { customerId: 'thief', stripeCustomerId, ...card };
  expect(await stack.post('/v1/customers', thief)).toMatchObject({
    status: 409,
    body: { code: 'stripe_customer_in_use' },
  });
  expect((await stack.call('GET', '/v1/customers/thief')).status).toBe(404);
});

test('the card of another customer is refused before Stripe is asked', async () => {
  const theirs = await stack.enrol('owner');
  const first = await stack.post('/v1/customers', { customerId: 'borrower', ...card, paymentMethod: theirs });
  expect(first).toMatchObject({ status: 409, body: { code: 'payment_method_in_use' } });
  await stack.enrol('borrower');
  const another = await stack.post('/v1/customers/borrower/enrolments', { ...card, paymentMethod: theirs });
  expect(another).toMatchObject({ status: 409, body: { code: 'payment_method_in_use' } });
  expect((await stack.get('/v1/customers/borrower')).mandate.status).toBe('active');
});

test('enrolling again without terms widens no mandate', async () => {
  const terms = { maxAmount: 1000, currency: 'eur' };
  await stack.post('/v1/customers', { customerId: 'limited', ...card, terms });
  await stack.untilCustomer('limited', 'active');
  const { mandate } = await stack.get('/v1/customers/limited');
  const again = { paymentMethod: 'pm_card_mastercard', consent: CONSENT };
  expect((await stack.post('/v1/customers/limited/enrolments', again)).status).toBe(201);
  await stack.until(
    '/v1/customers/limited',
    (customer) => customer.mandate.setupIntentId !== mandate.setupIntentId,
  );
  const charge = { chargeId: 'limited-1', amount: 1001, currency: 'eur' };
  expect(await stack.post('/v1/customers/limited/charges', charge)).toMatchObject({
    status: 422,
    body: { code: 'mandate_limit_exceeded' },
  });
});

test('a charge that Stripe refused for its terms is put right under its id, and collected once', async () => {
  await stack.enrol('small');
  const url = '/v1/customers/small/charges';
  // Stripe converts it into the account's currency, where it is too little.
  const refused = { chargeId: 'small-1', amount: 10, currency: 'zar' };
  expect((await stack.post(`${url}?wait=20`, refused)).body.status).toBe('refused');
  await stack.untilCharge('small', 'small-1', 'refused');
  const right = { ...refused, amount: 9900, description: 'a day more' };
  const [first, second] = await Promise.all([stack.post(url, right), stack.post(url, right)]);
  for (const { status, body } of [first, second])
    expect({ status, amount: body.amount }).toEqual({ status: expect.toBeOneOf([200, 202]), amount: 9900 });
  const charge = await stack.untilCharge('small', 'small-1', 'succeeded');
  expect(charge).toMatchObject({ amount: 9900, description: 'a day more', amountReceived: 9900 });
  expect(await stack.truth('small-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(await stack.post(url, refused)).toMatchObject({ status: 409, body: { code: 'charge_conflict' } });
  const { items } = await stack.get('/v1/customers/small/evidence');
  const corrected = items.filter(({ kind }: { kind: string }) => kind === 'charge_corrected');
  expect(corrected).toMatchObject([{ chargeId: 'small-1', data: { amount: 9900 } }]);
});
