// Reading a ledger: one row, a page of many, or nothing.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger, Page } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

/** Every page, as sizes, and every item; `between` runs after each page. */
async function readAll<Item>(
  list: (cursor?: string) => Promise<Page<Item>>,
  between: () => Promise<void> = async () => {},
): Promise<{ sizes: number[]; items: Item[] }> {
  const sizes: number[] = [];
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(cursor);
    sizes.push(page.items.length);
    items.push(...page.items);
    cursor = page.nextCursor;
    await between();
  } while (cursor !== undefined);
  return { sizes, items };
}

const withCursor = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });

describe.each(DATABASES)('reading on $name', ({ start }) => {
  let database: TestDatabase;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await start();
    ledger = await openLedger(database.options);
  });
  afterAll(async () => {
    await ledger?.close();
    await database?.stop();
  });

  test('what was never written reads as nothing', async () => {
    expect(await ledger.getCustomer('nobody')).toBeNull();
    expect(await ledger.getCharge('nobody', 'ch1')).toBeNull();
    expect(await ledger.getPersonal('nobody', 'contact')).toBeNull();
    expect(await ledger.findStripeObject('pi_nobody')).toBeNull();
    expect(await ledger.stripeObjectsOf('nobody')).toEqual([]);
    expect(await ledger.loadCustomer('nobody')).toEqual({ snapshot: null, charges: [] });
    expect(await ledger.listCharges({ customerId: 'nobody' })).toEqual({ items: [] });
    expect(await ledger.listEvidence('nobody')).toEqual({ items: [] });
  });

  test('charges come newest first, 50 a page, each once, even when more are opened meanwhile', async () => {
    // Pairs opened in the same millisecond: the order must not depend on time alone.
    const openedAtMs = (number: number) => 10_000 + Math.floor(number / 2);
    const facts = Array.from({ length: 120 }, (_, number) =>
      fact(number + 1, 'charge_opened', { chargeId: `ch${number}`, atMs: openedAtMs(number) }),
    );
    const charges = facts.map(({ chargeId = '' }, number) =>
      charge(chargeId, { status: number % 2 === 0 ? 'awaiting_step_up' : 'scheduled' }),
    );
    await ledger.record(entry('many', { facts, charges }));

    let sequence = facts.length;
    const openAnother = async () => {
      sequence += 1;
      const chargeId = `later${sequence}`;
      const later = fact(sequence, 'charge_opened', { chargeId, atMs: 20_000 });
      await ledger.record(entry('many', { facts: [later], charges: [charge(chargeId)] }));
    };
    const list = (cursor?: string) => ledger.listCharges({ customerId: 'many', ...withCursor(cursor) });
    const { sizes, items } = await readAll(list, openAnother);
    expect(sizes).toEqual([50, 50, 20]);
    expect(new Set(items.map(({ terms }) => terms.chargeId)).size).toBe(120);
    const times = items.map((item) => item.openedAtMs);
    expect(times).toEqual([...times].sort((a, b) => b - a));

    const waiting = await readAll((cursor) =>
      ledger.listCharges({ status: 'awaiting_step_up', ...withCursor(cursor) }),
    );
    expect(waiting.sizes).toEqual([50, 10]);
    expect(waiting.items.every(({ status, customerId }) => status === 'awaiting_step_up' && customerId)).toBe(
      true,
    );
  });

  test('a page that is exactly full has no next one', async () => {
    const charges = Array.from({ length: 50 }, (_, number) => charge(`ch${number}`));
    await ledger.record(entry('full', { charges, sequence: 1 }));
    const page = await ledger.listCharges({ customerId: 'full' });
    expect(page.items).toHaveLength(50);
    expect(page).not.toHaveProperty('nextCursor');
  });

  test('customers come newest first, 50 a page, by status, once a workflow has recorded them', async () => {
    const ids = Array.from({ length: 60 }, (_, number) => `paused-${number}`);
    for (const id of ids) await ledger.record(entry(id, { view: { status: 'paused' } }));
    await ledger.claimCustomer({ customerId: 'claimed', requestId: 'h', metadata: {}, personal: {} });

    const paused = await readAll((cursor) =>
      ledger.listCustomers({ status: 'paused', ...withCursor(cursor) }),
    );
    expect(paused.sizes).toEqual([50, 10]);
    expect(new Set(paused.items.map(({ customerId }) => customerId))).toEqual(new Set(ids));
    expect(paused.items[0]?.view).toMatchObject({ status: 'paused' });

    const all = await readAll((cursor) => ledger.listCustomers(withCursor(cursor)));
    const listed = all.items.map(({ customerId }) => customerId);
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect(listed).not.toContain('claimed');
  });

  test('evidence comes oldest first, 100 a page', async () => {
    const facts = Array.from({ length: 230 }, (_, number) => fact(number + 1, 'attempt'));
    await ledger.record(entry('long', { facts }));
    const { sizes, items } = await readAll((cursor) => ledger.listEvidence('long', cursor));
    expect(sizes).toEqual([100, 100, 30]);
    expect(items).toEqual(facts);
  });

  test('evidence shows the personal data of a consent for as long as it exists', async () => {
    const consent = fact(1, 'consent', { data: { consentId: 'c1', termsVersion: '3' } });
    await ledger.record(entry('agrees', { facts: [consent, fact(2, 'paused')] }));
    expect((await ledger.listEvidence('agrees')).items).toEqual([consent, fact(2, 'paused')]);
    const personal = { ip: '192.0.2.1', userAgent: 'Firefox' };
    await ledger.putPersonal('agrees', 'consent/c1', personal);
    await ledger.putPersonal('other', 'consent/c1', { ip: '192.0.2.2' });
    expect((await ledger.listEvidence('agrees')).items).toEqual([
      { ...consent, personal },
      fact(2, 'paused'),
    ]);
  });

  test.each([
    'nonsense',
    '',
    'W10', // []
    'WyJhIl0', // ["a"]
    'WzFlOTksImEiLCJiIl0', // [1e99,"a","b"]
    'WzEsImEiLCJiXHUwMDAwIl0', // [1,"a","b\u0000"]
    '!!!!',
  ])('the cursor "%s" is refused with words', async (cursor) => {
    const refusal = expect.objectContaining({
      name: 'RangeError',
      message: expect.stringContaining('cursor'),
    });
    await expect(ledger.listCharges({ cursor })).rejects.toEqual(refusal);
    await expect(ledger.listCustomers({ cursor })).rejects.toEqual(refusal);
    await expect(ledger.listEvidence('long', cursor)).rejects.toEqual(refusal);
  });

  test('a cursor of another list is refused', async () => {
    await ledger.record(
      entry('cursors', { facts: Array.from({ length: 101 }, (_, n) => fact(n + 1, 'attempt')) }),
    );
    const { nextCursor = '' } = await ledger.listEvidence('cursors');
    await expect(ledger.listCharges({ cursor: nextCursor })).rejects.toThrow(RangeError);
  });

  test('the index finds the owner of a Stripe object, and keeps the first entry', async () => {
    await ledger.addStripeObject({ stripeId: 'cus_1', customerId: 'owner' });
    await ledger.addStripeObject({ stripeId: 'pi_1', customerId: 'owner', chargeId: 'ch1' });
    await ledger.addStripeObject({ stripeId: 'pi_1', customerId: 'owner', chargeId: 'ch1' });
    await ledger.addStripeObject({ stripeId: 'cus_1', customerId: 'somebody-else' });
    expect(await ledger.findStripeObject('cus_1')).toEqual({ customerId: 'owner', chargeId: null });
    expect(await ledger.findStripeObject('pi_1')).toEqual({ customerId: 'owner', chargeId: 'ch1' });
    expect(await ledger.stripeObjectsOf('owner')).toEqual([
      { stripeId: 'pi_1', chargeId: 'ch1' },
      { stripeId: 'cus_1', chargeId: null },
    ]);
  });

  test('of intents claimed at once one is the charge’s, until Stripe has canceled it', async () => {
    const charge = { customerId: 'claims', chargeId: 'ch1' };
    await ledger.claimCharge('claims', { chargeId: 'ch1', amount: 1000, currency: 'eur' }, 'shop');
    const claim = (paymentIntentId: string, canceled: readonly string[] = []) =>
      ledger
        .claimIntent({ ...charge, paymentIntentId, intentNumber: 1, canceled })
        .then((claimed) => claimed?.paymentIntentId ?? 'none');
    const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => claim(`pi_of_run_${n}`)));
    const [first = ''] = answers;
    expect(new Set(answers)).toEqual(new Set([first]));
    expect(await claim('pi_later')).toBe(first);
    expect(await claim('pi_later', [first])).toBe('pi_later');
    expect(await claim('pi_late', [first])).toBe('pi_later');
    expect((await ledger.stripeObjectsOf('claims')).map(({ stripeId }) => stripeId)).toEqual([
      'pi_later',
      first,
    ]);
  });

  test('a number that is ruled out cannot be claimed any more, unless it has been, or is found', async () => {
    const of = { customerId: 'ruled', chargeId: 'ch1', canceled: [] as readonly string[] };
    await ledger.claimCharge('ruled', { chargeId: 'ch1', amount: 1000, currency: 'eur' }, 'shop');
    expect(await ledger.ruleOutIntents({ ...of, through: 1 })).toBeNull();
    expect(await ledger.claimIntent({ ...of, paymentIntentId: 'pi_r1', intentNumber: 1 })).toBeNull();
    const second = { ...of, paymentIntentId: 'pi_r2', intentNumber: 2 };
    expect(await ledger.claimIntent(second)).toEqual({ paymentIntentId: 'pi_r2', indexedForMs: 0 });
    // It is the charge's now: neither ruled out, nor replaced by what is claimed late.
    expect(await ledger.ruleOutIntents({ ...of, through: 2 })).toBe('pi_r2');
    expect(await ledger.claimIntent({ ...of, paymentIntentId: 'pi_r1', intentNumber: 1 })).toMatchObject({
      paymentIntentId: 'pi_r2',
    });
    const canceled = ['pi_r2'];
    expect(await ledger.ruleOutIntents({ ...of, through: 2, canceled })).toBeNull();
    expect(await ledger.ruleOutIntents({ ...of, through: 1, canceled })).toBeNull();
    expect(await ledger.claimIntent({ ...second, paymentIntentId: 'pi_r3', canceled })).toBeNull();
    const found = { ...of, paymentIntentId: 'pi_r1', intentNumber: null, canceled };
    expect(await ledger.claimIntent(found)).toMatchObject({ paymentIntentId: 'pi_r1' });
  });

  test('of a claim and a ruling out at once one is first, and the other obeys', async () => {
    for (let round = 0; round < 5; round++) {
      const chargeId = `race-${round}`;
      const of = { customerId: 'racing', chargeId, canceled: [] };
      await ledger.claimCharge('racing', { chargeId, amount: 1000, currency: 'eur' }, 'shop');
      const [claimed, found] = await Promise.all([
        ledger.claimIntent({ ...of, paymentIntentId: `pi_race${round}`, intentNumber: 1 }),
        ledger.ruleOutIntents({ ...of, through: 1 }),
      ]);
      expect(claimed?.paymentIntentId ?? null).toBe(found);
    }
  });

  test('personal data is replaced as a whole', async () => {
    await ledger.putPersonal('mails', 'contact', { email: 'a@example.com', locale: 'de' });
    await ledger.putPersonal('mails', 'contact', { email: 'b@example.com' });
    expect(await ledger.getPersonal('mails', 'contact')).toEqual({ email: 'b@example.com' });
  });

  test('an unclaimed event counts once', async () => {
    const event = { eventId: 'evt_1', type: 'charge.dispute.created', objectId: 'dp_1' } as const;
    await ledger.addUnclaimedEvent({ ...event, reason: 'unknown_object' });
    await ledger.addUnclaimedEvent({ ...event, reason: 'unknown_object' });
    await ledger.addUnclaimedEvent({
      eventId: 'evt_2',
      type: 'ping',
      objectId: null,
      reason: 'customer_ended',
    });
    expect(await ledger.countUnclaimedEvents()).toBe(2);
  });
});
