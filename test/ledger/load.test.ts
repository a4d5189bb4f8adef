// What a run that starts from nothing is told: the snapshot, what is owed, and which intents are known for it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { loadForRun } from '../../ledger/load.ts';
import { openLedger } from '../../ledger/open.ts';
import { inMemory } from '../support/databases.ts';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

/** Accepted, and never recorded by a run. */
async function owe(customerId: string, chargeId: string) {
  await ledger.claimCharge(customerId, { chargeId, amount: 4900, currency: 'eur' }, 'shop');
  await ledger.acceptCharge(customerId, chargeId);
}

test('of somebody whom nobody knows: nothing', async () => {
  const { snapshot, charges } = await loadForRun(ledger, 'nobody');
  expect([snapshot, charges]).toEqual([null, []]);
});

test('which intent is known of each charge, and of two the newest: only that one can be alive', async () => {
  for (const chargeId of ['none', 'one', 'two']) await owe('ada', chargeId);
  await owe('bob', 'none');
  for (const [customerId, chargeId, stripeId] of [
    ['ada', 'one', 'pi_1'],
    ['ada', 'two', 'pi_2'],
    ['ada', 'two', 'pi_3'],
    ['bob', 'none', 'pi_4'],
  ] as const)
    await ledger.addStripeObject({ stripeId, customerId, chargeId });
  await ledger.addStripeObject({ stripeId: 'seti_1', customerId: 'ada' });
  const { charges } = await loadForRun(ledger, 'ada');
  const known = charges.map(({ chargeId, paymentIntentId }) => [chargeId, paymentIntentId]);
  expect(new Map(known as [string, string | null][])).toEqual(
    new Map([
      ['none', null],
      ['one', 'pi_1'],
      ['two', 'pi_3'],
    ]),
  );
  expect(charges).toContainEqual({
    chargeId: 'one',
    actor: 'shop',
    amount: 4900,
    currency: 'eur',
    openedAtMs: expect.any(Number),
    dueAtMs: null,
    paymentIntentId: 'pi_1',
  });
});

test('the state as it was last recorded', async () => {
  const state = { ...newCustomer('cyd'), loaded: true, stripeCustomerId: 'cus_1', sequence: 4 };
  const view = {
    customerId: 'cyd',
    stripeCustomerId: 'cus_1',
    status: 'active' as const,
    needsAttention: [],
    amountDue: 0,
    amountsDue: [],
    currency: null,
    charges: [],
  };
  await ledger.record({ customerId: 'cyd', facts: [], charges: [], view, snapshot: state, notifies: false });
  expect((await loadForRun(ledger, 'cyd')).snapshot).toEqual(state);
});
