// Claims of customers and charges: once, by one request, under concurrency.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChargeView, CustomerView } from '../../domain/view.ts';
import { hashOf } from '../../ledger/hash.ts';
import type { ChargeTerms, Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const TERMS: ChargeTerms = {
  chargeId: 'ch1',
  amount: 1200,
  currency: 'eur',
  description: 'May',
  statementDescriptorSuffix: 'MAY',
  metadata: { order: '7', shop: 'north' },
};

describe.each(DATABASES)('claims on $name', ({ start }) => {
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

  const claimCustomer = (customerId: string, requestId = 'hash') =>
    ledger.claimCustomer({
      customerId,
      requestId,
      metadata: { tier: 'gold' },
      personal: { contact: { email: `${requestId}@example.com` } },
    });

  test('a customer is claimed once: the same request is the same, another one a conflict', async () => {
    expect(await claimCustomer('once')).toBe('new');
    expect(await claimCustomer('once')).toBe('same');
    expect(await claimCustomer('once', 'other')).toBe('conflict');
    expect(await ledger.getCustomer('once')).toEqual({
      customerId: 'once',
      view: null,
      metadata: { tier: 'gold' },
    });
    expect(await ledger.getPersonal('once', 'contact')).toEqual({ email: 'hash@example.com' });
  });

  describe('a customer at Stripe', () => {
    const claimWith = (customerId: string, stripeCustomerId: string, requestId = 'hash') =>
      ledger.claimCustomer({ customerId, requestId, stripeCustomerId, metadata: {}, personal: {} });

    test('is that of one customer, of 20 who claim it at once', async () => {
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, number) => claimWith(`shares-${number}`, 'cus_shared')),
      );
      expect(claims.filter((claim) => claim === 'new')).toHaveLength(1);
      expect(claims.filter((claim) => claim === 'stripe_customer_in_use')).toHaveLength(19);
      const owner = claims.indexOf('new');
      expect(await claimWith(`shares-${owner}`, 'cus_shared')).toBe('same');
    });

    test('is free again once the claim has been released, and not while it is recorded for another', async () => {
      await claimWith('lets-go', 'cus_let_go');
      await ledger.releaseCustomer('lets-go', 'hash');
      expect(await claimWith('takes-up', 'cus_let_go')).toBe('new');
      await ledger.record(entry('recorded', { view: { stripeCustomerId: 'cus_recorded' } }));
      expect(await claimWith('comes-late', 'cus_recorded')).toBe('stripe_customer_in_use');
      expect(await ledger.getCustomer('comes-late')).toBeNull();
    });
  });

  test('a released claim leaves nothing, and the id is free', async () => {
    await claimCustomer('released');
    await ledger.releaseCustomer('released', 'other');
    expect(await ledger.getCustomer('released')).not.toBeNull();
    await ledger.releaseCustomer('released', 'hash');
    expect(await ledger.getCustomer('released')).toBeNull();
    expect(await ledger.getPersonal('released', 'contact')).toBeNull();
    expect(await claimCustomer('released', 'other')).toBe('new');
  });

  test('a customer whom a workflow has recorded keeps the claim', async () => {
    await claimCustomer('kept');
    await ledger.record(entry('kept', { facts: [fact(1, 'enrolment_opened')] }));
    await ledger.releaseCustomer('kept', 'hash');
    expect(await claimCustomer('kept', 'other')).toBe('conflict');
    expect(await ledger.getPersonal('kept', 'contact')).not.toBeNull();
  });

  test('a customer recorded after the claim was released can be claimed again without loss', async () => {
    await ledger.record(entry('unclaimed', { facts: [fact(1, 'enrolment_opened')] }));
    expect(await claimCustomer('unclaimed')).toBe('new');
    expect(await claimCustomer('unclaimed')).toBe('same');
    const customer = await ledger.getCustomer('unclaimed');
    expect(customer).toMatchObject({ metadata: { tier: 'gold' }, view: { status: 'active' } });
  });

  test('a charge is claimed once, and both answers carry its terms', async () => {
    const first = await ledger.claimCharge('pays', TERMS, 'shop');
    expect(first).toMatchObject({ claim: 'new', row: { terms: TERMS, status: 'claimed', view: null } });
    expect(first.row.openedAtMs).toBeGreaterThan(Date.now() - 60_000);
    expect(first.row.openedAtMs).toBeLessThan(Date.now() + 60_000);
    expect(await ledger.claimCharge('pays', TERMS, 'shop')).toEqual({ ...first, claim: 'same' });
  });

  test.each([
    { differs: 'amount', terms: { ...TERMS, amount: 1201 } },
    { differs: 'currency', terms: { ...TERMS, currency: 'usd' } },
    { differs: 'due time', terms: { ...TERMS, dueAtMs: 5_000 } },
    { differs: 'description', terms: { ...TERMS, description: 'June' } },
    { differs: 'suffix', terms: { ...TERMS, statementDescriptorSuffix: 'JUNE' } },
    { differs: 'policy', terms: { ...TERMS, policyName: 'gentle' } },
    { differs: 'metadata', terms: { ...TERMS, metadata: { order: '8', shop: 'north' } } },
  ])('another $differs under the same id is a conflict, and the row stays', async ({ differs, terms }) => {
    const customerId = `conflict-${differs.replace(' ', '-')}`;
    await ledger.claimCharge(customerId, TERMS, 'shop');
    const again = await ledger.claimCharge(customerId, terms, 'shop');
    expect(again).toMatchObject({ claim: 'conflict', row: { terms: TERMS } });
  });

  test('what a policy of the same name says now is no other term, and what it said is kept', async () => {
    const terms = { ...TERMS, policyName: 'gentle', policy: { name: 'gentle', soft: { days: [2] } } };
    await ledger.claimCharge('policy', terms, 'shop');
    const now = { ...terms, policy: { name: 'gentle', soft: { days: [5] } } };
    expect(await ledger.claimCharge('policy', now, 'shop')).toMatchObject({ claim: 'same', row: { terms } });
  });

  test('metadata in another order is the same, and so are terms with a due time', async () => {
    const terms = { ...TERMS, dueAtMs: 1_786_000_000_000 };
    await ledger.claimCharge('order', terms, 'shop');
    const metadata = { shop: 'north', order: '7' };
    expect(await ledger.claimCharge('order', { ...terms, metadata }, 'shop')).toMatchObject({
      claim: 'same',
      row: { terms },
    });
  });

  test('of 20 claims at once exactly one is new', async () => {
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => ledger.claimCharge('rush', TERMS, 'shop')),
    );
    expect(claims.filter(({ claim }) => claim === 'new')).toHaveLength(1);
    expect(claims.filter(({ claim }) => claim === 'same')).toHaveLength(19);
  });

  test('of 20 customers claimed at once with other requests exactly one wins', async () => {
    const requests = Array.from({ length: 20 }, (_, number) => `request-${number}`);
    const claims = await Promise.all(requests.map((request) => claimCustomer('rush', request)));
    expect(claims.filter((claim) => claim === 'new')).toHaveLength(1);
    expect(claims.filter((claim) => claim === 'conflict')).toHaveLength(19);
    const winner = requests[claims.indexOf('new')];
    expect(await ledger.getPersonal('rush', 'contact')).toEqual({ email: `${winner}@example.com` });
  });

  test('claims and releases at once leave nothing locked and nothing half done', async () => {
    const round = async () => {
      const { claim } = await ledger.claimCharge('cross', TERMS, 'shop');
      await ledger.releaseCharge('cross', TERMS);
      return claim;
    };
    const claims = await Promise.all(Array.from({ length: 20 }, round));
    expect(claims).not.toContain('conflict');
    expect(await ledger.claimCharge('cross', TERMS, 'shop')).toMatchObject({ claim: 'new' });
  });

  test('a claimed charge shows once it is accepted', async () => {
    await ledger.claimCharge('accepts', TERMS, 'shop');
    expect(await ledger.getCharge('accepts', 'ch1')).toBeNull();
    expect((await ledger.listCharges({ customerId: 'accepts' })).items).toEqual([]);
    expect((await ledger.loadCustomer('accepts')).charges).toEqual([]);

    await ledger.acceptCharge('accepts', 'ch1');
    expect(await ledger.getCharge('accepts', 'ch1')).toMatchObject({ terms: TERMS, status: 'scheduled' });
    expect((await ledger.listCharges({ customerId: 'accepts' })).items).toHaveLength(1);
    expect((await ledger.loadCustomer('accepts')).charges).toHaveLength(1);
  });

  test('accepting changes no other status', async () => {
    const recorded = charge('ch1', { status: 'attempting' });
    await ledger.record(entry('late', { charges: [recorded], sequence: 1 }));
    await ledger.acceptCharge('late', 'ch1');
    expect(await ledger.getCharge('late', 'ch1')).toMatchObject({ status: 'attempting' });
  });

  test('a released charge leaves no texts; one with other terms, or accepted, is not released', async () => {
    await ledger.claimCharge('frees', TERMS, 'shop');
    await ledger.releaseCharge('frees', { ...TERMS, amount: 1 });
    expect(await ledger.claimCharge('frees', TERMS, 'shop')).toMatchObject({ claim: 'same' });
    await ledger.releaseCharge('frees', TERMS);
    expect(await ledger.getPersonal('frees', 'charge/ch1')).toBeNull();

    expect(await ledger.claimCharge('frees', { ...TERMS, amount: 1 }, 'shop')).toMatchObject({
      claim: 'new',
    });
    await ledger.acceptCharge('frees', 'ch1');
    await ledger.releaseCharge('frees', { ...TERMS, amount: 1 });
    expect(await ledger.getCharge('frees', 'ch1')).not.toBeNull();
  });

  test('empty metadata are the same terms as none', async () => {
    const { metadata, ...terms } = TERMS;
    await ledger.claimCharge('empty', { ...terms, metadata: {} }, 'shop');
    expect(await ledger.claimCharge('empty', terms, 'shop')).toMatchObject({ claim: 'same' });
    expect(await ledger.claimCharge('empty', TERMS, 'shop')).toMatchObject({ claim: 'conflict' });
  });

  test('the id of a request is the same for the same request of a customer, and tells nobody which it was', async () => {
    const request = { email: 'ada@example.com', consent: { ip: '192.0.2.1' } };
    const id = await ledger.requestIdOf('asks', request);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const reordered = { consent: { ip: '192.0.2.1' }, email: 'ada@example.com' };
    expect(await ledger.requestIdOf('asks', reordered)).toBe(id);
    expect(await ledger.requestIdOf('asks', { ...request, email: 'eve@example.com' })).not.toBe(id);
    expect(await ledger.requestIdOf('asks-too', request)).not.toBe(id);
    expect(id).not.toBe(hashOf(request));
    const atOnce = await Promise.all(Array.from({ length: 10 }, () => ledger.requestIdOf('new', request)));
    expect(new Set(atOnce).size).toBe(1);
  });

  describe('a charge that was refused', () => {
    /** As a workflow records it when Stripe refuses its creation. */
    async function refused(customerId: string, changes: Partial<ChargeView> = {}): Promise<ChargeView> {
      await ledger.claimCharge(customerId, TERMS, 'shop');
      await ledger.acceptCharge(customerId, 'ch1');
      const view = charge('ch1', { status: 'refused', reason: 'parameter_invalid', ...changes });
      await ledger.record(entry(customerId, { charges: [view], sequence: 1 }));
      return view;
    }

    test('before it could be paid takes other terms under its id', async () => {
      const view = await refused('rights');
      expect(await ledger.claimCharge('rights', TERMS, 'shop')).toMatchObject({ claim: 'same' });
      const { metadata, ...terms } = { ...TERMS, amount: 1500, statementDescriptorSuffix: 'JUNE' };
      const replaced = await ledger.claimCharge('rights', terms, 'shop');
      expect(replaced).toMatchObject({ claim: 'replaced', row: { terms, status: 'claimed', view } });
      expect(await ledger.getPersonal('rights', 'charge/ch1')).toEqual({
        description: 'May',
        statementDescriptorSuffix: 'JUNE',
      });
      // Nobody loses sight of it meanwhile, and a repetition goes on where the first one was cut short.
      expect(await ledger.getCharge('rights', 'ch1')).toMatchObject({ terms, view });
      expect((await ledger.listCharges({ customerId: 'rights' })).items).toHaveLength(1);
      expect((await ledger.loadCustomer('rights')).charges).toHaveLength(1);
      expect(await ledger.claimCharge('rights', terms, 'shop')).toMatchObject({
        claim: 'same',
        row: { status: 'claimed' },
      });
      expect(await ledger.claimCharge('rights', TERMS, 'shop')).toMatchObject({ claim: 'conflict' });

      await ledger.acceptCharge('rights', 'ch1');
      const due = charge('ch1', { amount: 1500 });
      await ledger.record(entry('rights', { charges: [due], sequence: 2 }));
      expect(await ledger.getCharge('rights', 'ch1')).toMatchObject({
        terms,
        status: 'scheduled',
        view: due,
      });
      expect(await ledger.claimCharge('rights', terms, 'shop')).toMatchObject({ claim: 'same' });
    });

    test('takes other texts alone', async () => {
      await refused('texts-only');
      const terms = { ...TERMS, statementDescriptorSuffix: 'JUNE' };
      expect(await ledger.claimCharge('texts-only', terms, 'shop')).toMatchObject({
        claim: 'replaced',
        row: { terms, corrections: 1 },
      });
    });

    test('is refused again, with the terms of its view, when the workflow does not take the others', async () => {
      const view = await refused('put-back');
      const terms = { ...TERMS, amount: 1500 };
      await ledger.claimCharge('put-back', terms, 'shop');
      await ledger.releaseCharge('put-back', terms);
      expect(await ledger.getCharge('put-back', 'ch1')).toMatchObject({
        terms: { chargeId: 'ch1', amount: 1200, currency: 'eur' },
        status: 'refused',
        view,
      });
      expect(await ledger.getPersonal('put-back', 'charge/ch1')).toBeNull();
      expect(await ledger.claimCharge('put-back', { ...TERMS, amount: 1200 }, 'shop')).toMatchObject({
        claim: 'same',
      });
      // Counted on, so that the workflow can tell this correction from the one before.
      const again = await ledger.claimCharge('put-back', terms, 'shop');
      expect(again).toMatchObject({ claim: 'replaced', row: { corrections: 2 } });
    });

    test('takes no other terms once it has an intent that could be paid', async () => {
      await refused('has-intent', { paymentIntentId: 'pi_1' });
      await refused('has-lost-intent');
      const indexed = { stripeId: 'pi_lost', customerId: 'has-lost-intent', chargeId: 'ch1' };
      await ledger.addStripeObject(indexed);
      for (const customerId of ['has-intent', 'has-lost-intent'])
        expect(await ledger.claimCharge(customerId, { ...TERMS, amount: 1500 }, 'shop')).toMatchObject({
          claim: 'conflict',
          row: { terms: TERMS, status: 'refused' },
        });
    });

    test.each([
      'scheduled',
      'attempting',
      'unknown',
      'processing',
      'awaiting_card',
      'succeeded',
      'failed',
    ] as const)('is another thing than one that is %s, which takes no other terms', async (status) => {
      await refused(`is-${status}`, { status });
      expect(await ledger.claimCharge(`is-${status}`, { ...TERMS, amount: 1500 }, 'shop')).toMatchObject({
        claim: 'conflict',
      });
    });

    test('takes other terms once, of 20 requests at once', async () => {
      await refused('rushed');
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, number) =>
          ledger.claimCharge('rushed', { ...TERMS, amount: 2000 + number }, 'shop'),
        ),
      );
      expect(claims.filter(({ claim }) => claim === 'replaced')).toHaveLength(1);
      expect(claims.filter(({ claim }) => claim === 'conflict')).toHaveLength(19);
    });
  });

  describe('a customer of whose first request nothing came', () => {
    const failed = {
      number: 1,
      requestId: 'hash',
      status: 'failed',
      closed: true,
      hasConsent: false,
    } as const;
    const failing = async (customerId: string, view: Partial<CustomerView> = { enrolment: failed }) => {
      await claimCustomer(customerId);
      await ledger.record(entry(customerId, { facts: [fact(1, 'enrolment_closed')], view }));
    };

    test('can be claimed by another request', async () => {
      await failing('wrong');
      expect(await claimCustomer('wrong')).toBe('same');
      expect(await claimCustomer('wrong', 'right')).toBe('replaced');
      expect(await ledger.getPersonal('wrong', 'contact')).toEqual({ email: 'right@example.com' });
      expect(await claimCustomer('wrong', 'right')).toBe('same');
    });

    test.each<{ why: string; view: Partial<CustomerView> }>([
      { why: 'its enrolment is still open', view: { enrolment: { ...failed, closed: false } } },
      { why: 'its enrolment succeeded', view: { enrolment: { ...failed, status: 'succeeded' } } },
      { why: 'it is cancelled', view: { enrolment: failed, status: 'cancelled' } },
      {
        why: 'there is a mandate',
        view: {
          enrolment: failed,
          mandate: {
            status: 'inactive',
            stripeMandateId: null,
            setupIntentId: 'seti_0',
            paymentMethodId: 'pm_0',
            acceptedAtMs: 1,
          },
        },
      },
    ])('but not when $why', async ({ why, view }) => {
      const customerId = why.replaceAll(' ', '-');
      await failing(customerId, view);
      expect(await claimCustomer(customerId, 'other')).toBe('conflict');
    });

    test('but not when a SetupIntent was made for it', async () => {
      await failing('setup');
      await ledger.addStripeObject({ stripeId: 'seti_1', customerId: 'setup' });
      expect(await claimCustomer('setup', 'other')).toBe('conflict');
    });
  });

  test('the texts of a charge are personal data, and without them its terms are still compared', async () => {
    await ledger.claimCharge('texts', TERMS, 'shop');
    const { description, statementDescriptorSuffix, metadata } = TERMS;
    const texts = { description, statementDescriptorSuffix, metadata };
    expect(await ledger.getPersonal('texts', 'charge/ch1')).toEqual(texts);

    await ledger.putPersonal('texts', 'charge/ch1', {}); // as erased
    const { claim, row } = await ledger.claimCharge('texts', TERMS, 'shop');
    expect(claim).toBe('same');
    expect(row.terms).toEqual({ chargeId: 'ch1', amount: 1200, currency: 'eur' });
    expect(await ledger.claimCharge('texts', { ...TERMS, description: 'x' }, 'shop')).toMatchObject({
      claim: 'conflict',
    });
  });
});
