// Callers who ask for the same thing, or for several, at the same moment.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

test('?wait does not end because another charge is being attempted', async () => {
  await stack.enrol('two');
  // The first is slow at Stripe, so that the second is due while it is attempted.
  await stack.control('faults', {
    method: 'POST',
    path: '/v1/payment_intents/*/confirm',
    kind: 'late',
    when: 'after',
    times: 1,
    customerId: 'two',
    delaySeconds: 2,
  });
  const open = (chargeId: string, wait: number) =>
    stack.post(`/v1/customers/two/charges?wait=${wait}`, { chargeId, amount: 1000, currency: 'eur' });
  await open('two-1', 0);
  const second = await open('two-2', 20);
  expect(second).toMatchObject({ status: 202, body: { status: 'succeeded' } });
  expect(await stack.truth('two-1')).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(await stack.truth('two-2')).toMatchObject({ succeeded: 1, attempts: 1 });
});

test('ten identical requests for a customer at once are all answered with the one SetupIntent', async () => {
  const names = ['ten-a', 'ten-b', 'ten-c', 'ten-d', 'ten-e', 'ten-f'];
  const answers = await Promise.all(
    names.map((customerId) =>
      Promise.all(
        Array.from({ length: 10 }, () => stack.post('/v1/customers', { customerId, consent: CONSENT })),
      ),
    ),
  );
  for (const [index, ten] of answers.entries()) {
    expect(ten.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual([]);
    const setups = new Set(ten.map(({ body }) => body.enrolment.setupIntentId));
    expect([...setups], names[index]).toEqual([expect.stringMatching(/^seti_/)]);
    const secrets = new Set(ten.map(({ body }) => body.enrolment.clientSecret));
    expect([...secrets]).toEqual([expect.stringMatching(/_secret_/)]);
  }
});

test('twelve identical requests for another card at once are one enrolment', async () => {
  await stack.enrol('again');
  const body = { consent: CONSENT };
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => stack.post('/v1/customers/again/enrolments', body)),
  );
  expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 201)).toEqual(
    [],
  );
  expect(new Set(answers.map((answer) => answer.body.enrolment.setupIntentId)).size).toBe(1);
  const { items } = await stack.get('/v1/customers/again/evidence');
  const opened = items.filter(({ kind }: { kind: string }) => kind === 'enrolment_opened');
  expect(opened).toHaveLength(2);
});
