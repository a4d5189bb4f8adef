// The kill switch: whoever used it last decides, and everybody sees who that was.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { inMemory } from '../support/databases.ts';

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

test('is off until somebody switches it on; on, off and on again it is on', async () => {
  expect([await ledger.isKillSwitchOn(), await ledger.killSwitch()]).toEqual([false, null]);
  for (const [isOn, actor] of [
    [true, 'olga'],
    [false, 'piet'],
    [true, 'quin'],
  ] as const) {
    await ledger.setKillSwitch({ isOn, actor, reason: `because of ${actor}` });
    expect(await ledger.isKillSwitchOn()).toBe(isOn);
    expect(await ledger.killSwitch()).toMatchObject({ isOn, actor, reason: `because of ${actor}` });
  }
});

test('other things that operators do leave it as it is', async () => {
  await ledger.addOperatorAction({
    kind: 'gaps_accepted',
    customerId: null,
    actor: 'olga',
    reason: 'x',
    data: {},
  });
  expect(await ledger.isKillSwitchOn()).toBe(true);
});
