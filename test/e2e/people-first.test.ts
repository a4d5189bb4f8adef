// A person at a page and a caller with one charge, while many charges have fallen due at the same instant.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CONSENT, startTestStack, type TestStack } from '../support/stack.ts';

const BATCH = 30;
/** Enough to open the batch before it is due, milliseconds. */
const LEAD = 12_000;

let stack: TestStack;
const ids = Array.from({ length: BATCH }, (_, number) => `batch-${number}`);

beforeAll(async () => {
  // Slow enough that the batch takes sixteen seconds at Stripe.
  stack = await startTestStack({ env: { STRIPE_RATE_LIMITS: '2/8' } });
  const all = [...ids, 'caller'];
  for (let first = 0; first < all.length; first += 8)
    await Promise.all(all.slice(first, first + 8).map((customerId) => stack.enrol(customerId)));
}, 180_000);
afterAll(() => stack.stop());

test('are not behind the batch: Stripe is asked for them before most of it', async () => {
  const dueAt = new Date(Date.now() + LEAD).toISOString();
  const opened = await Promise.all(
    ids.map((customerId) =>
      stack.post(`/v1/customers/${customerId}/charges`, {
        chargeId: customerId,
        amount: 1000,
        currency: 'eur',
        dueAt,
      }),
    ),
  );
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([202]));
  await vi.waitFor(async () => expect((await stack.control('truth')).succeeded).toBeGreaterThan(0), {
    timeout: 60_000,
    interval: 100,
  });

  const enrol = async () => {
    const paymentMethod = 'pm_card_visa';
    await stack.post('/v1/customers', { customerId: 'person', paymentMethod, consent: CONSENT });
    await stack.untilCustomer('person', 'active');
    const { succeeded } = await stack.control('truth');
    return succeeded;
  };
  const charge = () =>
    stack.post('/v1/customers/caller/charges?wait=30', {
      chargeId: 'single',
      amount: 1000,
      currency: 'eur',
    });
  const [paidBefore, single] = await Promise.all([enrol(), charge()]);

  expect(single.body.status).toBe('succeeded');
  expect(paidBefore).toBeLessThan(BATCH);
  await Promise.all(ids.map((customerId) => stack.untilCharge(customerId, customerId, 'succeeded')));
  const { charges } = await stack.control('truth');
  expect(charges).toHaveLength(BATCH + 1);
  const place = charges.findIndex(({ chargeId }: { chargeId: string }) => chargeId === 'single');
  expect(place).toBeLessThan(BATCH * 0.75);
}, 180_000);
