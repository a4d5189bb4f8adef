// Accepting a charge: by its workflow's own word, or by the ledger, which hands it over later.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createAcceptCharge } from '../../../api/services/accept-charge.ts';
import { createAnswers } from '../../../api/services/answers.ts';
import { createCharges } from '../../../api/services/charges.ts';
import { createCustomerReader } from '../../../api/services/customer-reader.ts';
import { createHandOver } from '../../../api/services/hand-over.ts';
import { BUILT_IN_POLICIES, policiesOf } from '../../../config/policies.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import { Refusal } from '../../../domain/shared/refusal.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { openLedger } from '../../../ledger/open.ts';
import { createLinks } from '../../../links/links.ts';
import { type CustomerWorkflows, TemporalUnavailable } from '../../../temporal/customer-workflows.ts';
import { enrolled } from '../../domain/fixtures.ts';
import { charge, entry } from '../../support/customers.ts';
import { inMemory } from '../../support/databases.ts';

const LOG = { warn() {}, debug() {}, error() {}, info() {} } as never;
const CALLER = { actor: 'shop', mayCharge: true };
const links = createLinks({
  secrets: ['a secret of a test, long enough for HS256'],
  publicUrl: 'http://localhost',
});

type Answer = (request: { readonly chargeId: string; readonly inLedger?: string }, update: string) => unknown;

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger?.close());

const running: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(running.splice(0).map((handOver) => handOver.close())));

/** The api's services on the one ledger, with `answer` in the place of the customers' workflows. */
function api(answer: Answer, over: Partial<Ledger> = {}, policies = BUILT_IN_POLICIES) {
  const asked: { readonly customerId: string; readonly request: object }[] = [];
  const ask = async (customerId: string, update: { name: string }, request: { chargeId: string }) => {
    asked.push({ customerId, request });
    return answer(request, update.name);
  };
  const workflows = { ask, askOrStart: ask, view: async () => null } as unknown as CustomerWorkflows;
  const overLedger = { ...ledger, ...over };
  const reader = createCustomerReader(overLedger, workflows, LOG);
  const parts = { ledger: overLedger, workflows, reader, log: LOG };
  const handOver = createHandOver(parts);
  running.push(handOver);
  const charges = createCharges({
    ...parts,
    answers: createAnswers(links),
    acceptCharge: createAcceptCharge({ ...parts, handOver }),
    handOver,
    amountLimits: {},
    policies,
  });
  return { asked, handOver, charges, stop: () => handOver.close() };
}

const terms = (chargeId: string) => ({ chargeId, amount: 1200, currency: 'eur' });
/** A customer whose workflow has recorded this state. */
async function customer(customerId: string, state: CustomerState = enrolled()): Promise<void> {
  await ledger.claimCustomer({ customerId, requestId: 'r', metadata: {}, personal: {} });
  await ledger.record({ ...entry(customerId), snapshot: { ...state, customerId } });
}
const never = () => new Promise(() => {});
const waits = async (customerId: string, chargeId: string) =>
  (await ledger.getCharge(customerId, chargeId))?.waitsForWorkflow;

test('the workflow’s own word is the answer where it comes at once', async () => {
  await customer('quick');
  const { charges, asked, stop } = api(() => charge('one', { status: 'attempting' }));
  const opened = await charges.open('quick', terms('one'), CALLER, 0);
  expect(opened).toMatchObject({ isNew: true, answer: { status: 'attempting' } });
  const request = { actor: 'shop', ...terms('one'), inLedger: 'claimed' };
  expect(asked).toEqual([{ customerId: 'quick', request }]);
  expect(await waits('quick', 'one')).toBe(false);
  await stop();
});

test('its refusal is the answer too, and releases the claim', async () => {
  await customer('refuses');
  const { charges, stop } = api(() => {
    throw new Refusal('mandate_limit_exceeded', 'Less was agreed.');
  });
  await expect(charges.open('refuses', terms('one'), CALLER, 0)).rejects.toMatchObject({
    code: 'mandate_limit_exceeded',
  });
  expect((await ledger.claimCharge('refuses', terms('one'), 'shop')).claim).toBe('new');
  await stop();
});

test('without a word in time the ledger accepts; a word that comes late is enough', async () => {
  await customer('slow');
  let answer: (view: object) => void = () => {};
  const { charges, asked, stop } = api(() => new Promise((resolve) => (answer = resolve)));
  const opened = await charges.open('slow', terms('one'), CALLER, 0);
  expect(opened).toMatchObject({
    isNew: true,
    answer: { chargeId: 'one', status: 'scheduled', amount: 1200 },
  });
  expect(await waits('slow', 'one')).toBe(true);
  expect(await charges.open('slow', terms('one'), CALLER, 0)).toMatchObject({ isNew: false });
  answer(charge('one'));
  await vi.waitFor(async () => expect(await waits('slow', 'one')).toBe(false));
  expect(asked).toHaveLength(1);
  await stop();
});

test('a refusal that comes after the ledger has accepted takes nothing back', async () => {
  await customer('late-no');
  let refuse: (error: Error) => void = () => {};
  const { charges, stop } = api(() => new Promise((_, reject) => (refuse = reject)));
  await charges.open('late-no', terms('one'), CALLER, 0);
  refuse(new Refusal('customer_cancelled', 'Gone.'));
  await sleep(50);
  expect(await waits('late-no', 'one')).toBe(true);
  await stop();
});

test('beyond twenty at once nobody is asked: the ledger accepts, and hands over when there is room', async () => {
  const ids = Array.from({ length: 30 }, (_, number) => `batch-${number}`);
  await Promise.all(ids.map((id) => customer(id)));
  const handed = new Set<string>();
  const { charges, asked, stop } = api(({ chargeId, inLedger }) => {
    if (inLedger !== 'accepted') return never();
    handed.add(chargeId);
    return charge(chargeId);
  });
  const opened = await Promise.all(ids.map((id) => charges.open(id, terms(id), CALLER, 0)));
  expect(opened.every(({ isNew, answer }) => isNew && answer.status === 'scheduled')).toBe(true);
  expect(asked.filter(({ request }) => 'inLedger' in request && request.inLedger === 'claimed')).toHaveLength(
    20,
  );
  await vi.waitFor(() => expect(handed.size).toBe(10));
  await vi.waitFor(async () => {
    const waiting = await Promise.all(ids.map((id) => waits(id, id)));
    expect(waiting.filter((still) => still)).toHaveLength(20);
  });
  await stop();
  await Promise.all(ids.map((id) => ledger.acceptCharge(id, id))); // for the tests below
});

test('where the record speaks against it only the workflow decides', async () => {
  await customer('no-card', enrolled({ mandate: null }));
  const { charges, stop } = api(async () => {
    await sleep(900);
    throw new Refusal('no_mandate', 'Enrol first.');
  });
  await expect(charges.open('no-card', terms('one'), CALLER, 0)).rejects.toMatchObject({
    code: 'no_mandate',
  });
  expect(await ledger.getCharge('no-card', 'one')).toBeNull();
  await stop();
});

test('and it is unavailable while that cannot be asked; nothing is promised', async () => {
  await customer('away', enrolled({ mandate: null }));
  await customer('away-too');
  const { charges, stop } = api(() => {
    throw new TemporalUnavailable(undefined);
  });
  await expect(charges.open('away', terms('one'), CALLER, 0)).rejects.toThrow(TemporalUnavailable);
  expect(await ledger.getCharge('away', 'one')).toBeNull();
  // Of this one the record says enough.
  expect(await charges.open('away-too', terms('one'), CALLER, 0)).toMatchObject({ isNew: true });
  await stop();
});

test('the limit of open charges holds for what the ledger accepts', async () => {
  const state = enrolled();
  await customer('limited', { ...state, policy: { ...state.policy, openCharges: 2 } });
  const { charges, stop } = api((request) => {
    if (request.chargeId === 'c-2') throw new Refusal('too_many_open_charges', 'Two are open.');
    throw new TemporalUnavailable(undefined);
  });
  for (const id of ['c-0', 'c-1']) await charges.open('limited', terms(id), CALLER, 0);
  await expect(charges.open('limited', terms('c-2'), CALLER, 0)).rejects.toMatchObject({
    code: 'too_many_open_charges',
  });
  expect(await ledger.getCharge('limited', 'c-2')).toBeNull();
  await stop();
});

describe('when too many wait', () => {
  test('nothing more is claimed, and what is there is still answered', async () => {
    await customer('full');
    const { charges, handOver, stop } = api(() => charge('old'), {
      countPromisedCharges: async () => 10_000,
    });
    await charges.open('full', terms('old'), CALLER, 0);
    await vi.waitFor(() => expect(handOver.isFull()).toBe(true), { timeout: 5_000 });
    await expect(charges.open('full', terms('new'), CALLER, 0)).rejects.toMatchObject({
      status: 429,
      code: 'too_many_requests',
      retryAfter: 30,
    });
    expect((await ledger.claimCharge('full', terms('new'), 'shop')).claim).toBe('new');
    expect(await charges.open('full', terms('old'), CALLER, 0)).toMatchObject({ isNew: false });
    await stop();
  });
});

describe('handing over', () => {
  const promise = async (customerId: string, chargeId: string) => {
    await ledger.claimCharge(customerId, terms(chargeId), 'night-run');
    await ledger.promiseCharge({ customerId, chargeId, afterMs: 0, mostOpen: 100 });
  };

  test('what a process that died had accepted reaches the workflow from another one, once', async () => {
    await customer('orphan');
    await promise('orphan', 'one');
    const processes = [1, 2, 3].map(() => api(({ chargeId }) => charge(chargeId)));
    await vi.waitFor(async () => expect(await waits('orphan', 'one')).toBe(false), { timeout: 10_000 });
    const asked = processes.flatMap((process) => process.asked);
    expect(asked.filter(({ customerId }) => customerId === 'orphan')).toEqual([
      {
        customerId: 'orphan',
        request: { actor: 'night-run', ...terms('one'), inLedger: 'accepted' },
      },
    ]);
    await Promise.all(processes.map(({ stop }) => stop()));
  });

  test('a customer without a workflow gets one', async () => {
    await customer('lost');
    await promise('lost', 'one');
    const { asked, stop } = api(({ chargeId }) =>
      asked.filter(({ customerId }) => customerId === 'lost').length === 1 ? null : charge(chargeId),
    );
    await vi.waitFor(async () => expect(await waits('lost', 'one')).toBe(false), { timeout: 10_000 });
    expect(asked.filter(({ customerId }) => customerId === 'lost')).toHaveLength(2);
    await stop();
  });

  test.each([
    new TemporalUnavailable(undefined),
    new Refusal('too_many_open_charges', 'A hundred are open.'),
  ])('after "$name" it goes on waiting, and holds up nobody', async (error) => {
    const [stuck, other] = [`stuck-${error.name}`, `other-${error.name}`];
    for (const id of [stuck, other]) {
      await customer(id);
      await promise(id, id);
    }
    const { stop } = api(({ chargeId }) => {
      if (chargeId === stuck) throw error;
      return charge(chargeId);
    });
    await vi.waitFor(async () => expect(await waits(other, other)).toBe(false), { timeout: 10_000 });
    expect(await waits(stuck, stuck)).toBe(true);
    await stop();
    await ledger.acceptCharge(stuck, stuck);
  });

  test('a workflow that has another charge under the id keeps it', async () => {
    await customer('other-terms');
    await promise('other-terms', 'one');
    const { stop } = api(() => {
      throw new Refusal('charge_conflict', 'Other terms.');
    });
    await vi.waitFor(async () => expect(await waits('other-terms', 'one')).toBe(false), { timeout: 10_000 });
    await stop();
  });

  test('comes first where somebody cancels a charge that waits', async () => {
    await customer('cancels');
    const { charges, asked, stop } = api(({ chargeId }, update) =>
      charge(chargeId, { status: update === 'cancelCharge' ? 'cancelled' : 'scheduled' }),
    );
    await ledger.claimCharge('cancels', terms('one'), 'shop');
    await ledger.promiseCharge({ customerId: 'cancels', chargeId: 'one', afterMs: 60_000, mostOpen: 100 });
    expect(await charges.cancel('cancels', 'one', {}, CALLER)).toMatchObject({ status: 'cancelled' });
    expect(asked.map(({ request }) => request)).toMatchObject([
      { chargeId: 'one', inLedger: 'accepted' },
      { chargeId: 'one', actor: 'shop' },
    ]);
    await stop();
  });

  test('what is under way when the process closes is waited for', async () => {
    await customer('closes');
    await promise('closes', 'one');
    const { asked, stop } = api(async ({ chargeId }) => {
      await sleep(300);
      return charge(chargeId);
    });
    await vi.waitFor(() => expect(asked.some(({ customerId }) => customerId === 'closes')).toBe(true), {
      timeout: 10_000,
    });
    await stop();
    expect(await waits('closes', 'one')).toBe(false);
  });
});

describe('the policy that a request names', () => {
  const gentle = policiesOf({ policies: { gentle: { soft: { days: [2] } } } });
  const harsh = policiesOf({ policies: { gentle: { soft: { days: [] } } } });
  const named = (chargeId: string) => ({ ...terms(chargeId), policy: 'gentle' });
  const FROZEN = { name: 'gentle', soft: { days: [2] } };

  test('is frozen as it is configured then, into what the workflow is asked and what the ledger keeps', async () => {
    await customer('frozen');
    const { charges, asked } = api(() => charge('one'), {}, gentle);
    await charges.open('frozen', named('one'), CALLER, 0);
    expect(asked).toMatchObject([{ request: { chargeId: 'one', policy: FROZEN } }]);
    expect((await ledger.getCharge('frozen', 'one'))?.terms).toMatchObject({ policy: FROZEN });
  });

  test('is the same term under another configuration, and what was frozen is handed over', async () => {
    await customer('promised');
    const before = api(never, {}, gentle);
    await before.charges.open('promised', named('one'), CALLER, 0);
    await before.stop();
    const after = api(() => charge('one'), {}, harsh);
    expect(await after.charges.open('promised', named('one'), CALLER, 0)).toMatchObject({ isNew: false });
    const row = await ledger.getCharge('promised', 'one');
    expect(row?.terms.policy).toEqual(FROZEN);
    const other = after.charges.open('promised', { ...terms('one'), policy: 'none' }, CALLER, 0);
    await expect(other).rejects.toMatchObject({ code: 'policy_unknown' });
    await expect(after.charges.open('promised', terms('one'), CALLER, 0)).rejects.toMatchObject({
      code: 'charge_conflict',
    });
  });

  test('that nobody has configured is refused, and claims nothing', async () => {
    await customer('nameless');
    const opened = api(() => charge('one')).charges.open('nameless', named('one'), CALLER, 0);
    await expect(opened).rejects.toMatchObject({ code: 'policy_unknown' });
    expect(await ledger.getCharge('nameless', 'one')).toBeNull();
  });
});
