// A charge is collected by the policy it was opened under, in the customer's time, whatever the file says later.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStack, type TestStack } from '../support/stack.ts';

const POLICIES = {
  timeZone: 'Asia/Tokyo',
  policies: {
    mornings: { soft: { days: [2], at: '09:00' }, declineNotices: 'each', end: 'pause' },
    never: { soft: { days: [] } },
  },
};

let stack: TestStack;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-policy-'));
  const path = join(folder, 'policy.json');
  await writeFile(path, JSON.stringify(POLICIES));
  stack = await startTestStack({ env: { POLICY_FILE: path } });
});
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true });
});

test('a charge is tried again at nine in the morning of its customer, and at the end of the road they are paused', async () => {
  const card = await stack.enrol('tokyo');
  await stack.control('outcomes', {
    paymentMethod: card,
    outcomes: ['insufficient_funds', 'insufficient_funds'],
  });
  const owed = { chargeId: 'tokyo-1', amount: 900, currency: 'eur', policy: 'mornings' };
  await stack.post('/v1/customers/tokyo/charges', owed);
  const retrying = await stack.untilCharge('tokyo', 'tokyo-1', 'retrying');
  expect(retrying).toMatchObject({
    policy: 'mornings',
    attemptsLeft: { charge: 7, card: 14 },
    decline: { customerMessage: 'There was not enough money on your card.' },
  });
  // Nine o'clock in Tokyo, all year round.
  expect(retrying.nextAttemptAt).toMatch(/T00:00:00\.000Z$/);
  await stack.passTime('tokyo', Date.parse(retrying.nextAttemptAt) - Date.now() + 60_000);
  const failed = await stack.untilCharge('tokyo', 'tokyo-1', 'failed');
  expect(failed).toMatchObject({ reason: 'declined', policy: 'mornings' });
  await stack.untilCustomer('tokyo', 'paused');
  const { items } = await stack.get('/v1/customers/tokyo/evidence');
  const opened = items.find(({ kind }: { kind: string }) => kind === 'charge_opened');
  expect(opened.data.policy).toMatchObject({ name: 'mornings', zone: { timeZone: 'Asia/Tokyo' } });
});

test('a policy that nobody has configured is refused', async () => {
  await stack.enrol('nameless');
  const answer = await stack.post('/v1/customers/nameless/charges', {
    chargeId: 'nameless-1',
    amount: 900,
    currency: 'eur',
    policy: 'gentle',
  });
  expect(answer).toMatchObject({ status: 422, body: { code: 'policy_unknown' } });
});
