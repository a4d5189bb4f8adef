// Charges that the ledger has accepted, and whose customer's workflow is in no state for them: each comes to its end.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { type Merchant, startMerchant } from '../support/merchant.ts';
import {
  type SharedBackends,
  startSharedBackends,
  startTestStack,
  type TestStack,
} from '../support/stack.ts';

let backends: SharedBackends & { stop(): Promise<void> };
let merchant: Merchant;
let stack: TestStack;
beforeAll(async () => {
  backends = await startSharedBackends();
  merchant = await startMerchant();
  stack = await startTestStack({ backends, merchantUrl: merchant.url });
});
afterAll(async () => {
  await stack?.stop();
  await merchant?.stop();
  await backends?.stop();
});

/** As an api process does that dies right after its answer of 202. */
async function accept(customerId: string, chargeId: string): Promise<void> {
  await backends.ledger.claimCharge(customerId, { chargeId, amount: 1000, currency: 'eur' }, 'night-run');
  const promise = { customerId, chargeId, afterMs: 0, mostOpen: 100 };
  expect(await backends.ledger.promiseCharge(promise)).toBe(true);
}

interface Item {
  readonly kind: string;
  readonly chargeId?: string;
  readonly actor?: string;
  readonly data: { readonly as?: string; readonly reason?: string };
}

async function factsOf(customerId: string, chargeId: string): Promise<Item[]> {
  const { items } = await stack.get(`/v1/customers/${customerId}/evidence`);
  return items.filter((item: Item) => item.chargeId === chargeId);
}

test('of a customer who goes on, it is collected once, and evidence says who asked', async () => {
  await stack.enrol('goes-on');
  await accept('goes-on', 'g-1');
  await stack.untilCharge('goes-on', 'g-1', 'succeeded');
  expect(await stack.truth('g-1')).toMatchObject({ attempts: 1, succeeded: 1 });
  const facts = await factsOf('goes-on', 'g-1');
  expect(facts[0]).toMatchObject({ kind: 'charge_opened', actor: 'night-run' });
});

test('of a customer who was cancelled meanwhile, it fails with that reason, in evidence and with a notice', async () => {
  await stack.enrol('left');
  await stack.post('/v1/customers/left/cancel');
  await stack.untilCustomer('left', 'cancelled');
  await vi.waitFor(async () => {
    const { status } = await stack.client.workflow.getHandle(workflowIdOf('left')).describe();
    expect(status.name).toBe('COMPLETED');
  }, 30_000);
  await accept('left', 'l-1');

  const failed = await stack.untilCharge('left', 'l-1', 'failed');
  expect(failed).toMatchObject({ reason: 'customer_cancelled', attempts: [] });
  const facts = await factsOf('left', 'l-1');
  expect(facts.map(({ kind, actor, data }) => [kind, actor, data.as, data.reason]).slice(0, 2)).toEqual([
    ['charge_opened', 'night-run', undefined, undefined],
    ['charge_closed', undefined, 'failed', 'customer_cancelled'],
  ]);
  await vi.waitFor(
    () =>
      expect(merchant.received.filter(({ data }) => data.chargeId === 'l-1')).toMatchObject([
        { type: 'charge.failed', data: { reason: 'customer_cancelled' } },
      ]),
    30_000,
  );
  expect(await stack.truth('l-1')).toMatchObject({ attempts: 0, intents: [] });
  const { status } = await stack.post('/v1/customers/left/charges', {
    chargeId: 'l-2',
    amount: 1000,
    currency: 'eur',
  });
  expect(status).toBe(409);
});

test('of a customer whose workflow is lost, a new one collects it once', async () => {
  await stack.enrol('lost');
  await stack.client.workflow.getHandle(workflowIdOf('lost')).terminate('lost with its cluster');
  await accept('lost', 'lost-1');
  await stack.untilCharge('lost', 'lost-1', 'succeeded');
  expect(await stack.truth('lost-1')).toMatchObject({ attempts: 1, succeeded: 1 });
});

test('?wait waits for the end of a charge that the ledger has accepted', async () => {
  await stack.enrol('waits');
  await accept('waits', 'w-1');
  const answer = await stack.post('/v1/customers/waits/charges?wait=30', {
    chargeId: 'w-1',
    amount: 1000,
    currency: 'eur',
  });
  expect(answer).toMatchObject({ status: 200, body: { status: 'succeeded' } });
});

test('a charge that waits to be handed over can be cancelled', async () => {
  await stack.enrol('regrets');
  await backends.ledger.claimCharge(
    'regrets',
    { chargeId: 'r-1', amount: 1000, currency: 'eur', dueAtMs: Date.now() + 86_400_000 },
    'night-run',
  );
  await backends.ledger.promiseCharge({
    customerId: 'regrets',
    chargeId: 'r-1',
    afterMs: 3_600_000,
    mostOpen: 100,
  });
  const answer = await stack.post('/v1/customers/regrets/charges/r-1/cancel');
  expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  await stack.untilOnRecord('regrets', 'charge_closed');
  expect(await stack.truth('r-1')).toMatchObject({ attempts: 0 });
});
